"""Snapshot bytes: a version byte, then msgpack of one typed value (design.md 5)."""

from typing import TypeVar

import msgspec

State = TypeVar("State")


class SnapshotError(ValueError):
    """A snapshot that this version cannot read; starting anyway would lose state, so nobody should retry."""


def pack(version: int, state: object) -> bytes:
    """Return the bytes of `state`, written by format `version` (0..255)."""
    return bytes((version,)) + msgspec.msgpack.encode(state)


def unpack(what: str, version: int, data: bytes, kind: type[State]) -> State:
    """Return the state in `data`; refuse what a newer program wrote and what is damaged.

    `what` names it in the error.
    """
    if not data:
        raise SnapshotError(f"snapshot of {what} is empty")
    if data[0] > version:
        raise SnapshotError(
            f"snapshot of {what} has format {data[0]}, this program reads up to {version}: start the newer program"
        )
    try:
        return msgspec.msgpack.decode(data[1:], type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise SnapshotError(f"snapshot of {what} cannot be read: {error}") from error
