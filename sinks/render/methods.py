"""What templates may call on built-in values: reading methods only, each bounded in what it makes."""

import string
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import re2
from jinja2.exceptions import SecurityError

from sinks.render.work import MAX_OUTPUT

MAX_WIDTH = 1000
"""Characters that padding may add, and the largest width or precision of a format."""

_WIDTHS = re2.compile(r"[0-9]{4,}")
_PERCENT_STAR = re2.compile(r"%[^a-zA-Z%]*\*")

_TEXT = (
    "capitalize", "casefold", "count", "endswith", "find", "index", "isalnum", "isalpha", "isascii", "isdecimal",
    "isdigit", "islower", "isnumeric", "isspace", "istitle", "isupper", "lower", "lstrip", "partition", "removeprefix",
    "removesuffix", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip",
    "swapcase", "title", "upper",
)  # fmt: skip
_SEQUENCE = ("count", "index")
_MAPPING = ("get", "items", "keys", "values")
_FLOAT = ("is_integer",)


def too_large(what: str) -> SecurityError:
    """Return the error for a result that would be larger than a rendering may be."""
    return SecurityError(f"{what} is too large")


def join(separator: str, parts: Any) -> str:
    """Join the texts of the parts."""
    texts = [str(part) for part in parts]
    if sum(map(len, texts)) + len(separator) * len(texts) > MAX_OUTPUT:
        raise too_large("a joined text")
    return separator.join(texts)


def replace(text: str, old: str, new: str, count: int = -1) -> str:
    """Replace occurrences."""
    times = text.count(old) if count < 0 else min(count, text.count(old))
    if len(text) + times * len(new) > MAX_OUTPUT:
        raise too_large("a replaced text")
    return text.replace(old, new, count)


def padded(pad: Callable[..., str], width: int, *fill: str) -> str:
    """Pad a text to a bounded width."""
    if width > MAX_WIDTH:
        raise too_large("a width")
    return pad(width, *fill)


def percent_format(text: str, values: Any) -> str:
    """Return `text % values`."""
    if _WIDTHS.search(text) or _PERCENT_STAR.search(text):
        raise too_large("a width")
    made: str = text % values
    if len(made) > MAX_OUTPUT:
        raise too_large("a formatted text")
    return made


class _Formatter(string.Formatter):
    """`str.format` that looks fields up as the sandbox does and takes no computed or large width."""

    def __init__(self, look_up: Callable[[Any, Any], Any]) -> None:
        self._look_up = look_up

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        first, _, rest = field_name.replace("[", ".").replace("]", "").partition(".")
        value = self.get_value(int(first) if first.isdigit() else first, args, kwargs)
        for name in rest.split(".") if rest else ():
            value = self._look_up(value, int(name) if name.isdigit() else name)
        return value, first

    def format_field(self, value: Any, format_spec: str) -> str:
        if "{" in format_spec or _WIDTHS.search(format_spec):
            raise too_large("a width")
        plain = value if isinstance(value, str | int | float) else str(value)
        return format(plain, format_spec)


def format_text(look_up: Callable[[Any, Any], Any], text: str, *args: Any, **kwargs: Any) -> str:
    """Return `text.format(...)`."""
    if "{" in text and any("{" in (spec or "") for _, _, spec, _ in string.Formatter().parse(text)):
        raise too_large("a computed width")
    made = _Formatter(look_up).vformat(text, args, kwargs)
    if len(made) > MAX_OUTPUT:
        raise too_large("a formatted text")
    return made


def method_of(value: Any, name: str, look_up: Callable[[Any, Any], Any]) -> Any:
    """Return the bounded form of a reading method, or None where templates may not have it."""
    if isinstance(value, str):
        return _text_method(str(value), name, look_up)
    allowed: Sequence[str] = ()
    if isinstance(value, dict):
        allowed = _MAPPING
    elif isinstance(value, list | tuple | range):
        allowed = _SEQUENCE
    elif isinstance(value, float):
        allowed = _FLOAT
    return getattr(value, name) if name in allowed else None


def _text_method(text: str, name: str, look_up: Callable[[Any, Any], Any]) -> Any:
    if name in _TEXT:
        return getattr(text, name)
    own: dict[str, Callable[..., Any]] = {
        "join": partial(join, text),
        "replace": partial(replace, text),
        "format": partial(format_text, look_up, text),
        "center": partial(padded, text.center),
        "ljust": partial(padded, text.ljust),
        "rjust": partial(padded, text.rjust),
        "zfill": partial(padded, text.zfill),
    }
    return own.get(name)
