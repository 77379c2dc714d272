"""What every channel is and what it answers."""

from typing import Protocol

from operators.deliver.delivery import Result
from operators.model.records import Notice

__all__ = ["Channel", "Result"]


class Channel(Protocol):
    """One way to reach people.

    `send` blocks for a bounded time (its own hard time-out), never retries, never sleeps, never logs a secret, and is
    safe to call from several threads. It answers one Result for each receiver of the notice; a call that treats all
    receivers as one, such as voice, may answer under the receivers joined by a comma. A receiver without an answer
    counts as failed for now.
    """

    def send(self, notice: Notice) -> dict[str, Result]:
        """Hand the notice to the provider; say how that went for each receiver."""
        ...
