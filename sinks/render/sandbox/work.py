"""The net under the language: what one rendering may spend, counted, and the CPU time behind it.

A turn of a loop or a call of a macro costs the number of nodes in its body; whatever a function, filter or operator takes or
makes costs a unit for every eight characters and every member. So the same inputs end at the same place on every machine.
Behind that stands the CPU time of the thread, looked at as units are spent: it holds in any thread, and no single operation
lasts long between two looks, because none takes more than LONGEST. (A signal could not do more: Python runs its handler
between two operations too, and on the main thread only.)
"""

from time import thread_time
from typing import Any

from jinja2.runtime import Macro, Undefined
from jinja2.utils import Namespace

from sinks.render.sandbox.values import LanguageError, Tools, View, number

MAX_OUTPUT = 1 << 20
"""Bytes of UTF-8 that one rendering may produce (design.md 7.29)."""
LONGEST = 1 << 16
"""Characters of a text, or members of a list, that a function takes or makes."""
TOO_DEEP = "the template or its data is nested too deeply"

_UNITS = 200_000
_SECONDS = 1.0
_LOOK = 2_000
_DEEPEST_DATA = 50
_MOST_CALLS = 20


class Budget:
    """What is left of one rendering's work. Not shared between threads."""

    __slots__ = ("_begun", "_left", "_mark", "calls")

    def __init__(self) -> None:
        self._left, self._mark, self._begun = _UNITS, _UNITS - _LOOK, thread_time()
        self.calls = 0

    def spend(self, units: int) -> None:
        """Take units out. Raises LanguageError when none are left, or a second of CPU has passed."""
        self._left -= units
        if self._left >= self._mark:
            return
        if self._left < 0:
            raise LanguageError("the template does too much work")
        if thread_time() - self._begun > _SECONDS:
            raise LanguageError("the template takes more than a second")
        self._mark = max(self._left - _LOOK, 0)

    def enter(self) -> None:
        """Count one call inside another. Raises LanguageError for too many."""
        self.calls += 1
        if self.calls > _MOST_CALLS:
            raise LanguageError(TOO_DEEP)

    def weigh(self, value: Any, most: int = LONGEST, depth: int = 0) -> Any:
        """Pay for a value with all its parts, then return it. Raises LanguageError for what is no value of a template."""
        if isinstance(value, str):
            self.spend(1 + bounded(len(value), most) // 8)
        elif isinstance(value, int | float):
            number(value)
        elif isinstance(value, dict | list | tuple) and not isinstance(value, Tools):
            self.spend(1 + bounded(len(value)))
            if depth >= _DEEPEST_DATA:
                raise LanguageError(TOO_DEEP)
            for part in (*value.keys(), *value.values()) if isinstance(value, dict) else value:
                self.weigh(part, most, depth + 1)
        elif value is not None and not isinstance(value, Undefined | View | Tools | Namespace | Macro):
            raise LanguageError("a function where a value belongs")
        return value


def bounded(length: int, most: int = LONGEST) -> int:
    """Return the length of a text or list that is to be made. Raises LanguageError for one that is too large."""
    if length > most:
        raise LanguageError(f"a text or list of more than {most}")
    return length
