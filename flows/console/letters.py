"""Refused records, read from their file: by reason with their bytes, and whether they would be accepted now."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import msgspec

from flows.settings.places import commands_file
from flows.settings.settings import Settings
from flows.sources.kafka_client import read_topics
from operators.intake.again import ACCEPTED, Again, again
from operators.intake.decode import KINDS, MIXED
from operators.intake.formats.by_rule import named
from operators.intake.poll import OURS, Raw
from operators.model.reason import DeadReason
from operators.model.records import DeadLetter
from operators.rules.book import RuleBook

TAIL = 4 * 1024 * 1024
"""Bytes of the file that are read: the newest."""
OF_ONE_REASON = 5


class Letter(msgspec.Struct, frozen=True):
    """A dead letter, and what it would be now; None: the job never took it in, so that cannot be said."""

    letter: DeadLetter
    now: Again | None


class Letters(msgspec.Struct, frozen=True):
    """Dead letters of one reason."""

    reason: str
    count: int
    newest: tuple[Letter, ...]
    accepted: int
    """Of the newest, how many would be accepted now."""


def letters_of(settings: Settings, book: RuleBook, now: int) -> tuple[tuple[Letters, ...], bool]:
    """Return the dead letters, the most frequent reason first, and whether there are older ones; lines that are none are left out."""
    found, is_tail = _tail(Path(settings.dead_letters))
    counts = Counter(one.reason for one in found)
    kinds = _kinds(settings)
    told = []
    for reason, count in counts.most_common():
        newest = [one for one in reversed(found) if one.reason == reason][:OF_ONE_REASON]
        judged = tuple(Letter(one, _again(one, kinds, book, settings, now)) for one in newest)
        accepted = sum(one.now is not None and one.now.outcome == ACCEPTED for one in judged)
        told.append(Letters(reason, count, judged, accepted))
    return tuple(told), is_tail


def letters_with(path: Path, text: str, most: int) -> tuple[DeadLetter, ...]:
    """Return the newest dead letters of a file that hold a text anywhere: what never became an alert."""
    found, _ = _tail(path)
    return tuple(one for one in reversed(found) if text in one.raw or text in one.detail)[:most]


def _again(
    one: DeadLetter, kinds: Mapping[str, tuple[str, str]], book: RuleBook, settings: Settings, now: int
) -> Again | None:
    if one.reason == DeadReason.REFUSED_BY_STORE:
        return None
    kind, form = kinds.get(one.source, (MIXED if settings.source.recording else "event", _form_of_files(settings)))
    if kind not in (*KINDS, MIXED):
        return None
    at = None if one.reason == DeadReason.FROM_THE_FUTURE else one.time
    latest = now + settings.clock_skew
    raw = Raw(at, one.source, one.position, one.raw.encode("utf-8", "surrogateescape"), kind, latest, form)
    return again(raw, book, settings)


def _kinds(settings: Settings) -> dict[str, tuple[str, str]]:
    """Return of each place that the job reads what its records are, and their format."""
    topics = settings.kafka.topics
    found = {
        topic: (kind, named(topics[topic].decoder, topics[topic].source) if topic in topics else OURS)
        for topic, kind in (read_topics(settings.kafka).items() if settings.kafka.brokers else ())
    }
    return {**found, commands_file(settings): ("command", OURS)}


def _form_of_files(settings: Settings) -> str:
    return named(settings.source.format, settings.source.source)


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
