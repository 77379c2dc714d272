"""The page Trouble: records that were refused, by reason with their bytes, and notices that could not be delivered."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from flows.console.health import is_at_hand, workers_of
from flows.console.letters import Letters, letters_of
from flows.console.standing import Standing, standings
from flows.courier.waiting import document
from flows.gateway.service import AnswerError
from flows.rescale.lag import Lag, lags
from flows.settings.settings import Settings, SettingsError
from flows.sources.kafka_client import KafkaTroubleError
from operators.deliver.delivery import Outcome, drop
from operators.rules.book import RuleBook
from sinks.outbox import Depth, OutboxUnavailableError, State, open_outbox
from sinks.redis_client import PlaceError
from sinks.store.interface import Store

OUTBOX_DEEDS = ("retry", "drop")
GIVEN_UP = 50
PATIENCE = 3.0
"""Seconds that a page waits for a broker."""


class Trouble(msgspec.Struct, frozen=True):
    """The page."""

    letters: tuple[Letters, ...]
    letters_of: str
    """Where they are; empty: nowhere that can be read here."""
    is_tail: bool
    """The file holds more than was read."""
    depth: Depth | None
    given_up: tuple[dict[str, object], ...]
    outbox_trouble: str
    workers: tuple[Standing, ...]
    """As each says itself how it stands."""
    kept: tuple[tuple[str, float], ...]
    """Workers that keep their state on this machine, each with the seconds since it last did."""
    lags: tuple[Lag, ...]
    """What waits in each partition of Kafka, the most first."""
    lag_trouble: str


def trouble(store: Store, settings: Settings, book: RuleBook, now: float) -> Trouble:
    """Return the page. Raises StoreError."""
    letters, is_tail = letters_of(settings, book, int(now))
    depth, given_up, why = _outbox(settings.outbox.dsn, now)
    has_file = bool(settings.dead_letters) and Path(settings.dead_letters).is_file()
    kept = workers_of(settings.recovery.directory, now)
    behind, no_lags = _lags(settings)
    return Trouble(
        letters=letters, letters_of=settings.dead_letters if has_file else "", is_tail=is_tail, depth=depth,
        given_up=given_up, outbox_trouble=why, workers=standings(store.workers(), book.version, now), kept=kept,
        lags=behind, lag_trouble=no_lags,
    )  # fmt: skip


def settle_dead(dsn: str, deed: str, ids: Sequence[str], now: float) -> int:
    """Send notices that were given up again, or drop them for good; return how many there were. Raises AnswerError."""
    if not is_at_hand(dsn):
        raise AnswerError(404, "no outbox is at hand")
    try:
        outbox = open_outbox(dsn)
        try:
            if deed == "retry":
                return outbox.revive(ids, now)
            dead = [one for one in outbox.find(ids, now) if one.state == State.DEAD]
            outbox.record([Outcome(one.taken, drop(one.taken, "dropped", now)) for one in dead], now)
            return len(dead)
        finally:
            outbox.close()
    except (OutboxUnavailableError, PlaceError) as error:
        raise AnswerError(503, str(error)) from error


def _outbox(dsn: str, now: float) -> tuple[Depth | None, tuple[dict[str, object], ...], str]:
    """Return how much waits in the outbox, what was given up, and why neither can be said."""
    if not is_at_hand(dsn):
        return None, (), ""
    try:
        outbox = open_outbox(dsn)
        try:
            return outbox.depth(now), tuple(map(document, outbox.entries(State.DEAD, GIVEN_UP, now))), ""
        finally:
            outbox.close()
    except (OutboxUnavailableError, PlaceError) as error:
        return None, (), str(error)


def _lags(settings: Settings) -> tuple[tuple[Lag, ...], str]:
    """Return what waits in Kafka, or why that cannot be said; neither where the job reads from elsewhere."""
    if not settings.kafka.brokers or settings.source.files or settings.source.spool:
        return (), ""
    try:
        found = lags(msgspec.structs.replace(settings.kafka, wait=min(settings.kafka.wait, PATIENCE)), os.environ)
    except (KafkaTroubleError, SettingsError) as error:
        return (), str(error)
    return tuple(sorted(found, key=lambda one: (-one.waits, one.topic, one.partition))), ""
