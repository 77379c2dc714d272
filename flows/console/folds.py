"""Rows of alerts: one for each, or one for many that have a name, a target or a strategy in common."""

import msgspec

from operators.explain.case import shielded_until
from operators.model.alert import ABNORMAL, Alert
from sinks.store.facets import Group


class Row(msgspec.Struct, frozen=True):
    """One alert. Times in Unix seconds."""

    id: str
    severity: int
    name: str
    target: str
    begin: int
    last: int
    events: int
    status: str
    acked_by: str
    acked_until: int | None
    is_shielded: bool
    shielded_until: int | None
    is_blocked: bool
    told: tuple[str, ...]
    """Who is responsible, by the rules or by hand."""
    next_status: str
    """What it becomes at `next_status_time` if nothing comes."""
    next_status_time: int | None


class Fold(msgspec.Struct, frozen=True):
    """Alerts that have something in common."""

    key: str
    """What a page sends to mean all of them."""
    severity: int
    """The worst of them."""
    name: str
    """What they have in common."""
    count: int
    begin: int
    acked: int
    shielded: int
    blocked: int
    row: Row
    """The newest of the worst."""


def row(alert: Alert) -> Row:
    """Return the row of an alert."""
    is_recovering = alert.status == ABNORMAL and alert.extra_info.is_recovering
    return Row(
        id=alert.id, severity=alert.severity, name=alert.alert_name, target=str(alert.event.target or ""),
        begin=alert.begin_time, last=alert.end_time or alert.latest_time, events=alert.event_count,
        status="RECOVERING" if is_recovering else alert.status,
        acked_by=(alert.ack_operator or "?") if alert.is_ack else "", acked_until=alert.extra_info.ack_until,
        is_shielded=alert.is_shielded,
        shielded_until=shielded_until(alert) if alert.is_shielded else None, is_blocked=alert.is_blocked,
        told=tuple(map(str, alert.appointee or alert.assignee)), next_status=alert.next_status or "",
        next_status_time=alert.next_status_time,
    )  # fmt: skip


def fold(group: Group, by: str) -> Fold:
    """Return the row of a group."""
    return Fold(
        key=f"{by}:{group.value}", severity=group.severity, name=group.value, count=group.count, begin=group.since,
        acked=group.acked, shielded=group.shielded, blocked=group.blocked, row=row(group.first),
    )  # fmt: skip
