"""Who gets a notice, by which way (spec/notices.md 4.3, 6.5, 6.6). Subscriptions by person do not exist here."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec

from operators.model import records
from operators.model.alert import Alert
from operators.model.event import Event
from operators.model.settings import CoreSettings
from operators.people.groups import people_now
from operators.people.mentions import mentioned
from operators.people.roles import Situation, situation_of
from operators.people.rotation import wall_second
from operators.people.ways import ways_now
from operators.rules.book import RuleBook
from operators.rules.shapes.model import CHAT_WAYS, NoticeWay

VOICE = "voice"
DOUBLE_CHECK_TAG, SUSPECTED = "__double_check_result", "SUSPECTED_MISSING_POINTS"
"""The tag and value by which detection says that the data may merely be late."""
_QUIETER_WAYS = ("sms", "weixin", "wxwork-bot", "mail")
"""Ways that take over from voice, best first."""
_DAY_MINUTES = 1440


class Receivers(msgspec.Struct, frozen=True, gc=False):
    """Way -> receivers for the responsible and for followers, and chat -> users to mention. No way is empty.

    Receivers of a way are people or chats; of voice lists of people, one list a call.
    """

    main: records.Receivers = {}
    followers: records.Receivers = {}
    mentions: dict[str, list[str]] = {}


def receivers(
    main: Sequence[str],
    follower: Sequence[str],
    alert: Alert,
    book: RuleBook,
    settings: CoreSettings,
    now: int,
    *,
    exclude: Collection[str] = (),
    upgrade: bool = False,
) -> Receivers:
    """Return who gets a notice of an alert, given its groups in order.

    `exclude`: ways that are not used for this signal. `upgrade`: an escalation, which never falls back to appointees.
    """
    situation = situation_of(alert, book, settings, now)
    minute = wall_second(now, situation.zone) // 60 % _DAY_MINUTES
    mains, mentions = _by_way(main, alert.severity, minute, situation)
    followers, more_mentions = _by_way(follower, alert.severity, minute, situation)
    if not mains and not upgrade:
        mains = _appointed(alert.appointee, followers)
    followers = _without(followers, mains)
    if is_suspected(alert.event):
        mains = _quieter(mains)
        followers = _without(followers, mains)
    for chat, users in more_mentions.items():
        _add(mentions, chat, users)
    mains, followers = _used(mains, exclude), _used(followers, exclude)
    return Receivers(mains, followers, _addressed(mentions, mains, followers))


def is_suspected(event: Event) -> bool:
    """Return True if the second look at the data suspects that points are merely missing."""
    return any(tag.key == DOUBLE_CHECK_TAG and tag.value == SUSPECTED for tag in event.tags)


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
            _add(found, way.name, _of_way(way, people))
        for chat in (chat for way in ways if way.name in CHAT_WAYS for chat in way.receivers):
            _add(mentions, chat, mentioned(group, people, situation))
    return found, mentions


def _of_way(way: NoticeWay, people: list[str]) -> Sequence[Any]:
    """Return what a group adds to a way: one call of all its people, the way's own receivers, or the people."""
    if way.name == VOICE:
        return [people] if people else []
    return way.receivers if way.receivers or way.name in CHAT_WAYS else people


def _appointed(appointee: Sequence[str], followers: records.Receivers) -> records.Receivers:
    """Return the ways of the followers, chats left out, with the appointed people in them."""
    people = list(dict.fromkeys(appointee))
    ways = (way for way in followers if people and way not in CHAT_WAYS)
    return {way: [people] if way == VOICE else list(people) for way in ways}


def _quieter(mains: records.Receivers) -> records.Receivers:
    """Return the receivers with those of voice moved to the best quieter way there is, else to SMS."""
    calls = mains.get(VOICE)
    if not calls:
        return mains
    rest = {way: list(found) for way, found in mains.items() if way != VOICE}
    way = next((way for way in _QUIETER_WAYS if way in rest), _QUIETER_WAYS[0])
    _add(rest, way, (person for call in calls for person in call))
    return rest


def _without(followers: records.Receivers, mains: records.Receivers) -> records.Receivers:
    """Return the followers less those who are responsible by the same way."""
    left = {way: [one for one in found if one not in mains.get(way, ())] for way, found in followers.items()}
    return {way: found for way, found in left.items() if found}


def _used(ways: records.Receivers, exclude: Collection[str]) -> records.Receivers:
    return {way: found for way, found in ways.items() if way not in exclude} if exclude else ways


def _addressed(mentions: records.Receivers, *addressed: records.Receivers) -> records.Receivers:
    """Return the mentions of those chats that do get the notice."""
    chats = {chat for ways in addressed for way in CHAT_WAYS for chat in ways.get(way, ())}
    return {chat: users for chat, users in mentions.items() if chat in chats}


def _add(found: records.Receivers, way: str, entries: Iterable[Any]) -> None:
    """Add receivers that a way does not have yet, in order; nothing makes no entry."""
    for one in entries:
        known = found.setdefault(way, [])
        if one not in known:
            known.append(one)
