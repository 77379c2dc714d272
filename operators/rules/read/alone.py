"""One document of a shape that stands in no rule file: a setting, a command."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from operators.rules.shapes.shape import place_text, read
from operators.rules.shapes.words import Reading, zone_named

_Shape = TypeVar("_Shape", bound=msgspec.Struct)


def read_alone(
    document: object,
    shape: type[_Shape],
    *,
    check_template: Callable[[str], str | None] | None = None,
    time_zone: str = "UTC",
) -> tuple[_Shape | None, list[str]]:
    """Return a document as a value of a shape, in its normal form, or None and what is wrong: `place: reason`.

    What the document names is not looked for.
    """
    reading = Reading(zone_named(time_zone), check_template or (lambda _: None))
    value = read(document, shape, reading)
    return value, [": ".join(part for part in (place_text(place), reason) if part) for place, reason in reading.errors]
