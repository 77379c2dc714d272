"""The page Trouble: records that were refused, by reason with their bytes, and notices that could not be delivered."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from flows.console.health import is_at_hand, workers_of
from flows.courier.waiting import document
from flows.gateway.service import AnswerError
from flows.settings.settings import Settings
from operators.deliver.delivery import Outcome, drop
from operators.model.records import DeadLetter
from sinks.outbox import Depth, OutboxUnavailableError, State, open_outbox
from sinks.redis_client import PlaceError

TAIL = 4 * 1024 * 1024
"""Bytes of the file of dead letters that are read: the newest."""
OUTBOX_DEEDS = ("retry", "drop")
OF_ONE_REASON = 5
GIVEN_UP = 50


class Letters(msgspec.Struct, frozen=True):
    """Dead letters of one reason."""

    reason: str
    count: int
    newest: tuple[DeadLetter, ...]


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
    workers: tuple[tuple[str, float], ...]
    """Those that keep their state on this machine, each with the seconds since it last did."""


def trouble(settings: Settings, now: float) -> Trouble:
    """Return the page."""
    letters, is_tail = _letters(Path(settings.dead_letters))
    depth, given_up, why = _outbox(settings.outbox.dsn, now)
    has_file = bool(settings.dead_letters) and Path(settings.dead_letters).is_file()
    workers = workers_of(settings.recovery.directory, now)
    return Trouble(letters, settings.dead_letters if has_file else "", is_tail, depth, given_up, why, workers)


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


def letters_with(path: Path, text: str, most: int) -> tuple[DeadLetter, ...]:
    """Return the newest dead letters of a file that hold a text anywhere: what never became an alert."""
    found, _ = _tail(path)
    return tuple(one for one in reversed(found) if text in one.raw or text in one.detail)[:most]


def _letters(path: Path) -> tuple[tuple[Letters, ...], bool]:
    """Return the dead letters of a file, the most frequent reason first; lines that are none are left out."""
    found, is_tail = _tail(path)
    counts = Counter(one.reason for one in found)
    newest = {
        reason: tuple([one for one in reversed(found) if one.reason == reason][:OF_ONE_REASON]) for reason in counts
    }
    return tuple(Letters(reason, count, newest[reason]) for reason, count in counts.most_common()), is_tail


def _tail(path: Path) -> tuple[list[DeadLetter], bool]:
    """Return the newest letters of a file, and whether it holds older ones."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL))
            lines = file.read(TAIL).splitlines()
    except OSError:
        return [], False
    return [letter for letter in map(_letter, lines[size > TAIL :]) if letter is not None], size > TAIL


def _letter(line: bytes) -> DeadLetter | None:
    try:
        return msgspec.json.decode(line, type=DeadLetter)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


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
