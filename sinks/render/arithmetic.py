"""The operators of templates that can make large values, each bounded."""

from collections.abc import Callable, Mapping
from typing import Any

from sinks.render.methods import percent_format, too_large
from sinks.render.work import MAX_OUTPUT

_MAX_BITS = 4096
_MAX_EXPONENT = 1000


def bounded(text: str) -> str:
    """Return the text. Raises SecurityError for one that no rendering may hold."""
    if len(text) > MAX_OUTPUT:
        raise too_large("a text")
    return text


def _multiplied(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        if left.bit_length() + right.bit_length() > _MAX_BITS:
            raise too_large("a number")
        return left * right
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, str | list | tuple) and isinstance(times, int) and len(sequence) * times > MAX_OUTPUT:
            raise too_large("a repeated text or list")
    return left * right


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int):
        large = abs(exponent) > _MAX_EXPONENT or base.bit_length() * abs(exponent) > _MAX_BITS
        if large and abs(base) > 1:
            raise too_large("a number")
    return base**exponent


def _remainder(left: Any, right: Any) -> Any:
    return percent_format(left, right) if isinstance(left, str) else left % right


def _added(left: Any, right: Any) -> Any:
    if isinstance(left, str) and isinstance(right, str):
        return bounded(left + right)
    return left + right


BINOPS: Mapping[str, Callable[[Any, Any], Any]] = {"+": _added, "*": _multiplied, "**": _power, "%": _remainder}
