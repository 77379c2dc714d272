"""What was decided across alerts: how often, when and why, and which alerts it concerns most."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from operators.model.alert import Alert

CANDIDATES = 200
"""Alerts among which the worst are told: those that it concerns most often."""
MOST_COUNTS = 10_000
"""Counts that are told at most: the first."""


class Happened(msgspec.Struct, frozen=True):
    """How often something was decided in one step of time."""

    time: int
    """When the step begins, in Unix seconds: a multiple of its length."""
    what: str
    """Of log entries what happened (`op_type`), of actions their `status`, of notices their `state`."""
    reason: str
    count: int
    """Of log entries what they count, such as the events of a run."""


class Concerned(msgspec.Struct, frozen=True):
    """An alert, how often something was decided of it, and when last."""

    alert: Alert
    count: int
    last: int


class Often(msgspec.Struct, frozen=True):
    """The same before the alert is read."""

    alert_id: str
    count: int
    last: int


def concerned(often: Iterable[Often], alerts: Iterable[Alert], limit: int) -> tuple[Concerned, ...]:
    """Return the worst alerts first, of one severity those that it concerns most often."""
    known = {one.id: one for one in alerts}
    found = [Concerned(known[one.alert_id], one.count, one.last) for one in often if one.alert_id in known]
    return tuple(sorted(found, key=lambda one: (one.alert.severity, -one.count, one.alert.id))[:limit])


def names_in(receivers: Mapping[str, Iterable[Any]]) -> set[str]:
    """Return the people and chats of receivers by way; a call has lists of people."""
    entries = [entry for those in receivers.values() for entry in those]
    return {name for entry in entries for name in ((entry,) if isinstance(entry, str) else entry)}
