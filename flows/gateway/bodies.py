"""Bodies of requests: bounded in bytes, in time and when unpacked."""

import time
import zlib
from collections.abc import Callable, Mapping
from typing import Protocol, Self

import zstandard
from starlette.types import Receive

from flows.gateway.durable import Pressure

MOST, UNPACKED = 4 * 1024 * 1024, 32 * 1024 * 1024
"""Bytes of a body as it comes, and unpacked."""
MEMBERS = 200_000
"""Commas and ends of lines of a body: what is made of each costs more than itself."""
IN_FLIGHT = 32 * 1024 * 1024
"""Bytes of all bodies that are on their way in or being read."""
SLOWEST = 10.0
"""Seconds in which a body must have come."""
CHUNK = 1024 * 1024
_GZIP = zlib.MAX_WBITS | 32


class Asking(Protocol):
    """What is read of a request: its head, and its body in parts."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Names are in small letters."""
        ...

    @property
    def receive(self) -> Receive:
        """Wait for the next part."""
        ...


class BodyError(Exception):
    """A body that is not taken; `status` says why in a number."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Held:
    """What one body holds of the room that all of them share, until it was read."""

    def __init__(self, room: Pressure) -> None:
        self._room, self._size = room, 0

    def take(self, size: int) -> None:
        """Hold more. Raises BusyError."""
        self._room.take(size)
        self._size += size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._room.give(self._size)


async def read_body(request: Asking, held: Held) -> bytes:
    """Return the whole body as it comes. Raises BodyError, BusyError.

    The server wakes who waits for a slow body (Bounded in connection.py): a timer for each body would cost more than most bodies.
    """
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > MOST:
        raise BodyError(413, f"{length} bytes; {MOST} are taken")
    parts, size, begun = [], 0, time.monotonic()
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise BodyError(400, "the body broke off")
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > MOST:
            raise BodyError(413, f"more than {MOST} bytes")
        held.take(len(part))
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)
        if time.monotonic() - begun > SLOWEST:
            raise BodyError(408, f"the body did not come in {SLOWEST:g} s")


def unpacked(request: Asking, packed: bytes) -> bytes:
    """Return a body as its sender had it before it was packed. Raises BodyError."""
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        return _few(packed)
    unpack = UNPACK.get(coding)
    if unpack is None:
        raise BodyError(415, f"content encoding {coding[:40]!r}; known: {', '.join(UNPACK)}")
    return _few(unpack(packed))


def _few(body: bytes) -> bytes:
    if len(body) > MEMBERS and body.count(b",") + body.count(b"\n") > MEMBERS:
        raise BodyError(413, f"more than {MEMBERS} members")
    return body


def _gunzip(packed: bytes) -> bytes:
    """Return what was packed. What is more than a chunk is measured first: memory is taken once, and none for too much."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        body = unpacker.decompress(packed, CHUNK)
        return body if unpacker.eof else zlib.decompress(packed, _GZIP, _measured(unpacker, len(body)))
    except zlib.error as error:
        raise BodyError(400, f"not gzip: {error}") from None


def _measured(unpacker: "zlib._Decompress", size: int) -> int:
    """Return the bytes of a body of which so many have been unpacked. Raises BodyError, zlib.error."""
    while (part := unpacker.unconsumed_tail) and size <= UNPACKED:
        size += len(unpacker.decompress(part, CHUNK))
    if size > UNPACKED:
        raise BodyError(413, f"more than {UNPACKED} bytes when unpacked")
    if not unpacker.eof:
        raise BodyError(400, "gzip breaks off")
    return size


def _unzstd(packed: bytes) -> bytes:
    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 24).stream_reader(packed) as stream:
            return _bounded(stream.read(UNPACKED + 1))
    except zstandard.ZstdError as error:
        raise BodyError(400, f"not zstd: {error}") from None


def _bounded(out: bytes) -> bytes:
    if len(out) > UNPACKED:
        raise BodyError(413, f"more than {UNPACKED} bytes when unpacked")
    return out


UNPACK: dict[str, Callable[[bytes], bytes]] = {"gzip": _gunzip, "zstd": _unzstd, "deflate": _gunzip}
