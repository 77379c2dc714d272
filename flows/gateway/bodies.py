"""Bodies of requests: bounded in bytes, in time and when unpacked."""

import asyncio
import zlib
from collections.abc import Callable

import zstandard
from starlette.requests import ClientDisconnect, Request

MOST, UNPACKED = 4 * 1024 * 1024, 32 * 1024 * 1024
"""Bytes of a body as it comes, and unpacked."""
SLOWEST = 10.0
"""Seconds in which a body must have come."""
CHUNK = 64 * 1024


class BodyError(Exception):
    """A body that is not taken; `status` says why in a number."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


async def read_body(request: Request) -> bytes:
    """Return the whole body as it comes. Raises BodyError."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > MOST:
        raise BodyError(413, f"{length} bytes; {MOST} are taken")
    try:
        async with asyncio.timeout(SLOWEST):
            return await _whole(request)
    except TimeoutError:
        raise BodyError(408, f"the body did not come in {SLOWEST:g} s") from None
    except ClientDisconnect:
        raise BodyError(400, "the body broke off") from None


def unpacked(request: Request, packed: bytes) -> bytes:
    """Return a body as its sender had it before it was packed. Raises BodyError."""
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        return packed
    unpack = UNPACK.get(coding)
    if unpack is None:
        raise BodyError(415, f"content encoding {coding[:40]!r}; known: {', '.join(UNPACK)}")
    return unpack(packed)


async def _whole(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST:
            raise BodyError(413, f"more than {MOST} bytes")
        parts.append(part)
    return b"".join(parts)


def _gunzip(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        out = unpacker.decompress(packed, UNPACKED + 1)
    except zlib.error as error:
        raise BodyError(400, f"not gzip: {error}") from None
    if not unpacker.eof and len(out) <= UNPACKED:
        raise BodyError(400, "gzip breaks off")
    return _bounded(out)


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
