"""Who is on duty at a time, for what, until when, and who is next: the facts behind `tocsin oncall`."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from operators.model.settings import CoreSettings
from operators.people.groups import Service, people_now, rotations_of, services, zone_of
from operators.people.pattern import DAY
from operators.people.roles import Situation, people_named
from operators.people.rotation import Rotation, Shift, rotation_of, shifts_of, wall_second
from operators.rules.book import RuleBook
from operators.rules.shapes.model import UserGroup
from operators.rules.times.wallclock import Span, bounds, crossings, leaves, reading

HORIZON_DAYS = 400
"""How far to look for a handover, or for the ends of a stretch of service."""
_LIMIT = HORIZON_DAYS * DAY


class OnDuty(msgspec.Struct, frozen=True, gc=False):
    """A team on duty. Unix seconds: [since, until); None: longer than HORIZON_DAYS that way."""

    duty_id: str
    duty_name: str
    arrangement: int
    """Place in the duty, from 0."""
    turn: int
    """Handovers of the arrangement since the duty took effect."""
    people: tuple[str, ...]
    since: int | None
    until: int | None


class OnCall(msgspec.Struct, frozen=True, gc=False):
    """A group at one time. Without rotation `duties` is empty and there is no handover."""

    group_id: str
    group_name: str
    zone: str
    people: tuple[str, ...]
    """Everybody, in calling order."""
    duties: tuple[OnDuty, ...]
    handover: int | None
    """The next Unix second at which `people` changes; None: not within HORIZON_DAYS."""
    next_people: tuple[str, ...]


def on_duty(group: UserGroup, book: RuleBook, settings: CoreSettings, at: int, business: str | None = None) -> OnCall:
    """Return who of a group is on duty at a Unix second.

    Roles, and the zone of a group that names none, are those of `business`; default: the group's own.
    """
    where = group.bk_biz_id if business is None else business
    situation = Situation(book, settings, where, book.zone_of(where, settings), at)
    handover = _handover(group, situation)
    return OnCall(
        group_id=group.id,
        group_name=group.name,
        zone=zone_of(group, situation).key,
        people=tuple(people_now(group, situation)),
        duties=tuple(_duties(group, situation)),
        handover=handover,
        next_people=() if handover is None else tuple(_people_at(group, situation, handover)),
    )


def _duties(group: UserGroup, situation: Situation) -> Iterator[OnDuty]:
    serving = services(group, situation) if group.need_duty else []
    return (_on_duty(service, shift, group, situation) for service in serving for shift in service.shifts)


def _on_duty(service: Service, shift: Shift, group: UserGroup, situation: Situation) -> OnDuty:
    zone = zone_of(group, situation)
    rotation = rotation_of(service.duty, zone)
    since, until = _stretch(rotation, shift, zone, situation.now)
    return OnDuty(
        duty_id=service.duty.id,
        duty_name=service.duty.name,
        arrangement=shift.arrangement,
        turn=shift.turn,
        people=tuple(people_named(shift.team, situation)),
        since=since,
        until=until,
    )


def _people_at(group: UserGroup, situation: Situation, at: int) -> list[str]:
    return people_now(group, msgspec.structs.replace(situation, now=at))


def _handover(group: UserGroup, situation: Situation) -> int | None:
    """Return the next second at which the people of the group change."""
    people = people_now(group, situation)
    return next((at for at in shift_edges(group, situation) if _people_at(group, situation, at) != people), None)


def shift_edges(group: UserGroup, situation: Situation, days: int = HORIZON_DAYS) -> Iterator[int]:
    """Yield the coming seconds at which a shift begins or ends, in order; none for a group without rotation."""
    zone = zone_of(group, situation)
    rotations = rotations_of(group, situation)
    today = wall_second(situation.now, zone) // DAY
    for day in range(today, today + days if rotations else today):
        walls = {wall for rotation in rotations for wall in _walls(rotation, day)}
        seconds = {at for wall in walls for at in crossings(_reading(wall), zone)}
        yield from sorted(at for at in seconds if at > situation.now)


def _walls(rotation: Rotation, day: int) -> Iterator[int]:
    """Return the wall seconds of a day at which a shift begins or ends."""
    shifts = (*shifts_of(rotation, day - 1), *shifts_of(rotation, day))
    return (wall for shift in shifts for wall in (shift.start, shift.end) if wall // DAY == day)


def _stretch(rotation: Rotation, shift: Shift, zone: ZoneInfo, now: int) -> tuple[int | None, int | None]:
    """Return [since, until) of the unbroken service of a shift's turn around now."""
    start, end = _earliest(rotation, shift), _latest(rotation, shift)
    span = Span(_reading(start), _reading(end - 1))
    since = max(at for at in bounds(span, zone) if at <= now and _enters(span, zone, at))
    is_long = (shift.start - start >= _LIMIT, end - shift.end >= _LIMIT)
    return None if is_long[0] else since, None if is_long[1] else leaves(span, zone, now)


def _earliest(rotation: Rotation, shift: Shift) -> int:
    """Return the wall second at which the unbroken service began; at most _LIMIT back or a little more."""
    start, further = shift.start + 1, shift.start
    while further < start and shift.start - further < _LIMIT:
        start = further
        further = min(near.start for near in _near(rotation, shift, start) if near.end >= start)
    return further


def _latest(rotation: Rotation, shift: Shift) -> int:
    """Return the wall second at which the unbroken service ends; at most _LIMIT ahead or a little more."""
    end, further = shift.end - 1, shift.end
    while further > end and further - shift.end < _LIMIT:
        end = further
        further = max(near.end for near in _near(rotation, shift, end) if near.start <= end)
    return further


def _near(rotation: Rotation, shift: Shift, wall: int) -> Iterator[Shift]:
    """Return the shifts of the same turn that may touch a wall second, those that begin on its day included."""
    day = wall // DAY
    shifts = (other for begun in (day - 2, day - 1, day) for other in shifts_of(rotation, begun))
    return (other for other in shifts if (other.arrangement, other.turn) == (shift.arrangement, shift.turn))


def _enters(span: Span, zone: ZoneInfo, at: int) -> bool:
    return span.begin <= reading(at, zone) <= span.end and not span.begin <= reading(at - 1, zone) <= span.end


def _reading(wall: int) -> datetime:
    """Return a wall second as a local reading without zone."""
    return datetime.fromordinal(wall // DAY) + timedelta(seconds=wall % DAY)
