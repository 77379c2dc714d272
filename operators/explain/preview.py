"""What a shield would silence now, for whoever is about to set it."""

from collections.abc import Iterable

import msgspec

from operators.check.action import interval, repeats
from operators.model.alert import ABNORMAL, Alert
from operators.model.settings import CoreSettings
from operators.rules.ask.look import Look
from operators.rules.ask.shields import covering
from operators.rules.book import RuleBook
from operators.rules.shapes.model import NoticeRelation, Shield
from operators.state.scene import default_notice

MOST_REPEATS = 10_000
"""Repeats that are counted of one alert."""


class Preview(msgspec.Struct, frozen=True):
    """What a shield would silence."""

    alerts: tuple[Alert, ...]
    """Open ones that it covers."""
    notices: int
    """Repeats that are due until it ends, should the alerts last and nobody acknowledge them."""


def preview(shield: Shield, alerts: Iterable[Alert], book: RuleBook, settings: CoreSettings, now: int) -> Preview:
    """Return which open alerts a shield covers, and how many of their repeats it would hold back."""
    covers = covering(shield, book)
    found = tuple(one for one in alerts if one.status == ABNORMAL and covers(one))
    return Preview(found, sum(_repeats(one, shield.end_time, book, settings, now) for one in found))


def _repeats(alert: Alert, end: int, book: RuleBook, settings: CoreSettings, now: int) -> int:
    if alert.is_ack or alert.is_blocked or alert.is_shielded:
        return 0
    look = Look(
        alert, book.strategies.get(alert.strategy_id), book, settings, now, default_notice=default_notice(settings)
    )
    count = 0
    for relation, record, due in repeats(look):
        planned, at = record.execute_times, max(due, now)
        while isinstance(relation, NoticeRelation) and at <= end and count < MOST_REPEATS:
            planned, count = planned + 1, count + 1
            at += interval(relation.config, planned)
    return count
