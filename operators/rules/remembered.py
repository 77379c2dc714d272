"""Functions of large values that never change, worked out once for each."""

from collections.abc import Callable
from typing import Generic, TypeVar

EACH_STRATEGY = 16_384
"""Results kept of what is asked of strategies: more than a large book has."""

Source = TypeVar("Source")
Made = TypeVar("Made")


class Remembered(Generic[Source, Made]):
    """A function whose last few results are kept, found by the identity of a source that never changes."""

    def __init__(self, make: Callable[[Source], Made], size: int = 1024) -> None:
        self._make = make
        self._size = size
        self._made: dict[int, tuple[Source, Made]] = {}

    def __call__(self, source: Source) -> Made:
        """Return what is made of the source."""
        found = self._made.get(id(source))
        if found is None:
            while len(self._made) >= self._size:
                del self._made[next(iter(self._made))]
            found = self._made[id(source)] = (source, self._make(source))
        return found[1]
