"""The values of templates: plain data, facts computed when asked for, tools, and what is not there.

Whatever else Python may hold has no text, no entries and no methods here.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from jinja2.runtime import ChainableUndefined, LoopContext
from jinja2.utils import Namespace

Table = Mapping[str, Callable[[Any], Any]]
"""Name -> how the fact is computed from the subject."""

FAILURES = (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError)
"""What computing from data of any shape may raise."""
LOOP_FACTS = (
    "index", "index0", "first", "last", "length", "revindex", "revindex0", "cycle", "changed", "previtem", "nextitem",
)  # fmt: skip


class LanguageError(Exception):
    """A template did what its language does not have; the text is the same for the same inputs."""


class Silent(ChainableUndefined):
    """What is not there: false, empty, before and after nothing, and nothing when printed."""

    __slots__ = ()

    def _less(self, _: Any) -> bool:
        return False

    def _same(self) -> "Silent":
        return self

    # Its supertype says that these never return; here they all do.
    __lt__ = __le__ = __gt__ = __ge__ = _less  # type: ignore[assignment]
    __neg__ = __pos__ = _same  # type: ignore[assignment]


class View:
    """Named facts about one subject. A fact that cannot be computed is None, and prints nothing."""

    __slots__ = ("_known", "_subject", "_table")

    def __init__(self, table: Table, subject: Any) -> None:
        self._table = table
        self._subject = subject
        self._known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        """Return a fact. Raises KeyError for a name that is none."""
        if name not in self._known:
            compute = self._table[name]
            try:
                self._known[name] = compute(self._subject)
            except FAILURES:
                self._known[name] = None
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._table

    def __repr__(self) -> str:
        return ""


class Tools(dict[str, Any]):
    """Named functions and facts that a template may use."""


def entry(value: Any, name: Any) -> Any:
    """Return an entry of a list, text or mapping, or a fact. Raises LookupError or TypeError where there is none."""
    if isinstance(value, tuple) and isinstance(name, str) and name in getattr(value, "_fields", ()):
        return getattr(value, name)
    if isinstance(value, str | dict | list | tuple | View):
        return value[name]
    if (isinstance(value, LoopContext) and name in LOOP_FACTS) or (isinstance(value, Namespace) and name[0] != "_"):
        return getattr(value, name)
    raise KeyError(name)


def number(value: Any) -> Any:
    """Return a number of 64 bits. Raises LanguageError for any other value."""
    if isinstance(value, int) and -(1 << 63) <= value < 1 << 63:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise LanguageError("a number beyond 64 bits" if isinstance(value, int | float) else "no number where one belongs")


def plain(value: Any) -> str:
    """Return a value as text: lists by commas, mappings as JSON, nothing for what has no text."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int | float):
        return str(number(value))
    if isinstance(value, list | tuple):
        return ", ".join(plain(one) for one in value)
    return dump(value) if isinstance(value, dict) else ""


def dump(value: Any, sort_keys: bool = True) -> str:  # noqa: FBT001, FBT002 (json's own)
    """Return compact JSON text; what JSON has no form for becomes empty text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=sort_keys, separators=(",", ":"), default=lambda _: "")
