"""A savepoint: the whole state of a stopped job as values (design.md 5); operators/savepoint/framing.py makes bytes of it."""

from collections.abc import Mapping, Sequence

import msgspec

from operators.model.snapshot import SnapshotError

FORMAT = 2
"""1 is read too (operators/savepoint/format_1.py)."""


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
