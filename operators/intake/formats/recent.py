"""What was worked out a short while ago, by what it was worked out of: bounded in bytes, whatever senders send."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

OVERHEAD = 600
"""Bytes that an entry takes beside its own, about."""
LET_IN = 16
"""Where there is no room, each so manieth new value takes the place of older ones. If all did, and more take turns than
there is room for, each would be gone before it is asked for again."""

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """Keeps values of at most `most` bytes; what nobody asked for longest goes first, for few of the new ones.

    Threads may share it: at worst a value is worked out twice.
    """

    def __init__(self, most: int, size_of: Callable[[Key, Value], int]) -> None:
        self._most, self._size_of = most, size_of
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._size = self._turned_away = 0

    def of(self, key: Key) -> Value | None:
        """Return the value of a key, None where it is not known."""
        found = self._values.pop(key, None)
        if found is not None:
            self._values[key] = found
        return found

    def keep(self, key: Key, value: Value) -> None:
        """Keep a value, instead of the one that was kept before; a new one perhaps, where there is no room."""
        size, before = self._size_of(key, value) + OVERHEAD, self._values.pop(key, None)
        if before is not None:
            self._size -= self._size_of(key, before) + OVERHEAD
        elif self._size + size > self._most and not self._is_let_in():
            return
        self._values[key] = value
        self._size += size
        while self._size > self._most and self._values:
            self._size -= self._size_of(*self._values.popitem(last=False)) + OVERHEAD

    def _is_let_in(self) -> bool:
        self._turned_away = (self._turned_away + 1) % LET_IN
        return not self._turned_away
