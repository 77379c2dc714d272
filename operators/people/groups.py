"""The people of a group now: its first arrangement that yields anyone, or its rotation (spec/notices.md 6.3)."""

from zoneinfo import ZoneInfo

import msgspec

from operators.model.alert import Alert
from operators.model.settings import CoreSettings
from operators.people.roles import GLOBAL, Situation, people_named, situation_of
from operators.people.rotation import Rotation, Shift, rotation_of, serving, wall_second
from operators.rules.book import RuleBook
from operators.rules.shapes.model import Duty, UserGroup


class Service(msgspec.Struct, frozen=True, gc=False):
    """A duty of a group and its shifts that hold now; never without a shift."""

    duty: Duty
    shifts: tuple[Shift, ...]


def people_of(group_id: str, alert: Alert, book: RuleBook, settings: CoreSettings, now: int) -> list[str]:
    """Return the people of a group now, in calling order; none for a group that is not in the book."""
    group = book.user_groups.get(group_id)
    return people_now(group, situation_of(alert, book, settings, now)) if group else []


def people_now(group: UserGroup, situation: Situation) -> list[str]:
    """Return the people of a group in a situation, in calling order."""
    if group.need_duty:
        shifts = (shift for service in services(group, situation) for shift in service.shifts)
        return people_named((person for shift in shifts for person in shift.team), situation)
    candidates = (people_named(arrangement.users, situation) for arrangement in group.duty_arranges)
    return next(filter(None, candidates), [])


def services(group: UserGroup, situation: Situation) -> list[Service]:
    """Return the duties that serve now, in the group's order; only the first if the group stops there."""
    zone = zone_of(group, situation)
    wall = wall_second(situation.now, zone)
    found: list[Service] = []
    for duty in duties_of(group, situation.book):
        shifts = serving(rotation_of(duty, zone), wall)
        if shifts:
            found.append(Service(duty, tuple(shifts)))
        if shifts and group.hit_first_duty:
            break
    return found


def duties_of(group: UserGroup, book: RuleBook) -> list[Duty]:
    """Return the enabled duties of a group, in order."""
    duties = (book.duties.get(duty_id) for duty_id in group.duty_rules)
    return [duty for duty in duties if duty is not None and duty.enabled]


def rotations_of(group: UserGroup, situation: Situation) -> list[Rotation]:
    """Return the rotations of a group that can ever serve, in order; none for a group without rotation."""
    zone = zone_of(group, situation)
    return [rotation_of(duty, zone) for duty in duties_of(group, situation.book)] if group.need_duty else []


def zone_of(group: UserGroup, situation: Situation) -> ZoneInfo:
    """Return the zone of a rotation: the group's own, else its business's; for a global group the situation's."""
    if group.timezone is not None:
        return ZoneInfo(group.timezone)
    if group.bk_biz_id in (GLOBAL, situation.business):
        return situation.zone
    return situation.book.zone_of(group.bk_biz_id, situation.settings)
