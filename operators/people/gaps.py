"""Where a call would reach nobody: times in which nobody of a group is on duty, severities for which it has no way now."""

from collections.abc import Iterator
from itertools import chain

import msgspec

from operators.model.settings import CoreSettings
from operators.people.groups import people_now
from operators.people.oncall import shift_edges
from operators.people.roles import Situation, situation_in
from operators.people.rotation import wall_second
from operators.people.ways import ways_now
from operators.rules.book import RuleBook
from operators.rules.shapes.model import UserGroup

NOBODY, NO_WAY = "nobody", "no_way"
AHEAD_DAYS = 14
_DAY = 86400
_FURTHER = 31
_DAY_MINUTES = 1440
_SEVERITIES = (1, 2, 3)


class Gap(msgspec.Struct, frozen=True, gc=False):
    """A gap of a group: [since, until) in Unix seconds; `until` None: for longer than was looked at."""

    group_id: str
    group_name: str
    kind: str
    """nobody (on duty), or no_way: nobody is reached whoever is on duty."""
    since: int
    until: int | None
    severities: tuple[int, ...] = ()
    """Of no_way."""


def gaps_of(group: UserGroup, book: RuleBook, settings: CoreSettings, at: int, days: int = AHEAD_DAYS) -> Iterator[Gap]:
    """Yield the gaps of a group from a Unix second on, in order of time; what ways it has is asked for that second only."""
    situation = situation_in(book, settings, group.bk_biz_id, at)
    minute = wall_second(at, situation.zone) // 60 % _DAY_MINUTES
    lacking = tuple(one for one in _SEVERITIES if not ways_now(group, one, minute))
    if lacking:
        yield Gap(group.id, group.name, NO_WAY, at, None, lacking)
    for since, until in _empty(group, situation, days):
        yield Gap(group.id, group.name, NOBODY, since, until)


def _empty(group: UserGroup, situation: Situation, days: int) -> Iterator[tuple[int, int | None]]:
    """Yield the stretches without anybody that begin within the days; where they end is looked for a month further."""
    last = situation.now + days * _DAY
    begun: int | None = None
    for at in chain((situation.now,), shift_edges(group, situation, days + _FURTHER)):
        is_empty = not people_now(group, msgspec.structs.replace(situation, now=at))
        if begun is not None and not is_empty:
            yield begun, at
        if at > last and not is_empty:
            return
        begun = (at if begun is None and at <= last else begun) if is_empty else None
    if begun is not None:
        yield begun, None
