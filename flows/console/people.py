"""The pages On call and of one person: who is on duty now, next and for weeks, what each can be reached by, where nobody is."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

import msgspec

from flows.console.timeline import Stretch, hues, midnight, stretches
from flows.settings.settings import Settings
from operators.model.notice import NoticeDocument
from operators.people.gaps import Gap, gaps_of
from operators.people.oncall import OnCall, on_duty
from operators.people.roles import GLOBAL
from operators.people.turns import Turns, turns_of
from operators.rules.advice import ways_without_channel
from operators.rules.book import RuleBook
from operators.rules.shapes.model import User, UserGroup
from sinks.store.interface import Store
from sinks.store.query import NoticeQuery

CALENDAR_DAYS = 14
PERSON_DAYS = 28
NOTICES = 50
DAY = 86400


class People(msgspec.Struct, frozen=True):
    """The page."""

    groups: tuple[OnCall, ...]
    turns: tuple[Turns, ...]
    """Of the groups, for two weeks."""
    bars: tuple[tuple[Stretch, ...], ...]
    """The same, as drawings."""
    gaps: tuple[Gap, ...]
    ways_without_channel: dict[str, tuple[str, ...]]
    """Way -> the groups that use it: its notices reach nobody, or only a file."""


class Duty(msgspec.Struct, frozen=True):
    """A turn of one person. Unix seconds; `until` None: beyond what was looked at."""

    group_id: str
    group_name: str
    zone: str
    since: int
    until: int | None


class Person(msgspec.Struct, frozen=True):
    """The page of one person."""

    name: str
    contact: User | None
    groups: tuple[tuple[str, str], ...]
    """Id and name of those that may call the person."""
    duties: tuple[Duty, ...]
    on_duty: bool
    notices: tuple[NoticeDocument, ...] = ()
    """What was sent to the person, or not, and why; the newest first."""


def people(book: RuleBook, settings: Settings, at: int, businesses: tuple[str, ...] = ()) -> People:
    """Return the page as of a Unix second, of the groups of some businesses or all."""
    groups = tuple(one for one in book.user_groups.values() if not businesses or one.bk_biz_id in (*businesses, GLOBAL))
    turns = tuple(turns_of(group, book, settings, at, CALENDAR_DAYS) for group in groups)
    return People(
        groups=tuple(on_duty(group, book, settings, at) for group in groups),
        turns=turns,
        bars=_bars(turns, midnight(at, ZoneInfo(settings.time_zone))),
        gaps=tuple(sorted((gap for one in groups for gap in gaps_of(one, book, settings, at)), key=lambda g: g.since)),
        ways_without_channel={way: tuple(named) for way, named in ways_without_channel(book).items()},
    )


def person(book: RuleBook, settings: Settings, name: str, at: int) -> Person | None:
    """Return the page of a person as of a Unix second; None if no rule knows the name."""
    if name not in everybody(book):
        return None
    groups = [one for one in book.user_groups.values() if name in _named(one, book)]
    duties = tuple(duty for group in groups for duty in _duties(group, book, settings, name, at))
    return Person(
        name=name, contact=book.users.get(name), groups=tuple((one.id, one.name) for one in groups),
        duties=tuple(sorted(duties, key=lambda one: one.since)), on_duty=any(one.since <= at for one in duties),
    )  # fmt: skip


def with_notices(store: Store, found: Person) -> Person:
    """Return the page of a person with what was sent."""
    notices = tuple(store.notices(NoticeQuery(receiver=found.name, limit=NOTICES)))
    return msgspec.structs.replace(found, notices=notices)


def everybody(book: RuleBook) -> list[str]:
    """Return the names of all people that the rules know, sorted."""
    named = {name for group in book.user_groups.values() for name in _named(group, book)}
    return sorted(named | set(book.users))


def _bars(turns: Sequence[Turns], since: int) -> tuple[tuple[Stretch, ...], ...]:
    """Return the turns as drawings; the same people have the same hue on the whole page, nobody has none."""
    known = hues(", ".join(turn.people) for one in turns for turn in one.turns if turn.people)
    until = since + CALENDAR_DAYS * DAY
    return tuple(
        stretches(
            ((turn.since, turn.until, who := ", ".join(turn.people), known.get(who, 0)) for turn in one.turns),
            since,
            until,
        )
        for one in turns
    )


def _duties(group: UserGroup, book: RuleBook, settings: Settings, name: str, at: int) -> Iterator[Duty]:
    found = turns_of(group, book, settings, at, PERSON_DAYS)
    for turn in found.turns:
        if name in turn.people:
            yield Duty(group.id, group.name, found.zone, turn.since, turn.until)


def _named(group: UserGroup, book: RuleBook) -> set[str]:
    """Return everybody whom a group may call at some time, roles expanded for its business."""
    entries = [entry for arrangement in group.duty_arranges for entry in arrangement.users]
    for duty_id in group.duty_rules:
        duty = book.duties.get(duty_id)
        teams = (team for one in duty.duty_arranges for team in one.duty_users) if duty is not None else ()
        entries += [entry for team in teams for entry in team]
    business = book.businesses.get(str(group.bk_biz_id))
    roles = business.roles if business is not None else {}
    return {name for entry in entries for name in ((entry.id,) if entry.type == "user" else roles.get(entry.id, ()))}
