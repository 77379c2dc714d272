"""The filters and tests of templates: all there are. What they take and make is bounded and paid for by the engine."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from jinja2 import filters, tests
from jinja2.runtime import Context
from jinja2.utils import pass_context

from sinks.render.sandbox.texts import join, pad, percent, replace
from sinks.render.sandbox.tools import to_json
from sinks.render.sandbox.values import LanguageError, number, plain
from sinks.render.sandbox.work import bounded
from sinks.render.times import format_time, local

_MOST_DIGITS = 15
_LONGEST_NUMBER = 64
_WIDEST = 1000
_WORD = re.compile(r"\w+")


def _integer(value: Any, default: Any = 0, base: int = 10) -> Any:
    return _read(lambda given: filters.do_int(given, None, base), value, default)  # type: ignore[arg-type]


def _floating(value: Any, default: Any = 0.0) -> Any:
    return _read(float, value, default)


def _read(read: Callable[[Any], Any], value: Any, default: Any) -> Any:
    try:
        return number(read(value[:_LONGEST_NUMBER] if isinstance(value, str) else value))
    except (TypeError, ValueError, OverflowError, LanguageError):
        return default


def _rounded(value: Any, precision: int = 0, method: str = "common") -> Any:
    return filters.do_round(number(value), max(bounded(precision, _MOST_DIGITS), -_MOST_DIGITS), method)  # type: ignore[arg-type]


def _truncated(text: str, length: int = 255, killwords: bool = False, end: str = "...", leeway: int = 5) -> str:  # noqa: FBT001, FBT002 (jinja's)
    if len(text) <= length + leeway:
        return text
    end = end[: max(length, 0)]
    kept = text[: max(length - len(end), 0)]
    return (kept if killwords else kept.rsplit(" ", 1)[0]) + end


def _indented(text: str, width: Any = 4, first: bool = False, blank: bool = False) -> str:  # noqa: FBT001, FBT002 (jinja's)
    indent = width if isinstance(width, str) else " " * bounded(width, _WIDEST)
    bounded(len(text) + len(indent) * (text.count("\n") + 1))
    return filters.do_indent(text, indent, first, blank)


def _url_text(value: Any) -> str:
    if isinstance(value, dict):
        return "&".join(f"{quote(plain(name), '')}={quote(plain(one), '')}" for name, one in value.items())
    return quote(plain(value), "/")


@pass_context
def _joined(context: Context, parts: Any, separator: Any = "", attribute: Any = None) -> str:
    if attribute is not None:
        parts = [context.environment.getitem(part, attribute) for part in parts]
    return join(plain(separator), parts)


@pass_context
def _summed(context: Context, values: Any, attribute: Any = None, start: Any = 0) -> Any:
    get = context.environment.getitem
    return sum((number(one if attribute is None else get(one, attribute)) for one in values), number(start))


@pass_context
def _time(context: Context, second: float, pattern: str = "YYYY-MM-DD HH:mm:ss") -> str:
    return format_time(local(second, context.facts["_zone"]), pattern)  # type: ignore[attr-defined]


OF_TEXT: Mapping[str, Callable[..., Any]] = {
    "capitalize": filters.do_capitalize,
    "center": lambda text, width=80: pad(str.center, text, width),
    "format": lambda text, *listed, **named: percent(text, named or listed),
    "indent": _indented,
    "lower": str.lower,
    "replace": lambda text, old, new, times=-1: replace(text, plain(old), plain(new), times),
    "string": str,
    "title": filters.do_title,
    "trim": filters.do_trim,
    "truncate": _truncated,
    "upper": str.upper,
    "wordcount": lambda text: sum(1 for _ in _WORD.finditer(text)),
}
"""Filters that take a value as its text."""
FILTERS: Mapping[str, Callable[..., Any]] = {
    **OF_TEXT,
    "abs": lambda value: abs(number(value)),
    "count": len,
    "d": filters.do_default,
    "default": filters.do_default,
    "dictsort": filters.do_dictsort,
    "filesizeformat": lambda value, binary=False: filters.do_filesizeformat(number(float(value)), binary),
    "first": filters.do_first,
    "float": _floating,
    "groupby": filters.do_groupby,
    "int": _integer,
    "items": filters.do_items,
    "join": _joined,
    "last": filters.do_last,
    "length": len,
    "list": list,
    "map": filters.do_map,
    "max": filters.do_max,
    "min": filters.do_min,
    "reject": filters.do_reject,
    "rejectattr": filters.do_rejectattr,
    "reverse": filters.do_reverse,
    "round": _rounded,
    "select": filters.do_select,
    "selectattr": filters.do_selectattr,
    "sort": filters.do_sort,
    "sum": _summed,
    "time": _time,
    "tojson": to_json,
    "unique": filters.do_unique,
    "urlencode": _url_text,
}
ESCAPES = ("e", "escape", "forceescape")
"""Filters that are the engine's own."""
KEEPS_MARKUP = ("d", "default", "first", "last", "list", "trim")
"""Filters that hand their value on, so that a ready-made row stays one."""
OF_NOTHING = ("count", "float", "int", "join", "length", "list", "string", "sum", "wordcount")
"""Filters that take what is not there as empty; of most others the result is not there either."""
ANY_LENGTH = ("count", "d", "default", "length", "truncate")
"""Filters that take a text of any length, such as the description of an event, and read little of it."""
WHOLE = ("string", "tojson")
"""Filters that take a text as long as a rendering may be."""
BY_NAME = (
    "groupby",
    "join",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "select",
    "selectattr",
    "sort",
    "sum",
    "unique",
)
"""Filters that take the name of an attribute, a filter or a test."""
LONGEST_NAME = 200
SHALLOW = (
    "count", "d", "default", "first", "items", "last", "length", "list", "map",
    "reject", "rejectattr", "select", "selectattr",
)  # fmt: skip
"""Filters that hand the members of a list on and look into none of them."""

TESTS: Mapping[str, Any] = {
    name: test for name, test in tests.TESTS.items() if name not in ("callable", "escaped", "filter", "test")
}
