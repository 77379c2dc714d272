"""Turns of duty as a calendar that phones and mail programs read (RFC 5545)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from icalendar import Calendar, Event

from operators.people.turns import Served, Turns

DAY = 86400
BACK = 31
"""Days."""


def calendar(found: Sequence[Turns], at: int, until: int, person: str | None) -> str:
    """Return the turns that hold from one second to another as text; of one person, theirs alone. A gap is an entry too.

    They are given from `BACK` days before, so that a turn that holds has its own beginning.
    """
    whole = Calendar()
    whole.add("prodid", "-//Tocsin//oncall//EN")
    whole.add("version", "2.0")
    whole.add("method", "PUBLISH")
    whole.add("x-wr-calname", ", ".join(one.group_name or one.group_id for one in found))
    for one in found:
        for entry in _entries(one, at, until, person):
            whole.add_component(entry)
    text: bytes = whole.to_ical()
    return text.decode()


def _entries(one: Turns, at: int, until: int, person: str | None) -> Iterator[Event]:
    for turn in one.turns:
        if (turn.until is None or turn.until > at) and (person is None or person in turn.people):
            yield _entry(one, turn, at, until)


def _entry(one: Turns, turn: Served, at: int, until: int) -> Event:
    """Return a turn; its id hangs on group and beginning alone, so that a calendar read anew replaces it."""
    entry, begun = Event(), at - BACK * DAY
    who = ", ".join(turn.people) or "nobody is on duty"
    entry.add("uid", f"{turn.since if turn.since > begun else 'standing'}-{one.group_id}@tocsin")
    entry.add("summary", f"{one.group_name or one.group_id}: {who}")
    entry.add("dtstamp", datetime.fromtimestamp(at, UTC))
    entry.add("dtstart", datetime.fromtimestamp(turn.since if turn.since > begun else at, UTC))
    entry.add("dtend", datetime.fromtimestamp(turn.until or until, UTC))
    entry.add("transp", "TRANSPARENT")
    return entry
