"""A swap: somebody takes over another's turns for a while, as a duty that comes before the group's own (rules.md)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from operators.model.settings import CoreSettings
from operators.people.groups import people_now, zone_of
from operators.people.oncall import shift_edges
from operators.people.roles import Situation, situation_in
from operators.people.turns import Served
from operators.rules.book import RuleBook
from operators.rules.shapes.model import UserGroup

_DAY, _MINUTE = 86400, 60


class SwapError(ValueError):
    """A swap that cannot be; the message says why."""


class Swap(msgspec.Struct, frozen=True):
    """What has to stand in the rules, and what it changes."""

    duty: dict[str, Any]
    """A document of kind duties: the team of each stretch, in the group's zone."""
    group_id: str
    duty_rules: tuple[str, ...]
    """Of the group from then on; the new duty stands first."""
    turns: tuple[Served, ...]
    """The stretches that change, with who has them then."""


def swap(
    group: UserGroup, book: RuleBook, settings: CoreSettings, whom: str, by: str, since: int, until: int, name: str
) -> Swap:
    """Return the swap by which `by` takes over what `whom` has of [since, until); whole minutes. Raises SwapError."""
    if not group.need_duty:
        raise SwapError(f"group {group.id} has no rotation: change its users instead")
    if not group.hit_first_duty:
        raise SwapError(
            f"group {group.id} takes all its duties together (hit_first_duty: false): change its duties instead"
        )
    since, until = since // _MINUTE * _MINUTE, -(-until // _MINUTE) * _MINUTE
    situation = situation_in(book, settings, group.bk_biz_id, since)
    turns = tuple(_changed(group, situation, whom, by, until))
    if not turns:
        raise SwapError(f"{whom} is not on duty for group {group.id} in that time")
    return Swap(
        _duty(name, f"{by} for {whom}", turns, zone_of(group, situation)), group.id, (name, *group.duty_rules), turns
    )


def _changed(group: UserGroup, situation: Situation, whom: str, by: str, until: int) -> Iterator[Served]:
    """Yield the stretches in which somebody is to be replaced."""
    days = (until - situation.now) // _DAY + 2
    edges = [situation.now, *(at for at in shift_edges(group, situation, days) if at < until), until]
    for begin, end in pairwise(edges):
        people = people_now(group, msgspec.structs.replace(situation, now=begin))
        if whom in people and end > begin:
            yield Served(begin, end, tuple(dict.fromkeys(by if one == whom else one for one in people)))


def _duty(name: str, title: str, turns: tuple[Served, ...], zone: ZoneInfo) -> dict[str, Any]:
    first, last = (datetime.fromtimestamp(at, zone) for at in (turns[0].since, (turns[-1].until or 0) - 1))
    return {
        "id": name,
        "name": title,
        "category": "regular",
        "effective_time": f"{first:%Y-%m-%d} 00:00:00",
        "end_time": f"{last:%Y-%m-%d} 23:59:59",
        "duty_arranges": [
            {"duty_time": list(_times(one, zone)), "duty_users": [list(one.people)]} for one in turns
        ],
    }  # fmt: skip


def _times(turn: Served, zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    """Yield the days and hours of a stretch: its first day, the whole days between, its last day; both ends included."""
    begin = datetime.fromtimestamp(turn.since, zone)
    end = datetime.fromtimestamp((turn.until or 0) - _MINUTE, zone)
    if begin.date() == end.date():
        yield _hours(begin, begin, f"{begin:%H:%M}--{end:%H:%M}")
        return
    yield _hours(begin, begin, f"{begin:%H:%M}--23:59")
    day = timedelta(days=1)
    if begin.date() + day < end.date():
        yield _hours(begin + day, end - day, "00:00--23:59")
    yield _hours(end, end, f"00:00--{end:%H:%M}")


def _hours(first: datetime, last: datetime, hours: str) -> dict[str, Any]:
    return {"work_type": "date_range", "work_date_range": [f"{first:%Y-%m-%d}--{last:%Y-%m-%d}"], "work_time": [hours]}
