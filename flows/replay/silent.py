"""Notices without words: of a replay that is only compared, nobody reads them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from operators.model.alert import Alert
from operators.model.records import Message
from operators.rules.book import RuleBook
from operators.rules.shapes.model import Strategy


class Wordless(NamedTuple):
    """A message that was put into no words."""

    title: str = ""
    content: str = ""
    error: str | None = None
    config: dict[str, Any] | None = None


NOTHING = Wordless()


def wordless(
    message: Message, alerts: Sequence[Alert], strategy: Strategy | None, book: RuleBook, now: int  # noqa: ARG001 - a renderer
) -> Wordless:  # fmt: skip
    """Return no words for a message."""
    return NOTHING if message.config is None else Wordless(config=message.config)
