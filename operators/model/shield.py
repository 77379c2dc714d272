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
        """Its last second, or the one at which a command ended it."""
        end = int(self.shield.get("end_time") or 0) if isinstance(self.shield.get("end_time"), (int, float)) else 0
        return end if self.ended is None else min(self.ended, end or self.ended)

    def is_over(self, now: float) -> bool:
        """Return True if it holds no longer: it holds through its last second, but not in the one in which it was ended."""
        return self.ends < int(now) or (self.ended is not None and self.ended <= now)
