"""A slot: the states of all fingerprints that begin with its two hex digits, and their bytes (design.md 5).

The encoded form of each state is kept until it changes, so a snapshot is a join.
"""

from sys import intern

import msgspec

from operators.model.snapshot import SnapshotError
from operators.state.state import State

VERSION = 1
ARRAY32 = b"\xdd"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[State]).decode


def count_in(data: bytes) -> int:
    """Return the number of states in a snapshot of a slot, which is not decoded for it."""
    if data[1:2] == ARRAY32:
        return int.from_bytes(data[2:6], "big")
    return len(msgspec.msgpack.decode(data[1:], type=list[msgspec.Raw])) if data else 0


class Slot:
    """States by fingerprint."""

    __slots__ = ("_changed", "_encoded", "changed", "states")

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self._encoded: dict[str, bytes] = {}
        """In the order of `states`."""
        self._changed: set[str] = set()
        """Fingerprints whose encoded form is older than their state."""
        self.changed = self._changed.add
        """Takes notice that the state of a fingerprint was changed in place."""

    def put(self, state: State) -> None:
        """Keep a state, new or changed."""
        md5 = state.dedupe_md5
        if md5 not in self.states:
            self._encoded[md5] = b""
        self.states[md5] = state
        self._changed.add(md5)

    def drop(self, dedupe_md5: str) -> None:
        """Forget a state."""
        del self.states[dedupe_md5], self._encoded[dedupe_md5]
        self._changed.discard(dedupe_md5)

    def snapshot(self) -> bytes:
        """Return a version byte, then the msgpack array of all states."""
        states, encoded = self.states, self._encoded
        for dedupe_md5 in self._changed:
            encoded[dedupe_md5] = _encode(states[dedupe_md5])
        self._changed.clear()
        return bytes((VERSION,)) + ARRAY32 + len(states).to_bytes(4, "big") + b"".join(encoded.values())

    @classmethod
    def restore(cls, data: bytes) -> "Slot":
        """Return the slot that wrote `data`. Raises SnapshotError for a newer version or damaged bytes."""
        if not data or data[0] > VERSION:
            found = data[0] if data else "nothing"
            raise SnapshotError(
                f"snapshot of a slot has version {found}; this program reads up to {VERSION}: upgrade it"
            )
        try:
            states = _decode(data[1:])
        except msgspec.DecodeError as error:
            raise SnapshotError(f"snapshot of a slot is damaged: {error}") from error
        slot = cls()
        for state in states:
            state.rules = intern(state.rules)
            slot.put(state)
        return slot
