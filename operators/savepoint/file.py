"""A savepoint: the whole state of a stopped job in bytes that need no engine to be read (design.md 5).

The bytes: MAGIC; frames, each four bytes of length (big endian) and a msgpack map with its `type`; the last frame is `end`; behind it the
SHA-256 of everything before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

import msgspec

from operators.model.snapshot import SnapshotError

MAGIC = b"tocsin savepoint\n"
FORMAT = 2
"""1 is read too (operators/savepoint/format_1.py)."""
DIGEST = 32
LENGTH = 4


class Head(msgspec.Struct, frozen=True, tag="head"):
    """What the savepoint is of. `format` is looked at first."""

    format: int
    made_at: int
    """Unix seconds."""
    made_by: str
    """Version of the program."""
    job: str
    workers: int
    slots: int
    topics: Mapping[str, int]
    """Topic that is read -> its number of partitions."""


class KafkaPlace(msgspec.Struct, frozen=True, tag="kafka"):
    """How far a worker had read: its clock, and by `topic:partition` the next offset and the last arrival."""

    worker: int
    clock: int
    partitions: Mapping[str, tuple[int, int]]


class FilePlace(msgspec.Struct, frozen=True, array_like=True):
    """How far a file was read. A file is known by its device and inode, and by the last line that was read of it."""

    name: str
    device: int = 0
    inode: int = 0
    offset: int = 0
    """Bytes, of a packed file unpacked ones."""
    line: int = 0
    """Lines."""
    last: int = 0
    """Bytes of the last line."""
    check: int = 0
    """Checksum of the last line."""


class FilesPlace(msgspec.Struct, frozen=True, tag="files"):
    """How far the only worker had read its files, commands among them; the latest stands last."""

    worker: int
    files: tuple[FilePlace, ...] = ()
    place: tuple[int, int, int, int, int] | None = None
    """Of format 1, which knew files by their number: that of the last one, its bytes and lines; those of the commands."""
    spool: Mapping[str, tuple[int, int]] = {}
    """Folder of a gateway -> number of the segment, and bytes read of it."""


class IntakeState(msgspec.Struct, frozen=True, tag="intake"):
    """The clock and the changes of rules (operators/intake/intake.py), as one worker kept them."""

    worker: int
    data: bytes


class SharedState(msgspec.Struct, frozen=True, tag="shared"):
    """What no slot owns (operators/state/scene.py), as one worker kept it."""

    worker: int
    data: bytes


class SlotState(msgspec.Struct, frozen=True, tag="slot"):
    """The state of a slot (operators/state/slot.py)."""

    worker: int
    key: str
    data: bytes


class BusinessState(msgspec.Struct, frozen=True, tag="business"):
    """The notices of a slot of businesses (operators/converge/notices.py), as one worker kept them."""

    worker: int
    key: str
    data: bytes


class End(msgspec.Struct, frozen=True, tag="end"):
    """Nothing comes behind it but the checksum."""

    frames: int


ReadUpTo = KafkaPlace | FilesPlace
Frame = Head | KafkaPlace | FilesPlace | IntakeState | SharedState | SlotState | BusinessState | End

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Frame).decode


class Savepoint(msgspec.Struct, frozen=True):
    """Everything that a job needs to go on."""

    head: Head
    places: Sequence[ReadUpTo]
    intake: Sequence[IntakeState] = ()
    shared: Sequence[SharedState] = ()
    slots: Sequence[SlotState] = ()
    businesses: Sequence[BusinessState] = ()


class SavepointError(SnapshotError):
    """A savepoint that cannot be made, or not be read; the text says why."""


def dump(savepoint: Savepoint) -> Iterator[bytes]:
    """Yield the bytes of a savepoint."""
    digest = sha256(MAGIC)
    yield MAGIC
    frames: list[Frame] = [savepoint.head, *savepoint.places, *savepoint.intake, *savepoint.shared]
    frames += [*savepoint.slots, *savepoint.businesses]
    for frame in (*frames, End(len(frames))):
        body = _encode(frame)
        framed = len(body).to_bytes(LENGTH, "big") + body
        digest.update(framed)
        yield framed
    yield digest.digest()


def parse(data: bytes | memoryview) -> Savepoint:
    """Return the savepoint in `data`. Raises SavepointError for anything but all the bytes of one that this program knows."""
    view = memoryview(data)
    if bytes(view[: len(MAGIC)]) != MAGIC:
        raise SavepointError("it is no savepoint")
    _check_format(view)
    if sha256(view[:-DIGEST]).digest() != bytes(view[-DIGEST:]):
        raise SavepointError("it is damaged or was cut off: the checksum at its end is wrong")
    frames = list(_frames(view[: len(view) - DIGEST]))
    head, end = frames[0], frames[-1]
    if not isinstance(head, Head) or not isinstance(end, End) or end.frames != len(frames) - 1:
        raise SavepointError("it is damaged: frames are missing")
    return Savepoint(
        head,
        [frame for frame in frames if isinstance(frame, KafkaPlace | FilesPlace)],
        [frame for frame in frames if isinstance(frame, IntakeState)],
        [frame for frame in frames if isinstance(frame, SharedState)],
        [frame for frame in frames if isinstance(frame, SlotState)],
        [frame for frame in frames if isinstance(frame, BusinessState)],
    )


class _Format(msgspec.Struct, frozen=True):
    """The one field of a head that every format has."""

    format: int


def _check_format(view: memoryview) -> None:
    """Look at the first frame before anything else is understood: a newer format may have its checksum elsewhere."""
    try:
        known = msgspec.msgpack.decode(next(_bodies(view)), type=_Format).format
    except (msgspec.DecodeError, UnicodeDecodeError, StopIteration) as error:
        raise SavepointError("it is damaged or was cut off: its head cannot be read") from error
    if known > FORMAT:
        raise SavepointError(
            f"it has format {known}, this program reads up to {FORMAT}: import it with the program that made it"
        )


def _frames(view: memoryview) -> Iterable[Frame]:
    try:
        for body in _bodies(view):
            yield _decode(body)
    except msgspec.DecodeError as error:
        raise SavepointError(f"it is damaged: {error}") from error


def _bodies(view: memoryview) -> Iterator[memoryview]:
    at = len(MAGIC)
    while at + LENGTH <= len(view):
        length = int.from_bytes(view[at : at + LENGTH], "big")
        at += LENGTH + length
        yield view[at - length : at]
