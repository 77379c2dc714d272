"""The event archive of the SQLite store: blocks of events, compressed.

Events come by the thousand and are read once in a while, for one alert. A row for each would cost three times as much
as all else the job does for an event; a block a batch costs next to nothing, and a tenth of the disk.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any
from zlib import crc32

import msgspec
import zstandard

from operators.model.event import Event
from sinks.store.history import Archived, InOrder
from sinks.store.interface import NEWEST
from sinks.store.over_time import EventCount, event_counts
from sinks.store.refusal import arrival

LEVEL = 1
_INSERT = "INSERT INTO events (first, last, block) VALUES (?, ?, ?)"
_PRINT = "INSERT INTO event_prints (key, prints) VALUES (?, ?)"
# A print may also be found across two others: such a block is read for nothing.
_BLOCKS = """
SELECT block FROM events LEFT JOIN event_prints USING (key)
WHERE last >= ? AND first <= ? AND (prints IS NULL OR instr(prints, ?)) ORDER BY last DESC, key DESC"""

_PLACES = "SELECT first, key FROM events WHERE last >= ? AND first <= ? ORDER BY first, key"
_BLOCK = "SELECT block FROM events WHERE key = ?"
_SPAN = "SELECT min(first), max(last) FROM events"

Ask = Callable[[Callable[[sqlite3.Connection], Any]], Any]
"""How one question reaches the file: with the lock held for no longer than it takes."""

_event = msgspec.json.Decoder(Event).decode


class _Head(msgspec.Struct, frozen=True, gc=False):
    """What of a document says whether and when it is to be read."""

    id: str
    dedupe_md5: str
    time: int
    at: int | None = None
    bk_biz_id: str | int | None = None


class _Counted(_Head, frozen=True, gc=False, kw_only=True):
    """What of a document is counted."""

    severity: int
    status: str


_head = msgspec.json.Decoder(_Head).decode
_counted = msgspec.json.Decoder(_Counted).decode


def put(connection: sqlite3.Connection, events: Sequence[tuple[int, str, bytes]]) -> None:
    """Add a block of (time of arrival, fingerprint, document)."""
    if events:
        times = [at for at, _, _ in events]
        block = zstandard.ZstdCompressor(level=LEVEL).compress(b"\n".join(document for _, _, document in events))
        added = connection.execute(_INSERT, (min(times), max(times), block))
        prints = b"".join({_print(dedupe_md5) for _, dedupe_md5, _ in events})
        connection.execute(_PRINT, (added.lastrowid, prints))


def _print(dedupe_md5: str) -> bytes:
    return crc32(dedupe_md5.encode()).to_bytes(4, "big")


def find(connection: sqlite3.Connection, dedupe_md5: str, since: int, until: int) -> list[Event]:
    """Return the events of one fingerprint that arrived in a range of time, oldest first.

    An event that was read again after a crash lies in two blocks and is returned once, as it came first.
    """
    found: dict[str, Event] = {}  # the newest first
    for (block,) in connection.execute(_BLOCKS, (since, until, _print(dedupe_md5))):
        for event in reversed(_in_block(block, dedupe_md5)):
            if since <= arrival(event) <= until:
                found.pop(event.id, None)
                found[event.id] = event
        if len(found) >= NEWEST:
            break
    oldest_first = list(found.values())[::-1]
    return sorted(oldest_first, key=arrival)[-NEWEST:]


def counts(
    connection: sqlite3.Connection, dedupe_md5: str, since: int, until: int, step: int
) -> tuple[EventCount, ...]:
    """Return how many events of one fingerprint arrived in each step, oldest first."""
    needle, found = dedupe_md5.encode(), dict[str, tuple[int, int, str]]()
    for (block,) in connection.execute(_BLOCKS, (since, until, _print(dedupe_md5))):
        for line in zstandard.ZstdDecompressor().decompress(block).split(b"\n"):
            if needle in line:
                one = _counted(line)
                at = one.time if one.at is None else one.at
                if one.dedupe_md5 == dedupe_md5 and since <= at <= until:
                    found[one.id] = (at - at % step, one.severity, one.status)
    return event_counts(found.values())


def _in_block(block: bytes, dedupe_md5: str) -> list[Event]:
    needle = dedupe_md5.encode()
    text = zstandard.ZstdDecompressor().decompress(block)
    if needle not in text:
        return []
    events = (_event(line) for line in text.split(b"\n") if needle in line)
    return [event for event in events if event.dedupe_md5 == dedupe_md5]


def span(connection: sqlite3.Connection) -> tuple[int, int] | None:
    """Return when the first and the last event that the archive holds arrived; None where it holds none."""
    first, last = connection.execute(_SPAN).fetchone()
    return None if first is None else (first, last)


def scan(ask: Ask, since: int, until: int, businesses: Collection[str]) -> Iterator[Archived]:
    """Yield the events that arrived in a range of time, in order of arrival; of several businesses only, if named.

    Blocks of several writers overlap a little: what no later block can come before goes on. Few blocks are held.
    """
    places = ask(lambda connection: connection.execute(_PLACES, (since, until)).fetchall())
    held = InOrder()
    for first, key in places:
        yield from held.before(first)
        for document in ask(partial(_documents, key=key)):
            head = _head(document)
            at = head.time if head.at is None else head.at
            if since <= at <= until and (not businesses or str(head.bk_biz_id) in businesses):
                held.add(at, head.id + head.dedupe_md5, document)
    yield from held.before(until + 1)


def _documents(connection: sqlite3.Connection, key: int) -> list[bytes]:
    """Return the documents of a block; none of one that retention has dropped meanwhile."""
    row = connection.execute(_BLOCK, (key,)).fetchone()
    return zstandard.ZstdDecompressor().decompress(row[0]).split(b"\n") if row else []
