"""The budget of one rendering: how much work and text a user's template may make."""

from collections.abc import Iterator, ValuesView
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any

from jinja2.exceptions import SecurityError

MAX_WORK = 100_000
"""Units one rendering may spend; a unit is at most about a microsecond."""
MAX_OUTPUT = 1 << 20
"""Bytes of UTF-8 that one rendering may produce (design.md 7.29)."""
MAX_DEPTH = 40
"""Calls inside calls, such as a macro that calls itself."""
_CHARS_A_UNIT = 32


class TooMuchWorkError(SecurityError):
    """A template wanted more work or output than one rendering may have."""


class Budget:
    """What is left of one rendering's work. Not shared between threads."""

    __slots__ = ("depth", "left")

    def __init__(self, units: int = MAX_WORK) -> None:
        self.left = units
        self.depth = 0

    def spend(self, units: int) -> None:
        """Take units out. Raises TooMuchWorkError when none are left."""
        self.left -= units
        if self.left < 0:
            raise TooMuchWorkError("the template does too much work")

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Count one call inside another. Raises TooMuchWorkError beyond MAX_DEPTH."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooMuchWorkError("the template calls itself too deeply")
        yield
        self.depth -= 1

    def weigh(self, value: Any) -> Any:
        """Spend what touching every part of the value costs, then return the value."""
        self.spend(weight(value, self.left))
        return value


def text_weight(length: int) -> int:
    """Return the units that making or comparing a text of this many characters costs."""
    return 1 + length // _CHARS_A_UNIT


def weight(value: Any, room: int) -> int:
    """Return the units of a value with all its parts; stops counting above `room`, so shared parts cannot explode."""
    if isinstance(value, str | bytes):
        return text_weight(len(value))
    total, rest = 0, [value]
    while rest and total <= room:
        part = rest.pop()
        if isinstance(part, str | bytes):
            total += text_weight(len(part))
            continue
        total += 1 + (len(part) if isinstance(part, range) else 0)
        rest.extend(_parts(part))
    return total


def _parts(value: Any) -> Any:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list | tuple | AbstractSet | ValuesView) else ()
