"""Records of other systems on their way from a source: each becomes the records of ours that it holds."""

from msgspec.structs import replace

from operators.intake.formats.unpack import OURS, unpack
from operators.intake.poll import Raw


def unpacked(raw: Raw, name: str) -> list[Raw]:
    """Return what a record becomes; records of other kinds than events are never foreign."""
    if name == OURS or raw.kind != "event":
        return [raw]
    return [replace(raw, raw=part.raw, kind=part.kind) for part in unpack(raw.raw, name, raw.at)]
