"""People: user groups, rotations, calendars, businesses (rules.md; spec/notices.md 6)."""

from typing import Literal

import msgspec

from operators.rules.shapes.words import (
    FOREVER,
    Count,
    DateRange,
    DayRange,
    DayTime,
    Id,
    Language,
    LastMoment,
    LocalMoment,
    Moment,
    Severity,
    Way,
    WorkTime,
    Zone,
)


class UserRef(msgspec.Struct, frozen=True, gc=False):
    """A person, or (type group) a role; in a mention list also `all`. A file may give plain text for a person."""

    type: Literal["user", "group"]
    id: Id


class DutyArrange(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The people of a group without rotation; the first arrangement that yields anyone counts."""

    users: tuple[UserRef, ...] = ()


class NoticeWay(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A way and, for chats and addresses, its receivers."""

    name: Way
    receivers: tuple[Id, ...] = ()


class NotifyConfig(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The ways of one severity."""

    level: Severity
    notice_ways: tuple[NoticeWay, ...] = ()


class AlertNotice(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The ways by severity in one range of the day; the first range that holds now counts."""

    time_range: DayRange = "00:00--23:59"
    notify_config: tuple[NotifyConfig, ...] = ()


class UserGroup(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Who is told and by which ways. `users` and `ways` are short forms of a file and always empty once read."""

    id: Id
    name: str
    bk_biz_id: Id = "0"
    users: tuple[UserRef, ...] = ()
    ways: tuple[Way, ...] = ()
    duty_arranges: tuple[DutyArrange, ...] = ()
    alert_notice: tuple[AlertNotice, ...] = ()
    need_duty: bool = False
    duty_rules: tuple[Id, ...] = ()
    hit_first_duty: bool = True
    timezone: Zone | None = None
    mention_list: tuple[UserRef, ...] = ()
    channels: tuple[Literal["user", "wxwork-bot"], ...] = ()


class PeriodSettings(msgspec.Struct, frozen=True, gc=False):
    """A rotation hands over every `duration` valid days."""

    duration: Count = 7


class DutyTime(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The days and hours of a duty. `work_days`: 1-7 for weekly, 1-31 for monthly."""

    work_type: Literal["daily", "weekly", "work_day", "weekend", "monthly", "date_range"] = "daily"
    work_days: tuple[Count, ...] = ()
    work_date_range: tuple[DateRange, ...] = ()
    """For date_range: `YYYY-MM-DD--YYYY-MM-DD`."""
    work_time_type: Literal["time_range", "datetime_range"] = "time_range"
    work_time: tuple[WorkTime, ...] = ("00:00--23:59",)
    period_settings: PeriodSettings | None = None


class DutyArrangement(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Teams and when they serve; `auto` slides a window of `group_number` people over the flat list."""

    duty_time: tuple[DutyTime, ...] = ()
    duty_users: tuple[tuple[UserRef, ...], ...] = ()
    group_type: Literal["specified", "auto"] = "specified"
    group_number: Count = 1


class Duty(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A rotation. Its times are local to the zone of the group that uses it."""

    id: Id
    name: str = ""
    category: Literal["regular", "handoff"] = "regular"
    enabled: bool = True
    effective_time: LocalMoment = "1970-01-01 00:00:00"
    end_time: LocalMoment | None = None
    handoff_time: DayTime = "00:00"
    """When on its day a new turn of a handoff takes over."""
    duty_arranges: tuple[DutyArrangement, ...] = ()


class CalendarRepeat(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How a calendar item comes again: every `interval` of `freq`, until a Unix second."""

    freq: Literal["", "day", "week", "month", "year"] = ""
    interval: Count = 1
    until: LastMoment | None = None
    every: tuple[Count, ...] = ()
    """Days of the week (Monday is 1), days of the month, or months of the year. Empty: as the item's own start."""


class CalendarItem(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A span of time, Unix seconds, that may repeat."""

    name: str = ""
    start_time: Moment = 0
    end_time: LastMoment = FOREVER
    repeat: CalendarRepeat = CalendarRepeat()


class Calendar(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Days of rest, or of work, that strategies name."""

    id: Id
    name: str = ""
    items: tuple[CalendarItem, ...] = ()


class User(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The contacts of a person. A name without an entry is used as it stands."""

    id: Id
    name: str = ""
    mail: str = ""
    phone: str = ""
    slack: str = ""
    wxwork: str = ""
    dingtalk: str = ""
    feishu: str = ""
    telegram: str = ""
    time_zone: Zone | None = None
    language: Language | None = None


class Business(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A team's part of the world: its zone, language and roles."""

    id: Id
    name: str = ""
    time_zone: Zone | None = None
    """Else setting `time_zone`."""
    language: Language = ""
    """Else setting `language`."""
    roles: dict[str, tuple[Id, ...]] = {}
    """Role -> people."""
