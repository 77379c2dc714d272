"""Bounds of a record (design.md 7.59), and whole numbers of 64 bits: what snapshots and stores can hold. JSON knows longer ones."""

from typing import Annotated, Any

import msgspec

LAST_SECOND = 9_999_999_999
"""The last second that ten digits can name: alert ids begin with one."""
MOST_TAGS, MOST_DEDUPE_KEYS = 1000, 100
LEAST, MOST = -(2**63), 2**63 - 1

Second = Annotated[int, msgspec.Meta(ge=0, le=LAST_SECOND)]
Whole = Annotated[int, msgspec.Meta(ge=LEAST, le=MOST)]

LONGEST = len(str(MOST))

_encode = msgspec.msgpack.Encoder().encode


def whole(text: str) -> int | None:
    """Return the whole number that a text of digits names; None for any other text, and for one that is too long."""
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST):
        return None
    number = int(text)
    return number if number <= MOST else None


def fits(value: Any) -> bool:
    """Return True if a value of JSON holds no number that is too long."""
    try:
        _encode(value)
    except OverflowError:
        return False
    return True


def bounded(value: Any) -> Any:
    """Return a value of JSON with each number that is too long as its text."""
    return value if fits(value) else _as_text(value)


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_text(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_as_text(member) for member in value]
    return str(value) if type(value) is int and not fits(value) else value
