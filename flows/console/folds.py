"""Many alerts in one row: by name, target or strategy, worst first, then the largest."""

from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec

from operators.explain.case import shielded_until
from operators.model.alert import ABNORMAL, Alert

GROUPS = ("name", "target", "strategy", "incident")
"""What rows may be folded by."""
TARGETS = 3
"""Of a fold, so many of what differs are shown."""


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
    is_shielded: bool
    shielded_until: int | None
    is_blocked: bool
    told: tuple[str, ...]
    """Who is responsible, by the rules or by hand."""
    next_status_time: int | None


class Fold(msgspec.Struct, frozen=True):
    """Alerts of one severity that have something in common."""

    key: str
    """What a page sends to mean all of them."""
    severity: int
    name: str
    """What they have in common."""
    count: int
    others: tuple[str, ...]
    """Of the first few, what differs: targets, or names."""
    begin: int
    newest: int
    events: int
    acked: int
    shielded: int
    row: Row
    """The first of them."""


def row(alert: Alert) -> Row:
    """Return the row of an alert."""
    is_recovering = alert.status == ABNORMAL and alert.extra_info.is_recovering
    return Row(
        id=alert.id, severity=alert.severity, name=alert.alert_name, target=str(alert.event.target or ""),
        begin=alert.begin_time, last=alert.end_time or alert.latest_time, events=alert.event_count,
        status="RECOVERING" if is_recovering else alert.status,
        acked_by=(alert.ack_operator or "?") if alert.is_ack else "", is_shielded=alert.is_shielded,
        shielded_until=shielded_until(alert) if alert.is_shielded else None, is_blocked=alert.is_blocked,
        told=tuple(map(str, alert.appointee or alert.assignee)), next_status_time=alert.next_status_time,
    )  # fmt: skip


def key_of(group: str, alert: Alert) -> str:
    """Return what an alert has in common with others of its fold."""
    if group == "target":
        return str(alert.event.target or "")
    if group == "strategy":
        return alert.strategy_id
    if group == "incident":
        return alert.incident_id or ""
    return alert.alert_name


def folded(alerts: Iterable[Alert], group: str) -> tuple[Fold, ...]:
    """Return alerts folded."""
    keyed = sorted(((one.severity, key_of(group, one), one) for one in alerts), key=lambda one: one[:2])
    made = (
        _fold(group, key, [one for _, _, one in same]) for (_, key), same in groupby(keyed, key=lambda one: one[:2])
    )
    return tuple(sorted(made, key=lambda one: (one.severity, -one.count)))


def _fold(group: str, key: str, same: Sequence[Alert]) -> Fold:
    first = same[0]
    differs = (str(one.event.target or "") if group == "name" else one.alert_name for one in same)
    return Fold(
        key=f"{group}:{first.severity}:{key}", severity=first.severity, name=key, count=len(same),
        others=tuple(list(dict.fromkeys(differs))[:TARGETS]),
        begin=min(one.begin_time for one in same), newest=max(one.begin_time for one in same),
        events=sum(one.event_count for one in same), acked=sum(one.is_ack for one in same),
        shielded=sum(one.is_shielded for one in same), row=row(first),
    )  # fmt: skip
