"""What `--json` prints: one document in one shape, whatever the command (docs/json.md)."""

from collections.abc import Iterable, Sequence
from typing import Any

import click
import msgspec

VERSION = 1
"""Of the shape; a key that is added does not change it."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of a command. Times in it are Unix seconds, durations seconds."""

    tocsin: int = VERSION
    """Version of this shape."""
    kind: str
    """What the items are: docs/json.md says which command answers with which kind."""
    items: Sequence[Any]
    """What was asked for, in the order of the table."""
    total: int
    """How many there are in all; `items` may be fewer."""
    next: str | None = None
    """Give it to `--after` to read on; null: there is no more."""
    summary: dict[str, Any] = {}
    """Figures and sentences about all of it."""


def print_answer(
    kind: str, items: Iterable[Any], *, total: int | None = None, after: str | None = None, **summary: Any
) -> None:
    """Print an answer on a line of its own; `after` is where to read on."""
    found = list(items)
    count = len(found) if total is None else total
    click.echo(msgspec.json.encode(Answer(kind=kind, items=found, total=count, next=after, summary=summary)))
