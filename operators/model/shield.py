"""A shield that was set by command, as a document: what it is, who set it and why, and when it was ended (design.md 7.62)."""

from typing import Any

import msgspec


class ShieldDocument(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The newest form of one; the later `time` counts."""

    id: str
    time: int
    """When it was set, changed or ended; Unix seconds."""
    shield: dict[str, Any]
    """A document of kind shields, as it was given."""
    operator: str = ""
    message: str = ""
    ended: int | None = None
    """When a command ended it."""

    @property
    def ends(self) -> int:
        """When it holds no longer."""
        end = int(self.shield.get("end_time") or 0) if isinstance(self.shield.get("end_time"), (int, float)) else 0
        return end if self.ended is None else min(self.ended, end or self.ended)
