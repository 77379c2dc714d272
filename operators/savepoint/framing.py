"""The bytes of a savepoint.

MAGIC; frames, each four bytes of length (big endian) and a msgpack map with its `type`; the last frame is `end`; behind it the SHA-256 of
everything before.
"""

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import chain
from zlib import crc32

import msgspec

from operators.savepoint.file import (
    FORMAT,
    BusinessState,
    End,
    FilesPlace,
    Frame,
    Head,
    IntakeState,
    KafkaPlace,
    Savepoint,
    SavepointError,
    SharedState,
    SlotState,
)
from operators.savepoint.index import Index, Where
from operators.state.slot import count_in

MAGIC = b"tocsin savepoint\n"
DIGEST = 32
LENGTH = 4
PLACES = {str(one.__struct_config__.tag) for one in (KafkaPlace, FilesPlace)}

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Frame).decode


def dump(savepoint: Savepoint) -> Iterator[bytes]:
    """Yield the bytes of a savepoint."""
    return dump_frames([*savepoint.places, *frames_of(savepoint)], savepoint.head)


def frames_of(savepoint: Savepoint) -> list[Frame]:
    """Return everything that is kept, the places left out."""
    return [*savepoint.intake, *savepoint.shared, *savepoint.slots, *savepoint.businesses]


def dump_frames(frames: Iterable[Frame], head: Head, note: Callable[[Where], None] = lambda _: None) -> Iterator[bytes]:
    """Yield the bytes of a savepoint of frames that come one by one; `note` is told where each lies, head and places left out."""
    digest = sha256(MAGIC)
    yield MAGIC
    at = len(MAGIC)
    count = 0
    for count, frame in enumerate(chain([head], frames), 1):  # noqa: B007 - of the last one
        body = _encode(frame)
        for piece in (len(body).to_bytes(LENGTH, "big"), body):
            digest.update(piece)
            yield piece
        at += LENGTH + len(body)
        if not isinstance(frame, Head | KafkaPlace | FilesPlace):
            note(_where(frame, at - len(body), body))
    last = _encode(End(count))
    last = len(last).to_bytes(LENGTH, "big") + last
    digest.update(last)
    yield last
    yield digest.digest()


def _where(frame: Frame, at: int, body: bytes) -> Where:
    states = count_in(frame.data) if isinstance(frame, SlotState) else 0
    return Where(str(frame.__struct_config__.tag), getattr(frame, "key", ""), at, len(body), states, crc32(body))


def frame_of(where: Where, body: bytes | memoryview) -> Frame:
    """Return the frame that lies somewhere. Raises SavepointError if its bytes are others."""
    if len(body) != where.size or crc32(body) != where.check:
        raise SavepointError("it is damaged, or was written anew meanwhile")
    return _decoded(body)


def parse(data: bytes | memoryview) -> Savepoint:
    """Return the savepoint in `data`. Raises SavepointError for anything but all the bytes of one that this program knows."""
    view = memoryview(data)
    found = scan(view)
    frames = [_decoded(view[one.at : one.at + one.size]) for one in found.frames]
    return of_frames(found, frames)


def of_frames(index: Index, frames: Iterable[Frame]) -> Savepoint:
    """Return the savepoint of an index and some of its frames."""
    kept = list(frames)
    return Savepoint(
        index.head,
        list(index.places),
        [frame for frame in kept if isinstance(frame, IntakeState)],
        [frame for frame in kept if isinstance(frame, SharedState)],
        [frame for frame in kept if isinstance(frame, SlotState)],
        [frame for frame in kept if isinstance(frame, BusinessState)],
    )


def scan(view: memoryview, *, counts: bool = False) -> Index:
    """Return what stands where in a savepoint, all of whose bytes are checked; `counts` the states. Raises as `parse` does."""
    if bytes(view[: len(MAGIC)]) != MAGIC:
        raise SavepointError("it is no savepoint")
    _check_format(view)
    if sha256(view[:-DIGEST]).digest() != bytes(view[-DIGEST:]):
        raise SavepointError("it is damaged or was cut off: the checksum at its end is wrong")
    bodies = list(_bodies(view[: len(view) - DIGEST]))
    head, end = _decoded(bodies[0][1]), _decoded(bodies[-1][1])
    if not isinstance(head, Head) or not isinstance(end, End) or end.frames != len(bodies) - 1:
        raise SavepointError("it is damaged: frames are missing")
    labelled = [(at, body, _label(body)) for at, body in bodies[1:-1]]
    places = [_decoded(body) for _, body, label in labelled if label.type in PLACES]
    return Index(
        head,
        tuple(one for one in places if isinstance(one, KafkaPlace | FilesPlace)),
        tuple(
            Where(label.type, label.key, at, len(body), _states(body) if counts else 0, crc32(body))
            for at, body, label in labelled
            if label.type not in PLACES
        ),
    )


def _states(body: memoryview) -> int:
    frame = _decoded(body)
    return count_in(frame.data) if isinstance(frame, SlotState) else 0


class _Label(msgspec.Struct, frozen=True):
    """What a frame is of, its content left alone."""

    type: str
    key: str = ""


def _label(body: memoryview) -> _Label:
    try:
        return msgspec.msgpack.decode(body, type=_Label)
    except msgspec.DecodeError as error:
        raise SavepointError(f"it is damaged: {error}") from error


class _Format(msgspec.Struct, frozen=True):
    """The one field of a head that every format has."""

    format: int


def _check_format(view: memoryview) -> None:
    """Look at the first frame before anything else is understood: a newer format may have its checksum elsewhere."""
    try:
        known = msgspec.msgpack.decode(next(_bodies(view))[1], type=_Format).format
    except (msgspec.DecodeError, UnicodeDecodeError, StopIteration) as error:
        raise SavepointError("it is damaged or was cut off: its head cannot be read") from error
    if known > FORMAT:
        raise SavepointError(
            f"it has format {known}, this program reads up to {FORMAT}: import it with the program that made it"
        )


def _decoded(body: bytes | memoryview) -> Frame:
    try:
        frame: Frame = _decode(body)
    except msgspec.DecodeError as error:
        raise SavepointError(f"it is damaged: {error}") from error
    return frame


def _bodies(view: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield where each body begins, and the body."""
    at = len(MAGIC)
    while at + LENGTH <= len(view):
        length = int.from_bytes(view[at : at + LENGTH], "big")
        at += LENGTH + length
        yield at - length, view[at - length : at]
