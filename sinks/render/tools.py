"""The helpers a template may call: `json`, `re` and `arrow` (spec/notices.md 5.2)."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from typing import Any

import re2
from jinja2.exceptions import SecurityError

from sinks.render.methods import too_large
from sinks.render.times import format_time, local, zone_or
from sinks.render.view import Tools
from sinks.render.work import MAX_OUTPUT

REGEX_PRICE = 500
"""Units a call of a `re` helper costs beside its texts: compiling a pattern is dear."""

_MAX_PATTERN = 500
_MAX_MATCHES = 5000
_MAX_INDENT = 8
_DEFAULT_FORMAT = "YYYY-MM-DD HH:mm:ssZZ"


def _known_only(value: Any) -> str:
    return "" if value is None else str(value) if isinstance(value, str) else ""


def dump(value: Any, indent: int | None = None, sort_keys: bool = True) -> str:  # noqa: FBT001, FBT002 (json's own)
    """Return JSON text; what JSON has no form for becomes empty text."""
    if indent is not None and not 0 <= indent <= _MAX_INDENT:
        raise too_large("an indent")
    separators = (",", ":") if indent is None else None
    return json.dumps(
        value, ensure_ascii=False, indent=indent, sort_keys=sort_keys, separators=separators, default=_known_only
    )


JSON = Tools({"loads": json.loads, "dumps": dump})


def _pattern(text: str) -> Any:
    if len(text) > _MAX_PATTERN:
        raise too_large("a pattern")
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error:
        raise ValueError(f"invalid pattern {text[:64]!r}") from None


def _match_view(match: Any) -> Tools | None:
    if match is None:
        return None
    return Tools({"group": match.group, "groups": match.groups, "start": match.start, "end": match.end})


def _matches(pattern: str, text: str) -> Iterator[Any]:
    found = list(islice(_pattern(pattern).finditer(str(text)), _MAX_MATCHES + 1))
    if len(found) > _MAX_MATCHES:
        raise SecurityError("a pattern matches too often")
    yield from found


def _find_all(pattern: str, text: str) -> list[Any]:
    return [match.group() if not match.groups() else match.groups("") for match in _matches(pattern, text)]


def _substitute(pattern: str, replacement: str, text: str, count: int = 0) -> str:
    text, pieces, end, size = str(text), list[str](), 0, 0
    for match in islice(_matches(pattern, text), count or None):
        made = match.expand(str(replacement))
        size += len(made)
        if size > MAX_OUTPUT:
            raise too_large("a replaced text")
        pieces += (text[end : match.start()], made)
        end = match.end()
    return "".join((*pieces, text[end:]))


def _split(pattern: str, text: str, maxsplit: int = 0) -> list[str]:
    text, pieces, end = str(text), list[str](), 0
    for match in islice(_matches(pattern, text), maxsplit or None):
        pieces.append(text[end : match.start()])
        end = match.end()
    return [*pieces, text[end:]]


def _priced(function: Callable[..., Any]) -> Callable[..., Any]:
    function.price = REGEX_PRICE  # type: ignore[attr-defined]
    return function


RE = Tools(
    {
        "search": _priced(lambda pattern, text: _match_view(_pattern(pattern).search(str(text)))),
        "match": _priced(lambda pattern, text: _match_view(_pattern(pattern).match(str(text)))),
        "fullmatch": _priced(lambda pattern, text: _match_view(_pattern(pattern).fullmatch(str(text)))),
        "find": _priced(_find_all),
        "findall": _priced(_find_all),
        "sub": _priced(_substitute),
        "split": _priced(_split),
        "escape": _priced(lambda text: re2.escape(str(text)[:_MAX_PATTERN])),
    }
)


def _moment(moment: datetime, zone: tzinfo) -> Tools:
    return Tools(
        {
            "format": lambda pattern=_DEFAULT_FORMAT, *_: format_time(moment, str(pattern)),
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
    return Tools(
        {
            "now": lambda name=None: _moment(local(now, zone_or(name, zone)), zone),
            "utcnow": lambda: _moment(local(now, UTC), zone),
            "get": lambda value=now, tzinfo=None: _moment(_read_moment(value, zone_or(tzinfo, UTC)), zone),
        }
    )
