"""Where a page ends, as a text that is given back to read on: the sort values of its last document."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

import msgspec

Values = tuple[int | str, ...]
_decode = msgspec.json.Decoder(tuple[int | str, ...]).decode


class CursorError(ValueError):
    """A text that is no cursor of ours, or one of another order."""


def cursor(*values: int | str) -> str:
    """Return sort values as a text that fits an address."""
    return urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def read_cursor(text: str, kinds: Sequence[type]) -> Values:
    """Return the sort values of a cursor; they must be of these kinds. Raises CursorError."""
    try:
        values = _decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, msgspec.DecodeError) as error:
        raise CursorError(f"{text[:80]!r} is no place to read on from") from error
    if [type(value) for value in values] != list(kinds):
        raise CursorError(f"{text[:80]!r} is a place in another order")
    return values
