"""What an operator asks for: ack, close, assign, comment, shield, unshield (design.md 8; replay.md)."""

from typing import Any

import msgspec


class Command(msgspec.Struct, frozen=True, gc=False):
    """One command of an operator."""

    command: str
    operator: str = ""
    message: str = ""
    alert_id: str | None = None
    dedupe_md5: str | None = None
    appointee: tuple[str, ...] = ()
    shield: dict[str, Any] | None = None
    id: str | int | None = None
    """Of a shield."""


ON_ALERTS = frozenset({"ack", "close", "assign", "comment"})
ON_SHIELDS = frozenset({"shield", "unshield"})
