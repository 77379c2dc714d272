"""Telling people that a shield begins and ends, some minutes ahead (spec/lifecycle.md 6.7, spec/notices.md 10.1).

A begin is told `notice_time` minutes before the shield holds, or as soon as the shield is known to hold by then. An end
is told in the first second of which it can be said that the shield will not hold in `notice_time` + 1 minutes, if the
begin was told. Every round of a cycle is told; rounds that touch are one.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from operators.model.records import Message
from operators.model.settings import CoreSettings
from operators.rules.shapes.model import Shield
from operators.rules.times.windows import shield_round, shield_window
from operators.state.scene import ShieldNews, Told

if TYPE_CHECKING:
    from operators.rules.book import RuleBook

MINUTE = 60
_EDGES_AHEAD = 100
"""Edges of a window looked at in one go; beyond them, one looks again."""


def shield_notices(
    book: "RuleBook", news: ShieldNews, now: int, settings: CoreSettings
) -> tuple[list[Message], ShieldNews]:
    """Return the notices of shields due up to now, each at its own time, and what to know at the next call.

    To be called when the rules changed and when `next_time` has come; calls in between cost nothing and change nothing.
    """
    messages: list[Message] = []
    if news.rules_version != book.version:
        news = _look(book, news, now, settings, messages)
    while news.next_time is not None and news.next_time <= now:
        news = _look(book, news, news.next_time, settings, messages)
    return messages, news


def _look(book: "RuleBook", news: ShieldNews, at: int, settings: CoreSettings, messages: list[Message]) -> ShieldNews:
    """Add what is to be told at a time to the messages."""
    told: dict[str, Told] = {}
    times: list[int] = []
    for shield in _announced(book):
        zone = book.zone_of(shield.bk_biz_id, settings)
        known = news.told.get(shield.id)
        for edge, record in _edges_told(shield, known, zone, at):
            messages += _messages(shield, edge, zone, at, book)
            known = record
        if known is not None:
            told[shield.id] = known
        times += _next_times(shield, known, zone, at)
    return ShieldNews(told, book.version, min(times, default=None))


def _announced(book: "RuleBook") -> Iterator[Shield]:
    return (
        shield
        for shield in book.shields.values()
        if shield.is_enabled and shield.notice_config.notice_way and shield.notice_config.notice_receiver
    )


def _edges_told(shield: Shield, known: Told | None, zone: ZoneInfo, at: int) -> Iterator[tuple[str, Told]]:
    """Yield the edges to be told at a time, each with what is known then."""
    ahead, beyond = _horizons(shield, at)
    if (known is None or (known.edge == "end" and ahead > known.until)) and shield_window(shield, zone, ahead).active:
        known = Told("begin")
        yield "begin", known
    if known and known.edge == "begin" and not shield_window(shield, zone, beyond).active:
        yield "end", Told("end", until=beyond)


def _horizons(shield: Shield, at: int) -> tuple[int, int]:
    """Return the seconds looked at for a begin and for an end."""
    ahead = at + shield.notice_config.notice_time * MINUTE
    return ahead, ahead + MINUTE


def _next_times(shield: Shield, known: Told | None, zone: ZoneInfo, at: int) -> list[int]:
    """Return the next time at which there may be something to tell of a shield, if any."""
    ahead, beyond = _horizons(shield, at)
    if known and known.edge == "begin":
        found = _first(shield, zone, beyond + 1, active=False)
        return [] if found is None else [found - (beyond - at)]
    after = max(ahead, known.until if known else 0) + 1
    found = _first(shield, zone, after, active=True)
    return [] if found is None else [found - (ahead - at)]


def _first(shield: Shield, zone: ZoneInfo, since: int, *, active: bool) -> int | None:
    """Return the first second from `since` on at which a shield may hold, or not hold; None if never."""
    at = since
    for _ in range(_EDGES_AHEAD):
        window = shield_window(shield, zone, at)
        if window.active == active:
            return at
        if window.next_edge is None:
            return None
        at = window.next_edge
    return at


def _messages(shield: Shield, edge: str, zone: ZoneInfo, at: int, book: "RuleBook") -> list[Message]:
    receivers = _receivers(shield, book)
    news = {"edge": edge, "shield": _document(shield), "time": _time_of(shield, edge, zone, at)}
    return [
        Message(
            time=at,
            way=way,
            receivers=receivers,
            followed=False,
            signal="shield",
            notice_type="normal",
            collect_type="action",
            alert_ids=(),
            action_ids=(),
            bk_biz_id=shield.bk_biz_id,
            shield=news,
        )
        for way in dict.fromkeys(shield.notice_config.notice_way)
        if receivers
    ]


def _time_of(shield: Shield, edge: str, zone: ZoneInfo, at: int) -> int:
    """Return when the round told of begins, or its last second; a shield that was cut short ends now."""
    ahead, beyond = _horizons(shield, at)
    if edge == "begin":
        current = shield_round(shield, zone, ahead)
        return current[0] if current else ahead
    rounds = (shield_round(shield, zone, second) for second in (beyond - 1, ahead, at))
    return next((current[1] for current in rounds if current), at)


def _receivers(shield: Shield, book: "RuleBook") -> tuple[str, ...]:
    """Return the people to tell, each once; roles are those of the shield's business."""
    business = book.businesses.get(shield.bk_biz_id)
    people: list[str] = []
    for receiver in shield.notice_config.notice_receiver:
        kind, _, name = receiver.partition("#")
        in_role = business.roles.get(name, ()) if business else ()
        people += (name,) if kind == "user" else in_role
    return tuple(dict.fromkeys(people))


def _document(value: Any) -> Any:
    """Return a rule as plain data with every field, defaults included."""
    if isinstance(value, msgspec.Struct):
        return {name: _document(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, tuple | list):
        return [_document(one) for one in value]
    if isinstance(value, dict):
        return {key: _document(one) for key, one in value.items()}
    return value
