"""What a courier tells whoever counts."""

from typing import Protocol

from operators.deliver.delivery import BuryReason
from sinks.outbox import Depth


class Observer(Protocol):
    """Called from the courier's threads: quick, and safe from several at once."""

    def on_result(self, way: str, *, ok: bool, seconds: float) -> None:
        """Count one attempt; `ok` = it left nobody to be tried again."""
        ...

    def on_buried(self, way: str, reason: BuryReason) -> None:
        """Count a notice given up."""
        ...

    def on_depth(self, depth: Depth) -> None:
        """Show what waits; called every few seconds."""
        ...


class Silent:
    """Counts nothing."""

    def on_result(self, way: str, *, ok: bool, seconds: float) -> None:
        """Ignore."""

    def on_buried(self, way: str, reason: BuryReason) -> None:
        """Ignore."""

    def on_depth(self, depth: Depth) -> None:
        """Ignore."""
