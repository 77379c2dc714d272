"""What an operator asks for: ack, unack, close, assign, comment, shield, unshield (design.md 8; replay.md)."""

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
    until: int | None = None
    """Of an ack: the Unix second at which it ends by itself; None = it holds until it is taken back."""
    command_id: str = ""
    """Under which whoever asked finds what became of it."""
    origin: str = ""
    """Where it was given, as whoever passed it on says: console, command line, gateway and for which format."""


class CommandDocument(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What became of a command: who asked for what, when, and whether it was done (design.md 7.62)."""

    id: str
    time: int
    command: str
    operator: str = ""
    message: str = ""
    alert_id: str | None = None
    dedupe_md5: str | None = None
    shield_id: str | None = None
    outcome: str = "applied"
    """applied or refused."""
    reason: str = ""
    """Of a refusal, as in the dead letters."""
    detail: str = ""
    until: int | None = None
    """Of an ack with an end: its Unix second."""
    origin: str = ""
    """Where it was given; where nobody said so, the topic or file that it was read from."""


ON_ALERTS = frozenset({"ack", "unack", "close", "assign", "comment"})
ON_SHIELDS = frozenset({"shield", "unshield"})
