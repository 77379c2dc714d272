"""Who of some user groups is called by which way (spec/notices.md 6.2, 6.5), remembered for as long as it can hold."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from operator import is_not
from typing import Any, NamedTuple

import msgspec

from operators.model import records
from operators.model.alert import Alert
from operators.model.settings import CoreSettings
from operators.people.groups import duties_of, people_now
from operators.people.mentions import mentioned
from operators.people.roles import HOST_ROLES, Situation, situation_of
from operators.people.rotation import wall_second
from operators.people.ways import ways_now
from operators.rules.book import RuleBook
from operators.rules.remembered import Remembered
from operators.rules.shapes.model import CHAT_WAYS, NoticeWay, UserGroup, UserRef

VOICE = "voice"
_DAY_MINUTES = 1440
_MOST_KNOWN = 4096
AT_ONCE, HALF_A_MINUTE = 1, 30
"""Seconds for which an answer holds: a rotation may turn at any, a day's ranges at minutes of a zone's clock alone."""


class Receivers(msgspec.Struct, frozen=True, gc=False):
    """Way -> receivers for the responsible and for followers, and chat -> users to mention. No way is empty.

    Receivers of a way are people or chats; of voice lists of people, one list a call. Alerts share them: never changed.
    """

    main: records.Receivers = {}
    followers: records.Receivers = {}
    mentions: dict[str, list[str]] = {}


class Called(NamedTuple):
    """Whom groups call."""

    main: records.Receivers
    followers: records.Receivers
    """Those who are responsible by the same way among them."""
    mentions: records.Receivers
    """Those of chats that get no notice among them."""
    told: Receivers
    """Who gets a notice of an alert about which there is nothing special."""


class _Answers:
    """What was answered of some groups, for all alerts alike, under the same rules beside them and settings."""

    def __init__(self, groups: dict[str, UserGroup]) -> None:
        self._groups = groups
        self._of: tuple[object, ...] = ()
        self._known: dict[tuple[Any, ...], Called] = {}
        self._holds: dict[tuple[str, ...], int] = {}

    def called(
        self, main: tuple[str, ...], follower: tuple[str, ...], alert: Alert, book: RuleBook, settings: CoreSettings,
        now: int,
    ) -> Called:  # fmt: skip
        self._mind(book, settings)
        asked = (*main, *follower)
        holds = self._holds.get(asked)
        if holds is None:
            holds = self._holds[asked] = _holds_for([self._groups[one] for one in asked if one in self._groups], book)
        if not holds:
            return _called(main, follower, alert, book, settings, now)
        key = main, follower, alert.severity, alert.bk_biz_id, now // holds
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[key] = _called(main, follower, alert, book, settings, now)
        return known

    def _mind(self, book: RuleBook, settings: CoreSettings) -> None:
        of = book.duties, book.calendars, book.businesses, book.users, settings  # not the book: it may be large
        if not self._of or any(map(is_not, self._of, of)):
            self._of = of
            self._known.clear()
            self._holds.clear()


_answers: Remembered[dict[str, UserGroup], _Answers] = Remembered(_Answers, size=4)


def called(
    main: Sequence[str], follower: Sequence[str], alert: Alert, book: RuleBook, settings: CoreSettings, now: int
) -> Called:
    """Return whom the groups of an alert call now: those that are responsible, and those that follow."""
    return _answers(book.user_groups).called(tuple(main), tuple(follower), alert, book, settings, now)


def _holds_for(groups: Sequence[UserGroup], book: RuleBook) -> int:
    """Return for how many seconds an answer holds for every alert; 0: each asks for itself, for its host has a say."""
    if any(one.type == "group" and one.id in HOST_ROLES for group in groups for one in _named(group, book)):
        return 0
    return AT_ONCE if any(group.need_duty for group in groups) else HALF_A_MINUTE


def _named(group: UserGroup, book: RuleBook) -> Iterator[UserRef]:
    """Yield everybody whom a group may call or mention."""
    yield from group.mention_list
    for arrangement in group.duty_arranges:
        yield from arrangement.users
    for duty in duties_of(group, book):
        for arrange in duty.duty_arranges:
            for team in arrange.duty_users:
                yield from team


def _called(
    main: tuple[str, ...], follower: tuple[str, ...], alert: Alert, book: RuleBook, settings: CoreSettings, now: int
) -> Called:
    situation = situation_of(alert, book, settings, now)
    minute = wall_second(now, situation.zone) // 60 % _DAY_MINUTES
    mains, mentions = _by_way(main, alert.severity, minute, situation)
    followers, more = _by_way(follower, alert.severity, minute, situation)
    for chat, users in more.items():
        add(mentions, chat, users)
    watching = without(followers, mains)
    return Called(mains, followers, mentions, Receivers(mains, watching, addressed(mentions, mains, watching)))


def _by_way(
    group_ids: Iterable[str], severity: int, minute: int, situation: Situation
) -> tuple[records.Receivers, records.Receivers]:
    """Return the receivers of groups by way at a minute of the day, and by chat whom to mention there."""
    found: records.Receivers = {}
    mentions: records.Receivers = {}
    for group in filter(None, map(situation.book.user_groups.get, group_ids)):
        ways = ways_now(group, severity, minute)
        people = people_now(group, situation) if ways else []
        for way in ways:
            add(found, way.name, _of_way(way, people))
        for chat in (chat for way in ways if way.name in CHAT_WAYS for chat in way.receivers):
            add(mentions, chat, mentioned(group, people, situation))
    return found, mentions


def _of_way(way: NoticeWay, people: list[str]) -> Sequence[Any]:
    """Return what a group adds to a way: one call of all its people, the way's own receivers, or the people."""
    if way.name == VOICE:
        return [people] if people else []
    return way.receivers if way.receivers or way.name in CHAT_WAYS else people


def without(ways: records.Receivers, gone: records.Receivers) -> records.Receivers:
    """Return the receivers less some by the same way; no way is empty."""
    if not ways:
        return ways
    left = {way: [one for one in names if one not in gone.get(way, ())] for way, names in ways.items()}
    return {way: names for way, names in left.items() if names}


def used(ways: records.Receivers, exclude: Collection[str]) -> records.Receivers:
    """Return the receivers without the ways that are not used."""
    return {way: names for way, names in ways.items() if way not in exclude} if exclude else ways


def addressed(mentions: records.Receivers, *told: records.Receivers) -> records.Receivers:
    """Return the mentions of those chats that do get the notice."""
    chats = {chat for ways in told for way in CHAT_WAYS for chat in ways.get(way, ())}
    return {chat: users for chat, users in mentions.items() if chat in chats}


def add(found: records.Receivers, way: str, entries: Iterable[Any]) -> None:
    """Add receivers that a way does not have yet, in order; nothing makes no entry."""
    for one in entries:
        known = found.setdefault(way, [])
        if one not in known:
            known.append(one)
