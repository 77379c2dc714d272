"""RE2 patterns: compiled once, matched in time linear in the text."""

from functools import lru_cache
from typing import Protocol, cast

import re2


class Pattern(Protocol):
    """A compiled pattern: `search` finds it anywhere in a text."""

    def search(self, text: str, /) -> object | None:
        """Return a match, or None."""


def _quiet() -> "re2.Options":
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 8 << 20
    return options


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> Pattern:
    """Return the compiled pattern. Raises `ValueError` that says what is wrong with it."""
    try:
        return cast("Pattern", re2.compile(pattern, _quiet()))
    except (re2.error, UnicodeEncodeError) as wrong:
        said = wrong.args[0] if wrong.args else "not a pattern"
        raise ValueError(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)) from None


def pattern_error(pattern: str) -> str | None:
    """Say what is wrong with a pattern, or None."""
    try:
        compiled(pattern)
    except ValueError as wrong:
        return str(wrong)
    return None
