"""The event: one anomaly, recovery or closing as a monitoring system reported it (spec/lifecycle.md 1.1)."""

from typing import TYPE_CHECKING, Any

import msgspec

from operators.model.bounds import MOST, Second, Whole

if TYPE_CHECKING:
    StrategyId = str
    Severity = int
    TagValue = Any
else:  # as they stand on the wire; text, and a number, once cleaned
    StrategyId = str | int
    Severity = Whole | str
    Plain = str | Whole | float | bool | None
    TagValue = Plain | list[Plain]

SAID_STATUS, SAID_SEVERITY = "said_status", "said_severity"
"""Where `extra_info` keeps a word that was not understood (design.md 7.51)."""
SAID_TIME = "said_time"
"""Where it keeps the time that a clock ahead of ours gave an event (design.md 7.46)."""
RESOLVES = "resolves"
"""True in it: the sender says itself when a problem is over, so its alerts do not time out (design.md 7.53)."""

NO_EXTRA: dict[str, Any] = {}
"""The `extra_info` of all events that have none: one object, which nobody changes."""


class Tag(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One dimension or label of an event. `value` is text, number, bool, None or a list of such."""

    key: str
    value: TagValue
    display_key: str | None = None
    display_value: TagValue = None


class Event(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A cleaned event. Times are Unix seconds; null and empty fields are left out of its document.

    The defaults of fields that every cleaned event has are no values of theirs: the decoder reads the wire straight
    into this shape, and cleaning fills what is missing (operators/intake/clean.py).
    """

    id: str = ""
    event_id: str
    plugin_id: str
    strategy_id: StrategyId = ""
    """Empty for a third-party event."""
    alert_name: str = ""
    description: str = ""
    severity: Severity = MOST
    """1 fatal, 2 warning, 3 remind; one that is missing is cleaned like one that is too mild."""
    data_type: str = ""
    tags: tuple[Tag, ...] = ()
    target_type: str = ""
    target: str | None = None
    assignee: tuple[str, ...] = ()
    status: str = ""
    """ABNORMAL, RECOVERED or CLOSED."""
    metric: tuple[str, ...] = ()
    category: str = ""
    dedupe_keys: tuple[str, ...] = ()
    dedupe_md5: str = ""
    time: Second
    anomaly_time: Second = -1
    until: Second | None = None
    """The problem holds until then without another word (design.md 7.61)."""
    bk_ingest_time: Second | None = None
    bk_clean_time: Second | None = None
    create_time: Second = 0
    at: Second | None = None
    """Arrival time (design.md 4)."""
    kind: str | None = None
    """Of the wire only; None once cleaned."""
    bk_biz_id: str | Whole | None = None
    ip: str | None = None
    ipv6: str | None = None
    bk_cloud_id: str | Whole | None = None
    bk_host_id: str | Whole | None = None
    bk_service_instance_id: str | Whole | None = None
    bk_topo_node: tuple[str, ...] = ()
    extra_info: dict[str, Any] = {}
    bk_tenant_id: str = "system"


def described(event: Event) -> str:
    """Return the description of an event for a log entry, with the time it gave itself where that does not count."""
    said = event.extra_info.get(SAID_TIME)
    if said is None:
        return event.description
    return f"{event.description} (its clock said {said}: the time of its arrival counts)".lstrip()
