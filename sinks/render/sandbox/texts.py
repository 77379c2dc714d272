"""What a template may do with texts and numbers: everything is bounded before it is made."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from sinks.render.sandbox.values import LanguageError, number, plain
from sinks.render.sandbox.work import bounded

_TEXT = (
    "capitalize", "casefold", "count", "endswith", "find", "index", "isalnum", "isalpha", "isascii", "isdecimal",
    "isdigit", "islower", "isnumeric", "isspace", "istitle", "isupper", "lower", "lstrip", "partition", "removeprefix",
    "removesuffix", "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper",
)  # fmt: skip
_WIDEST = 1000
_LONGEST_NEEDLE = 100
_LONGEST_NUMBER = 330
"""Characters of a number of 64 bits in any form without a width."""
_LARGEST_POWER = 64
_PERCENTS = re.compile(r"%(?:\([^()]*\))?([-+ #.*\d]*)")
_BRACES = re.compile(r"\{\{|\}\}|\{\w*(?:![sr])?(?::([^{}]*))?\}")
_DIGITS = re.compile(r"\d+")


def join(separator: str, parts: Iterable[Any]) -> str:
    """Join the texts of the parts."""
    texts = [plain(part) for part in parts]
    bounded(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def replace(text: str, old: str, new: str, times: int = -1) -> str:
    """Replace occurrences."""
    found = text.count(old)
    bounded(len(text) + (found if times < 0 else min(times, found)) * len(new))
    return text.replace(old, new, times)


def pad(method: Callable[..., str], text: str, width: int = 80, *fill: str) -> str:
    """Pad a text to a bounded width."""
    return method(text, bounded(width, _WIDEST), *fill)


def _split_from_the_end(text: str, needle: str | None = None, times: int = -1) -> list[str]:
    bounded(len(needle or ""), _LONGEST_NEEDLE)  # looking from the end takes a time that grows with both texts
    return text.rsplit(needle, times)


def _scalar(value: Any) -> Any:
    return number(value) if isinstance(value, int | float) else plain(value)


def _fit(text: str, places: re.Pattern[str], values: Iterable[Any]) -> None:
    """Raise LanguageError if the text could become too long with each value at each place."""
    longest = max((len(value) for value in values if isinstance(value, str)), default=0)
    size = len(text)
    for spec in places.findall(text):
        width = sum(bounded(int(digits), _WIDEST) for digits in _DIGITS.findall(spec))
        size = bounded(size + width + 4 * longest + _LONGEST_NUMBER)


def percent(text: str, values: Any) -> str:
    """Return `text % values`."""
    named = {name: _scalar(value) for name, value in values.items()} if isinstance(values, dict) else {}
    listed = tuple(map(_scalar, values if isinstance(values, list | tuple) else (values,)))
    if any("*" in spec for spec in _PERCENTS.findall(text)):
        raise LanguageError("a computed width")
    _fit(text, _PERCENTS, (*named.values(), *listed))
    return text % (named or listed)


def _braces(text: str, *listed: Any, **named: Any) -> str:
    """Return `text.format(...)`; a field is a place or a name and cannot look into a value."""
    if set("{}") & set(_BRACES.sub("", text)):
        raise LanguageError("a field of format() that is neither a place nor a name")
    values = [_scalar(value) for value in listed], {name: _scalar(value) for name, value in named.items()}
    _fit(text, _BRACES, (*values[0], *values[1].values()))
    return text.format(*values[0], **values[1])


_METHODS: Mapping[type, Mapping[str, Callable[..., Any]]] = {
    str: {
        **{name: getattr(str, name) for name in _TEXT},
        **{name: partial(pad, getattr(str, name)) for name in ("center", "ljust", "rjust", "zfill")},
        "join": join,
        "replace": replace,
        "rsplit": _split_from_the_end,
        "format": _braces,
    },
    dict: {name: getattr(dict, name) for name in ("get", "items", "keys", "values")},
    list: {name: getattr(list, name) for name in ("count", "index")},
    tuple: {name: getattr(tuple, name) for name in ("count", "index")},
    float: {"is_integer": float.is_integer},
}
METHODS = frozenset(name for table in _METHODS.values() for name in table)


def method_of(value: Any, name: str) -> Callable[..., Any] | None:
    """Return the bounded form of a reading method, or None where a template may not have it."""
    found = next((table.get(name) for kind, table in _METHODS.items() if isinstance(value, kind)), None)
    return found and partial(found, str.__str__(value) if isinstance(value, str) else value)


def _times(left: Any, right: Any) -> Any:
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, str | list | tuple):
            bounded(len(sequence) * max(number(times), 0))
            return sequence * times
    return number(left) * number(right)


def _power(base: Any, exponent: Any) -> Any:
    if abs(number(exponent)) > _LARGEST_POWER and abs(number(base)) > 1:
        raise LanguageError(f"a power of more than {_LARGEST_POWER}")
    return number(base) ** number(exponent)


def _plus(left: Any, right: Any) -> Any:
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return [*left, *right]
    return number(left) + number(right)


def _of_numbers(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda left, right: function(number(left), number(right))


BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": _plus,
    "-": _of_numbers(operator.sub),
    "*": _times,
    "/": _of_numbers(operator.truediv),
    "//": _of_numbers(operator.floordiv),
    "%": lambda left, right: percent(left, right) if isinstance(left, str) else number(left) % number(right),
    "**": _power,
}
"""The operators of two values; `+` of texts is the engine's."""
