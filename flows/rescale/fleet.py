"""The workers of a job, wherever they run: what a rescale asks of whoever keeps them."""

from typing import Protocol


class FleetError(Exception):
    """Workers that cannot be asked, or refuse; the text says why."""


class Fleet(Protocol):
    """Keeps a number of workers running; each call may be repeated."""

    def workers(self) -> int:
        """Return for how many workers the job is set up, whether or not they run. Raises FleetError."""

    def running(self) -> int:
        """Return how many still run. Raises FleetError."""

    def ready(self) -> int:
        """Return how many have their state and their partitions. Raises FleetError."""

    def stop(self) -> None:
        """Ask all of them to end, each with a last snapshot and its part of a savepoint. Raises FleetError."""

    def start(self, workers: int) -> None:
        """Set the job up for so many workers and start them. Raises FleetError."""
