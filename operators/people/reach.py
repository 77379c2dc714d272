"""When it may change whether somebody of a group can be reached: the hours of its ways, the turns of its rotation."""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from operators.people.oncall import shift_edges
from operators.people.roles import Situation
from operators.rules.shapes.model import AlertNotice, UserGroup
from operators.rules.times.windows import day_range_edge

DAY = 86400


def reach_edge(group_ids: Iterable[str], situation: Situation) -> int:
    """Return the next second at which other people may be reached in some groups; at most a day ahead, to look again."""
    groups = filter(None, map(situation.book.user_groups.get, group_ids))
    ahead = (at for group in groups for at in _edges(group, situation))
    return min(ahead, default=situation.now + DAY)


def _edges(group: UserGroup, situation: Situation) -> Iterator[int]:
    yield situation.now + DAY
    hours = (_next_of_day(block, situation.zone, situation.now) for block in group.alert_notice)
    yield from (at for at in hours if at is not None)
    yield from (at for at in (next(shift_edges(group, situation, days=2), None),) if at is not None)


def _next_of_day(block: AlertNotice, zone: ZoneInfo, now: int) -> int | None:
    """Return when a range of the day next begins or ends; its seconds do not count (operators/people/ways.py)."""
    start, end = (edge.strip()[:5] for edge in block.time_range.split("--"))
    return day_range_edge(start, end, zone, now)
