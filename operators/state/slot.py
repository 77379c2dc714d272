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


class Slot:
    """States by fingerprint."""

    __slots__ = ("_encoded", "states")

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self._encoded: dict[str, bytes] = {}

    def put(self, state: State) -> None:
        """Keep a state, new or changed."""
        md5 = state.dedupe_md5
        self.states[md5] = state
        self._encoded.pop(md5, None)

    def changed(self, dedupe_md5: str) -> None:
        """Take notice that a state was changed in place."""
        self._encoded.pop(dedupe_md5, None)

    def drop(self, dedupe_md5: str) -> None:
        """Forget a state."""
        del self.states[dedupe_md5]
        self._encoded.pop(dedupe_md5, None)

    def snapshot(self) -> bytes:
        """Return a version byte, then the msgpack array of all states."""
        encoded = self._encoded
        for dedupe_md5, state in self.states.items():
            if dedupe_md5 not in encoded:
                encoded[dedupe_md5] = _encode(state)
        body = b"".join([encoded[dedupe_md5] for dedupe_md5 in self.states])
        return bytes((VERSION,)) + ARRAY32 + len(self.states).to_bytes(4, "big") + body

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
        slot.states = {state.dedupe_md5: state for state in states}
        for state in states:
            state.rules = intern(state.rules)
        return slot
