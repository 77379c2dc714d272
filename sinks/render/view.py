"""A namespace of facts that are computed when a template asks for them."""

from collections.abc import Callable, Mapping
from typing import Any

Table = Mapping[str, Callable[[Any], Any]]
"""Name -> how the fact is computed from the subject."""

FAILURES = (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError)
"""What computing from data of any shape may raise."""


class View:
    """Named facts about one subject. A fact that cannot be computed is None, and prints nothing."""

    __slots__ = ("_known", "_subject", "_table")

    def __init__(self, table: Table, subject: Any) -> None:
        self._table = table
        self._subject = subject
        self._known: dict[str, Any] = {}

    def fact(self, name: str) -> Any:
        """Return a fact. Raises KeyError for a name that is none."""
        if name not in self._known:
            compute = self._table[name]
            try:
                self._known[name] = compute(self._subject)
            except FAILURES:
                self._known[name] = None
        return self._known[name]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self.fact(name)
        except KeyError:
            raise AttributeError(name) from None

    def __contains__(self, name: object) -> bool:
        return name in self._table


class Tools:
    """Named functions that a template may call."""

    __slots__ = ("_functions",)

    def __init__(self, functions: Mapping[str, Any]) -> None:
        self._functions = functions

    def fact(self, name: str) -> Any:
        """Return a function. Raises KeyError for a name that is none."""
        return self._functions[name]
