"""The alert document and its log (spec/lifecycle.md 2.1, 2.2, 2.10)."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from operators.model.event import Event
from operators.model.identity import first_tag

ABNORMAL, RECOVERED, CLOSED = "ABNORMAL", "RECOVERED", "CLOSED"
ENDED = (RECOVERED, CLOSED)

NO_DATA_TAG = "__NO_DATA_DIMENSION__"
"""A tag with this key marks a no-data event."""

TARGET_DIMENSIONS = frozenset(
    {
        "ip", "bk_target_ip", "bk_cloud_id", "bk_target_cloud_id", "bk_host_id", "bk_topo_node",
        "bk_service_instance_id", "bk_target_service_instance_id", "service_instance_id", "target", "target_type",
    }
)  # fmt: skip
"""Dimensions that say where, not what: alerts that differ in these only are of one subject (spec/notices.md 2.4)."""


class Dimension(msgspec.Struct, frozen=True, gc=False):
    """One dimension of an alert as people read it; `key` keeps its `tags.` prefix."""

    key: str
    value: Any
    display_key: str
    display_value: Any


class CycleRecord(msgspec.Struct, frozen=True, gc=False):
    """The last notice or action of one relation: drives repeats and un-shield notices (spec/notices.md 1.6)."""

    last_time: int
    is_shielded: bool
    latest_anomaly_time: int
    execute_times: int


class UpgradeRecord(msgspec.Struct, frozen=True, gc=False):
    """How far an escalation has gone."""

    last_group_index: int
    last_upgrade_time: int


class FlapRecord(msgspec.Struct, frozen=True, gc=False):
    """What people were told of flapping: so many changes in `span` seconds; notices wait until `quiet` pass without."""

    changes: int
    span: int
    quiet: int


class Extra(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`extra_info` of an alert, typed (spec/lifecycle.md 2.2)."""

    predecessor: str | None = None
    successor: str | None = None
    severity_source: str = ""
    """`by_rule` when a dispatch rule set the severity."""
    agg_dimensions: tuple[str, ...] = ()
    additional_dimensions: Any = None
    origin_alarm: Any = None
    strategy: dict[str, Any] | None = None
    """Id, name and version of the strategy at creation."""
    matched_rule_info: dict[str, Any] | None = None
    cycle_handle_record: dict[str, CycleRecord] = {}
    upgrade_notice: UpgradeRecord | None = None
    """Of the strategy's own escalation."""
    rule_snaps: dict[str, UpgradeRecord] = {}
    """Of the escalations of dispatch rules, by rule id."""
    flapping: FlapRecord | None = None
    """Of an alert with which people were told that its fingerprint flaps (design.md 7.54)."""
    is_recovering: bool = False
    ignore_unshield_notice: bool = False
    need_unshield_notice: bool = False
    recovery_value: Any = None
    end_description: str | None = None
    comment: str | None = None
    acks: int = 0
    """How often it was acknowledged anew, renewals left out."""
    ack_until: int | None = None
    """When the ack ends by itself; None = not by itself."""
    ack_over: int | None = None
    """When the last ack ended: escalation counts anew from then."""

    def upgrades(self) -> dict[str, UpgradeRecord]:
        """Return how far each escalation has gone: by dispatch rule id, or "" for the strategy's own."""
        return {"": self.upgrade_notice, **self.rule_snaps} if self.upgrade_notice is not None else self.rule_snaps


@lru_cache(maxsize=256)
def plain_extra(agg_dimensions: tuple[str, ...]) -> Extra:
    """Return what alerts have in common that only their dimensions tell apart: one for all of them."""
    return Extra(agg_dimensions=agg_dimensions)


class Alert(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The alert document. Times are Unix seconds, durations seconds."""

    id: str
    seq_id: str
    bk_tenant_id: str = "system"
    dedupe_md5: str
    strategy_id: str = ""
    bk_biz_id: str | int | None = None
    alert_name: str
    status: str
    severity: int
    event: Event
    """The representative event."""
    create_time: int
    update_time: int
    begin_time: int
    end_time: int | None = None
    latest_time: int
    first_anomaly_time: int
    duration: int = 60
    labels: tuple[str, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    next_status: str | None = None
    next_status_time: int | None = None
    is_blocked: bool = False
    is_shielded: bool = False
    shield_id: tuple[str, ...] = ()
    shield_left_time: int = 0
    is_handled: bool = False
    handle_stage: tuple[str, ...] = ()
    is_ack: bool = False
    ack_operator: str | None = None
    is_ack_noticed: bool = False
    ack_duration: int | None = None
    assignee: tuple[str, ...] = ()
    appointee: tuple[str, ...] = ()
    supervisor: tuple[str, ...] = ()
    follower: tuple[str, ...] = ()
    assign_tags: tuple[Any, ...] = ()
    """Of {key, value}."""
    incident_id: str | None = None
    issue_id: str | None = None
    event_count: int = 1
    """Events folded in; duplicates are not."""
    generation: int = 0
    """The second at which the state of this fingerprint was first created."""
    revision: int = 1
    rules_version: str = ""
    extra_info: Extra = Extra()


class KeptAlert(Alert, frozen=False, gc=False, kw_only=True):  # type: ignore[misc]  # a document never changes
    """An alert as its state keeps it: changed in place by the turn that owns it, read by everybody as an alert."""

    if TYPE_CHECKING:  # the fields that are written by name; `Turn.put` writes the others
        event: Event
        bk_tenant_id: str = "system"
        labels: tuple[str, ...] = ()
        dimensions: tuple[Dimension, ...] = ()
        extra_info: Extra = Extra()
        status: str
        update_time: int
        end_time: int | None = None
        ack_duration: int | None = None
        latest_time: int
        duration: int = 60
        next_status: str | None = None
        next_status_time: int | None = None
        shield_left_time: int = 0
        is_handled: bool = False
        handle_stage: tuple[str, ...] = ()
        is_ack_noticed: bool = False
        assignee: tuple[str, ...] = ()
        appointee: tuple[str, ...] = ()
        supervisor: tuple[str, ...] = ()
        follower: tuple[str, ...] = ()
        event_count: int = 1
        revision: int = 1
        rules_version: str = ""


def document(alert: KeptAlert) -> Alert:
    """Return the document of an alert as it stands now: a frozen copy, which no later change reaches."""
    said: Any = alert.__copy__()  # type: ignore[attr-defined]
    said.__class__ = Alert  # the same fields in the same places, so nothing has to be made anew
    return said  # type: ignore[no-any-return]


def is_no_data(alert: Alert) -> bool:
    """Return True if the alert says that a series stopped."""
    return first_tag(alert.event, NO_DATA_TAG) is not None


def opening_signal(alert: Alert) -> str:
    """Return the signal that tells of an open alert."""
    return "no_data" if is_no_data(alert) else "abnormal"


def document_version(alert: Alert) -> int:
    """Return the external version of the alert's document: 63 bits, beyond the year 3000 too (design.md 7.59)."""
    return (alert.generation << 28) | alert.revision
