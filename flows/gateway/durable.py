"""What keeps lines before a request is answered: a spool of our own, or a topic; and why it may not."""

from collections.abc import Sequence
from typing import Literal, Protocol

Kind = Literal["event", "command"]


class NotKeptError(Exception):
    """Lines that are not durable, so that nobody may be told they are. The text is for the sender."""

    status = 503


class BusyError(NotKeptError):
    """Too much waits already: come again in a second."""

    status = 429


class NoRoomError(NotKeptError):
    """The disk is full."""

    status = 507


class Durable(Protocol):
    """Where lines go. `keep` returns once they would be there after a power cut, and never before."""

    @property
    def trouble(self) -> str:
        """Why nothing can be kept now; empty if all is well."""
        ...

    async def keep(self, lines: Sequence[bytes], at: int, kind: Kind = "event") -> None:
        """Make lines that arrived at a second durable. Raises NotKeptError."""
        ...

    def close(self) -> None:
        """Write what waits, and let go."""
        ...


class Pressure:
    """Bounds what waits to become durable: bytes in flight. Ages are the writer's to watch."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0

    @property
    def held(self) -> int:
        """Bytes that wait."""
        return self._held

    def take(self, size: int) -> None:
        """Let bytes in. Raises BusyError."""
        if self._held and self._held + size > self._most:
            raise BusyError(f"{self._held} bytes wait to be written; {self._most} may")
        self._held += size

    def give(self, size: int) -> None:
        """Let bytes out."""
        self._held -= size
