"""The tests in rules of kind `sources`: a record, and what must come of it."""

from collections.abc import Iterator
from typing import Any

import msgspec

from flows.rules.difference import differences
from operators.intake.decode import decode
from operators.intake.formats.by_rule import named, read_as
from operators.intake.formats.format import Made
from operators.model.event import Event
from operators.rules.shapes.source import Source, SourceTest


def source_failures(source: Source) -> Iterator[tuple[int, str]]:
    """Yield (number of the test, what differs) of each test of a rule that does not come out as it says."""
    for number, test in enumerate(source.tests):
        read = read_as(named(source.format, source.id), {source.id: source})
        made = read(msgspec.json.encode(test.input), test.at)
        yield from ((number, reason) for reason in _differences(test, made))


def _differences(test: SourceTest, made: Made) -> Iterator[str]:
    yield from differences("expect", test.expect, [_shown(raw) for raw in made.events])
    said = [f"{one.place}: {one.detail}" for one in made.refused]
    if test.refused and not any(test.refused in one for one in said):
        yield f"refused: expected {test.refused!r}, got {said[0] if said else 'nothing'}"
    elif said and not test.refused:
        yield f"refused: {said[0]}"


def _shown(raw: bytes) -> dict[str, Any]:
    """Return an event as the job takes it, its tags as a mapping."""
    event = decode(raw)
    assert isinstance(event, Event)
    tags = {tag.key: tag.value for tag in event.tags}
    fields: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(event))
    return {**fields, "tags": tags}
