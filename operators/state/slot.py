"""A slot: the states of all fingerprints that begin with its two hex digits, and their bytes (design.md 5).

Each state keeps its packed form until it changes, so a snapshot is a join.
"""

from math import inf

import msgspec
import zstandard

from operators.model.snapshot import SnapshotError
from operators.state.packing import Packer
from operators.state.sharing import Times, share
from operators.state.state import State

VERSION = 2
PLAIN = 1
"""Version of a snapshot whose states are not packed."""
ARRAY32 = b"\xdd"

_encode = msgspec.msgpack.Encoder().encode
_packed = msgspec.msgpack.Decoder(list[bytes]).decode
_plain = msgspec.msgpack.Decoder(list[State]).decode


def count_in(data: bytes) -> int:
    """Return the number of states in a snapshot of a slot, by the head of its array: nothing is decoded for it."""
    return int.from_bytes(data[2:6], "big") if data[1:2] == ARRAY32 else 0


class Slot:
    """States by fingerprint."""

    __slots__ = ("states",)

    def __init__(self) -> None:
        self.states: dict[str, State] = {}

    def put(self, state: State) -> None:
        """Keep a state, new or changed."""
        self.states[state.dedupe_md5] = state
        state.packed = b""

    def drop(self, dedupe_md5: str) -> None:
        """Forget a state."""
        self.states.pop(dedupe_md5).asked = None

    def pack(self, until: float = inf) -> None:
        """Pack the states that have changed, but were last touched by this second."""
        pack = Packer().pack
        for state in self.states.values():
            if not state.packed and state.touched <= until:
                state.packed = pack(state)

    def snapshot(self) -> bytes:
        """Return a version byte, then the msgpack array of all states, packed."""
        self.pack()
        states = self.states.values()
        return (
            bytes((VERSION,)) + ARRAY32 + len(states).to_bytes(4, "big") + b"".join([state.packed for state in states])
        )

    @classmethod
    def restore(cls, data: bytes) -> "Slot":
        """Return the slot that wrote `data`. Raises SnapshotError for a newer version or damaged bytes."""
        if not data or data[0] > VERSION:
            found = data[0] if data else "nothing"
            raise SnapshotError(
                f"snapshot of a slot has version {found}; this program reads up to {VERSION}: upgrade it"
            )
        slot, times = cls(), Times()
        try:
            if data[0] == PLAIN:
                for state in _plain(data[1:]):
                    slot._take(state, times)
            else:
                unpack = Packer().unpack
                for packed in _packed(data[1:]):
                    slot._take(unpack(packed), times, _encode(packed))
        except (msgspec.DecodeError, zstandard.ZstdError) as error:
            raise SnapshotError(f"snapshot of a slot is damaged: {error}") from error
        return slot

    def _take(self, state: State, times: Times, encoded: bytes = b"") -> None:
        """Take over a restored state; one that comes with its bytes need not be packed again until it changes."""
        share(state, times)
        self.put(state)
        state.packed = encoded
