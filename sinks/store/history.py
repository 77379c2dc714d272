"""The event archive as one stream in order of arrival, as it is read for a replay."""

from collections.abc import Iterator
from operator import itemgetter

import msgspec


class Archived(msgspec.Struct, frozen=True, gc=False):
    """An archived event: the second of its arrival, and its document as JSON."""

    at: int
    document: bytes


_at = itemgetter(0)


class InOrder:
    """Holds documents until none can come before them any more; those of one second keep the order they came in.

    An event that lies there twice, because a batch was written again after a crash, goes on once: both arrived at the
    same second, so the first is still held when the second comes.
    """

    def __init__(self) -> None:
        self._held: list[tuple[int, str, bytes]] = []
        self._names: set[str] = set()

    def add(self, at: int, name: str, document: bytes) -> None:
        """Hold a document; its name is that of the event among those of its fingerprint."""
        if name not in self._names:
            self._names.add(name)
            self._held.append((at, name, document))

    def before(self, second: int) -> Iterator[Archived]:
        """Yield what arrived before a second, in order; nothing that did is added any more."""
        self._held.sort(key=_at)
        ready = [one for one in self._held if one[0] < second]
        del self._held[: len(ready)]
        for at, name, document in ready:
            self._names.discard(name)
            yield Archived(at, document)
