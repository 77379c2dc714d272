"""The event archive of the SQLite store: blocks of events, compressed.

Events come by the thousand and are read once in a while, for one alert. A row for each would cost three times as much
as all else the job does for an event; a block a batch costs next to nothing, and a tenth of the disk.
"""

import sqlite3
from collections.abc import Sequence

import msgspec
import zstandard

from operators.model.event import Event
from sinks.store.interface import NEWEST
from sinks.store.refusal import arrival

LEVEL = 1
_INSERT = "INSERT INTO events (first, last, block) VALUES (?, ?, ?)"
_BLOCKS = "SELECT block FROM events WHERE last >= ? AND first <= ? ORDER BY last DESC, key DESC"

_event = msgspec.json.Decoder(Event).decode


def put(connection: sqlite3.Connection, events: Sequence[tuple[int, bytes]]) -> None:
    """Add a block of (time of arrival, document)."""
    if events:
        times = [at for at, _ in events]
        block = zstandard.ZstdCompressor(level=LEVEL).compress(b"\n".join(document for _, document in events))
        connection.execute(_INSERT, (min(times), max(times), block))


def find(connection: sqlite3.Connection, dedupe_md5: str, since: int, until: int) -> list[Event]:
    """Return the events of one fingerprint that arrived in a range of time, oldest first.

    An event that was read again after a crash lies in two blocks and is returned once, as it came first.
    """
    found: dict[str, Event] = {}  # the newest first
    for (block,) in connection.execute(_BLOCKS, (since, until)):
        for event in reversed(_in_block(block, dedupe_md5)):
            if since <= arrival(event) <= until:
                found.pop(event.id, None)
                found[event.id] = event
        if len(found) >= NEWEST:
            break
    oldest_first = list(found.values())[::-1]
    return sorted(oldest_first, key=arrival)[-NEWEST:]


def _in_block(block: bytes, dedupe_md5: str) -> list[Event]:
    needle = dedupe_md5.encode()
    text = zstandard.ZstdDecompressor().decompress(block)
    if needle not in text:
        return []
    events = (_event(line) for line in text.split(b"\n") if needle in line)
    return [event for event in events if event.dedupe_md5 == dedupe_md5]
