"""The helpers a template may call: `json`, `re` and `arrow` (spec/notices.md 5.2)."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import islice
from typing import Any

import re2
from jinja2.runtime import Context
from jinja2.utils import pass_context

from sinks.render.sandbox.values import LanguageError, Tools, dump, number
from sinks.render.sandbox.work import TOO_DEEP, bounded
from sinks.render.times import format_time, local, zone_or

_LONGEST_PATTERN = 500
_LARGEST_PROGRAM = 1 << 20
_MATCHES = 5000
_LARGEST_INDENT = 8
_COMPILING = 500
_STEPS, _MORE_STEPS = 512, 4096
"""Steps of a pattern's program over a text that are one unit: for a first match, and for each further one."""
_DEFAULT_FORMAT = "YYYY-MM-DD HH:mm:ssZZ"


def _refuse(constant: str) -> Any:
    raise LanguageError(f"{constant} is no number of JSON")


def read_json(text: str) -> Any:
    """Return what JSON text says. Raises ValueError or LanguageError, also for numbers beyond 64 bits."""
    try:
        return json.loads(
            text,
            parse_constant=_refuse,
            parse_float=lambda digits: number(float(digits)),
            parse_int=lambda digits: number(int(digits)),
        )
    except RecursionError:
        raise LanguageError(TOO_DEEP) from None


def to_json(value: Any, indent: int | None = None, sort_keys: bool = True) -> str:  # noqa: FBT001, FBT002 (json's own)
    """Return a value as JSON text."""
    made = dump(value, sort_keys)
    if indent is None:
        return made
    bounded(len(made))
    width = bounded(indent, _LARGEST_INDENT)
    return json.dumps(value, ensure_ascii=False, indent=width, sort_keys=sort_keys, default=lambda _: "")


JSON = Tools({"loads": read_json, "dumps": to_json})


@lru_cache(maxsize=256)
def _pattern(text: str) -> Any:
    options = re2.Options()
    options.log_errors, options.max_mem = False, _LARGEST_PROGRAM
    try:
        return re2.compile(text, options) if len(text) <= _LONGEST_PATTERN else None
    except re2.error:
        return None


def _searching(context: Context, pattern: str, text: str) -> tuple[Any, int]:
    """Return the pattern, and the units of each match behind the first; the first is paid for here."""
    context.budget.spend(_COMPILING)  # type: ignore[attr-defined]
    found = _pattern(str(pattern))
    if found is None:
        raise LanguageError(f"invalid pattern {str(pattern)[:64]!r}")
    steps = found.programsize * len(text)
    context.budget.spend(steps // _STEPS)  # type: ignore[attr-defined]
    return found, 1 + steps // _MORE_STEPS


def _one(name: str) -> Callable[..., Tools | None]:
    @pass_context
    def call(context: Context, pattern: str, text: str) -> Tools | None:
        found = getattr(_searching(context, pattern, text)[0], name)(text)
        return found and Tools({part: getattr(found, part) for part in MATCH})

    return call


MATCH = ("group", "groups", "start", "end")
"""The functions of a match."""


def _matches(context: Context, pattern: str, text: str, most: int = 0) -> Iterator[Any]:
    compiled, price = _searching(context, pattern, text)
    for place, found in enumerate(islice(compiled.finditer(text), most or None)):
        bounded(place, _MATCHES)
        context.budget.spend(price)  # type: ignore[attr-defined]
        yield found


@pass_context
def _find_all(context: Context, pattern: str, text: str) -> list[Any]:
    return [found.groups("") if found.groups() else found.group() for found in _matches(context, pattern, text)]


@pass_context
def _substitute(context: Context, pattern: str, replacement: str, text: str, count: int = 0) -> str:
    pieces, end, size = list[str](), 0, len(text)
    for found in _matches(context, pattern, text, count):
        size = bounded(size + len(replacement) * (1 + len(found.group())))
        pieces += (text[end : found.start()], found.expand(replacement))
        end = found.end()
    return "".join((*pieces, text[end:]))


@pass_context
def _split(context: Context, pattern: str, text: str, maxsplit: int = 0) -> list[str]:
    edges = [0, *(edge for found in _matches(context, pattern, text, maxsplit) for edge in found.span()), len(text)]
    return [text[begin:end] for begin, end in zip(edges[::2], edges[1::2], strict=True)]


RE = Tools(
    {
        **{name: _one(name) for name in ("search", "match", "fullmatch")},
        "find": _find_all,
        "findall": _find_all,
        "sub": _substitute,
        "split": _split,
        "escape": lambda text: re2.escape(text[:_LONGEST_PATTERN]),
    }
)


def _moment(moment: datetime, zone: tzinfo) -> Tools:
    return Tools(
        {
            "format": lambda pattern=_DEFAULT_FORMAT, *_: format_time(moment, pattern),
            "isoformat": moment.isoformat,
            "timestamp": int(moment.timestamp()),
            "to": lambda name: _moment(moment.astimezone(zone_or(name, zone)), zone),
            "shift": lambda **by: _moment(moment + timedelta(**by), zone),
            "weekday": moment.weekday,
            **{name: getattr(moment, name) for name in ("year", "month", "day", "hour", "minute", "second")},
        }
    )


def _read_moment(value: Any, zone: tzinfo) -> datetime:
    if isinstance(value, str) and not value.strip().isdigit():
        read = datetime.fromisoformat(value.strip())
        return read if read.tzinfo else read.replace(tzinfo=UTC)
    return local(int(value), zone)


def arrow(now: int, zone: tzinfo) -> Tools:
    """Return the `arrow` helper; its now is the notice's."""
    made: dict[str, Any] = {
        "now": lambda name=None: _moment(local(now, zone_or(name, zone)), zone),
        "utcnow": lambda: _moment(local(now, UTC), zone),
        "get": lambda value=now, tzinfo=None: _moment(_read_moment(value, zone_or(tzinfo, UTC)), zone),
    }
    return Tools(made)
