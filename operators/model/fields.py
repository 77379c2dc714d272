"""One field of JSON as a value of its type, or an error that names the field."""

import math
from collections.abc import Callable
from typing import Any, TypeVar

from operators.model.bounds import LAST_SECOND, LEAST, MOST
from operators.model.reason import DeadReason

T = TypeVar("T")


class FieldError(ValueError):
    """A field that cannot be used; the text names it."""

    def __init__(self, reason: DeadReason, field: str, problem: str) -> None:
        super().__init__(f"`{field}`: {problem}")
        self.reason = reason


def whole_number(value: Any, field: str) -> int:
    """Return a time in whole seconds from 0 to the last ten-digit one; a fraction is cut off."""
    if type(value) is int:
        number = value
    elif _is_digits(value) or (isinstance(value, float) and math.isfinite(value)):
        number = int(value)
    else:
        raise FieldError(DeadReason.WRONG_TYPE, field, f"expected Unix seconds, got {short(value)}")
    if not 0 <= number <= LAST_SECOND:
        raise FieldError(DeadReason.BAD_VALUE, field, f"{short(value)} is no time in Unix seconds")
    return number


def _is_digits(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(LAST_SECOND))


def short(value: Any) -> str:
    """Return a value as it may stand in a line for people."""
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."  # noqa: PLR2004 - a readable line


def optional(value: Any, field: str, clean: Callable[[Any, str], T]) -> T | None:
    """Return the value of a field that may be missing."""
    return None if value is None else clean(value, field)


def required(value: Any, field: str) -> str:
    """Return the text of a field that must be there."""
    if type(value) is str and value:
        return value
    if value is None or value == "":
        raise FieldError(DeadReason.MISSING_FIELD, field, "missing")
    return text(value, field)


def text(value: Any, field: str) -> str:
    """Return text; a number is taken for its digits."""
    if type(value) is str:
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise FieldError(DeadReason.WRONG_TYPE, field, f"expected text, got {short(value)}")


def name_or_number(value: Any, field: str) -> str | int:
    """Return an id: a whole number or text."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise FieldError(DeadReason.WRONG_TYPE, field, f"expected a whole number or text, got {short(value)}")
    return value if isinstance(value, str) or LEAST <= value <= MOST else str(value)


def texts(value: Any, field: str) -> tuple[str, ...]:
    """Return a list of texts; one text is a list of one."""
    if isinstance(value, list):
        return tuple(text(member, f"{field}[{n}]") for n, member in enumerate(value) if member is not None)
    return (text(value, field),)
