"""The coming turns of a group: who has it from when until when, gaps included, and the hours in which nobody is reached."""

from collections.abc import Iterator
from itertools import groupby

import msgspec

from operators.model.settings import CoreSettings
from operators.people.groups import people_now, zone_of
from operators.people.oncall import shift_edges
from operators.people.roles import Situation, situation_in
from operators.people.ways import ways_now
from operators.rules.book import RuleBook
from operators.rules.shapes.model import UserGroup

_DAY = 86400
_DAY_MINUTES = 1440
_SEVERITIES = (1, 2, 3)


class Served(msgspec.Struct, frozen=True, gc=False):
    """A stretch with the same people, [since, until) in Unix seconds; `until` None: beyond what was looked at."""

    since: int
    until: int | None
    people: tuple[str, ...]
    """Nobody: a gap."""


class Silence(msgspec.Struct, frozen=True, gc=False):
    """Minutes of every day, both included, at which a group has no way for some severities."""

    first: str
    last: str
    severities: tuple[int, ...]


class Turns(msgspec.Struct, frozen=True, gc=False):
    """What comes of a group. Times of turns are of the group's zone, those of silences of its business's."""

    group_id: str
    group_name: str
    zone: str
    turns: tuple[Served, ...]
    silences: tuple[Silence, ...]


def turns_of(group: UserGroup, book: RuleBook, settings: CoreSettings, at: int, days: int) -> Turns:
    """Return the turns of a group that begin within some days from a Unix second on."""
    situation = situation_in(book, settings, group.bk_biz_id, at)
    turns = tuple(_served(group, situation, days))
    return Turns(group.id, group.name, zone_of(group, situation).key, turns, tuple(silences(group)))


def _served(group: UserGroup, situation: Situation, days: int) -> Iterator[Served]:
    since, people = situation.now, people_now(group, situation)
    for at in shift_edges(group, situation, days + 1):
        if at >= situation.now + days * _DAY:
            break
        others = people_now(group, msgspec.structs.replace(situation, now=at))
        if others != people:
            yield Served(since, at, tuple(people))
            since, people = at, others
    yield Served(since, None, tuple(people))


def silences(group: UserGroup) -> Iterator[Silence]:
    """Yield the minutes of the day at which whoever is on duty is not reached, in order."""
    for lacking, found in groupby(range(_DAY_MINUTES), lambda minute: _lacking(group, minute)):
        minutes = list(found)
        if lacking:
            yield Silence(_clock(minutes[0]), _clock(minutes[-1]), lacking)


def _lacking(group: UserGroup, minute: int) -> tuple[int, ...]:
    return tuple(one for one in _SEVERITIES if not ways_now(group, one, minute))


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
