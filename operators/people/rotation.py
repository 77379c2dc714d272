"""Who serves when: a rotation as a function of local time (spec/notices.md 6.4).

Nothing is planned ahead and nothing remembered: the team of a day follows from the count of periods since the duty took
effect, so it does not matter when a rule was loaded or who asked before.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from operators.people.days import LAST_DAY
from operators.people.pattern import DAY, Pattern, pattern_of
from operators.rules.shapes.model import Duty, DutyArrangement, UserRef

_MEMORY = 4096
"""Days of rotations remembered; each is quickly computed again."""

Team = tuple[UserRef, ...]


class Shift(msgspec.Struct, frozen=True, gc=False):
    """One stretch of service, [start, end) in wall seconds. `turn` counts the handovers of its arrangement."""

    arrangement: int
    turn: int
    start: int
    end: int
    team: Team


class Rotation(msgspec.Struct, frozen=True, eq=False):
    """A duty made ready for counting. Compared by identity, so that it can be a key."""

    is_handoff: bool
    effective: int
    """Wall second before which nobody serves."""
    last_day: int
    """Ordinal of the last day on which a shift may begin."""
    handoff: int
    """Second of the day at which turns change."""
    arrangements: tuple[tuple[DutyArrangement, tuple[Pattern, ...]], ...]


def wall_second(now: int, zone: ZoneInfo) -> int:
    """Return what the clock on the wall of a zone reads, in wall seconds."""
    local = datetime.fromtimestamp(now, zone)
    return local.toordinal() * DAY + local.hour * 3600 + local.minute * 60 + local.second


@lru_cache(maxsize=1024)
def rotation_of(duty: Duty, zone: ZoneInfo) -> Rotation:
    """Return the rotation of a duty; its local times are read in the zone."""
    effective = _wall(duty.effective_time, zone)
    end = (LAST_DAY - 1) * DAY if duty.end_time is None else _wall(duty.end_time, zone)
    patterns = (
        tuple(pattern_of(duty_time, effective // DAY) for duty_time in arrangement.duty_time)
        for arrangement in duty.duty_arranges
    )
    return Rotation(
        is_handoff=duty.category == "handoff",
        effective=effective,
        last_day=(end - 1) // DAY,  # the day of the end counts, unless it ends as it begins
        handoff=_second(duty.handoff_time) if duty.category == "handoff" else 0,
        arrangements=tuple(zip(duty.duty_arranges, patterns, strict=True)),
    )


def serving(rotation: Rotation, wall: int) -> list[Shift]:
    """Return a shift for each turn that holds at a wall second: by arrangement, then turn."""
    day = wall // DAY
    shifts = (*shifts_of(rotation, day - 1), *shifts_of(rotation, day))
    held = {(shift.arrangement, shift.turn): shift for shift in shifts if shift.start <= wall < shift.end}
    return [held[place] for place in sorted(held)]


@lru_cache(maxsize=_MEMORY)
def shifts_of(rotation: Rotation, day: int) -> tuple[Shift, ...]:
    """Return the shifts that begin on a day. None lasts longer than to the end of the next day."""
    if not rotation.effective // DAY <= day <= rotation.last_day:
        return ()
    return tuple(shift for place in range(len(rotation.arrangements)) for shift in _begun(rotation, place, day))


def team_of(arrangement: DutyArrangement, turn: int) -> Team:
    """Return the people of a turn: the next team, or a window sliding over the flat list and wrapping around."""
    teams = arrangement.duty_users
    if arrangement.group_type == "specified":
        return teams[turn % len(teams)] if teams else ()
    people = tuple(person for team in teams for person in team)
    if len(people) <= arrangement.group_number:
        return people
    start = turn * arrangement.group_number % len(people)
    return (people + people)[start : start + arrangement.group_number]


def _begun(rotation: Rotation, place: int, day: int) -> Iterator[Shift]:
    arrangement, patterns = rotation.arrangements[place]
    for row, pattern in enumerate(patterns):
        if day < pattern.first or not pattern.days.has(day):
            continue
        for start, end in pattern.spans(day):
            for since, until in _between_handoffs(rotation.handoff, max(start, rotation.effective), end):
                turn = (
                    _turn(patterns, row, _period(rotation.handoff, pattern, day, since)) if rotation.is_handoff else 0
                )
                team = team_of(arrangement, turn) if rotation.is_handoff else _first(arrangement)
                yield Shift(place, turn, since, until, team)


def _between_handoffs(handoff: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield [start, end) in parts, cut at the time of day at which turns change; whole where that is midnight."""
    cut = (start - handoff) // DAY * DAY + handoff + DAY
    while handoff and cut < end:
        yield start, cut
        start, cut = cut, cut + DAY
    yield start, end


def _period(handoff: int, pattern: Pattern, day: int, wall: int) -> int:
    """Return the period of a part of a day's shift: before the handoff of a day, still that of the day before."""
    return max(0, pattern.period((wall - handoff) // DAY)) if handoff else pattern.period(day)


def _first(arrangement: DutyArrangement) -> Team:
    return arrangement.duty_users[0] if arrangement.duty_users else ()


def _turn(patterns: tuple[Pattern, ...], row: int, period: int) -> int:
    """Return the place of a period when the patterns take turns, period by period."""
    if len(patterns) == 1:
        return period
    totals = (pattern.total() for pattern in patterns)
    return sum(_before(total, period + (other < row)) for other, total in enumerate(totals))


def _before(total: int | None, periods: int) -> int:
    return periods if total is None else min(total, periods)


def _second(text: str) -> int:
    """Return the second of the day of `HH:MM` or `HH:MM:SS`."""
    hour, minute, *second = map(int, text.split(":"))
    return hour * 3600 + minute * 60 + sum(second)


def _wall(text: str, zone: ZoneInfo) -> int:
    """Read a local moment; one with an offset is brought into the zone."""
    moment = datetime.fromisoformat(text)
    local = moment if moment.tzinfo is None else moment.astimezone(zone)
    return local.toordinal() * DAY + local.hour * 3600 + local.minute * 60 + local.second
