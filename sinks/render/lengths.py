"""How long a text may be, and how it is cut (spec/notices.md 4.1)."""

import re
from collections.abc import Callable
from typing import Protocol

from operators.rules.shapes.ways import TABLE

DEFAULT_LIMITS = {way.name: way.limit for way in TABLE if way.limit}
"""Way -> bytes (of sms characters), where the setting `notice.max_length` says nothing."""
DEFAULT_LIMIT = 20_000
"""Bytes of any other way."""

_DOTS = "..."
_HALF_TAG = re.compile(r"<[^<>]*\Z|&[^;\s&<>]{0,8}\Z")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*?(/?)>")
_VOID = ("br", "hr", "img", "meta", "link", "input")


class Cut(Protocol):
    """Shortens a text."""

    def __call__(self, text: str, limit: int, *, chars: bool) -> str:
        """Return the text within the limit, in characters or in bytes of UTF-8."""
        ...


def measure(text: str, *, chars: bool) -> int:
    """Return the length in characters, or in bytes of UTF-8."""
    return len(text) if chars or text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def clip(text: str, limit: int, *, chars: bool) -> str:
    """Return the longest beginning within the limit that ends between characters."""
    if measure(text, chars=chars) <= limit:
        return text
    if limit <= 0:
        return ""
    if chars:
        return text[:limit]
    return text[:limit].encode("utf-8", "surrogatepass")[:limit].decode("utf-8", "ignore")


def cut(text: str, limit: int, *, chars: bool) -> str:
    """Return the text, or its beginning with three dots for its last three characters."""
    kept = clip(text, limit, chars=chars)
    if kept == text:
        return text
    return (kept[:-3] + _DOTS)[: max(limit, 0)]


def cut_html(text: str, limit: int, *, chars: bool) -> str:
    """Cut HTML: never inside a tag or an entity, and what is open at the cut is closed, still within the limit."""
    if measure(text, chars=chars) <= limit:
        return text
    room = limit
    while room > len(_DOTS):
        kept = _HALF_TAG.sub("", clip(text, room - len(_DOTS), chars=chars)) + _DOTS
        closed = kept + "".join(f"</{name}>" for name in reversed(_open_tags(kept)))
        excess = measure(closed, chars=chars) - limit
        if excess <= 0:
            return closed
        room -= max(excess, 1)
    return cut(re.sub(_TAG, "", clip(text, limit, chars=chars)), limit, chars=chars)


def _open_tags(text: str) -> list[str]:
    names: list[str] = []
    for closing, name, closed in _TAG.findall(text):
        if closing:
            while names and names.pop() != name:
                pass
        elif not closed and name.lower() not in _VOID:
            names.append(name)
    return names


def fit(user_content: str, frame: Callable[[str], str], limit: int, *, chars: bool, shorten: Cut = cut) -> str:
    """Return `frame(user_content)` within the limit (0 = none): first the user's part gives way, then the whole."""
    whole = frame(user_content)
    if limit <= 0 or (total := measure(whole, chars=chars)) <= limit:
        return whole
    own = measure(user_content, chars=chars)
    allowed = limit - (total - own) - 1 - user_content.count("\n") - user_content.count("\t")
    whole = frame(shorten(user_content, allowed if allowed > len(_DOTS) else 0, chars=chars))
    return shorten(whole, limit, chars=chars)
