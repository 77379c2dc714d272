"""A record's fields to a command, or why they are none."""

from typing import Any

import msgspec

from operators.intake.decode import Refusal
from operators.model.command import ON_ALERTS, ON_SHIELDS, Command, CommandDocument
from operators.model.identity import digest
from operators.model.reason import DeadReason

replace = msgspec.structs.replace


def outcome(command: Command, source: str, position: str, time: int, refusal: Refusal | None = None) -> CommandDocument:
    """Return what became of a command; one without an id has that of its place in the stream."""
    document = CommandDocument(
        id=command.command_id or digest("command", f"{source}:{position}"),
        time=time,
        command=command.command,
        operator=command.operator,
        message=command.message,
        alert_id=command.alert_id,
        dedupe_md5=command.dedupe_md5,
        shield_id=_shield_id(command),
        until=command.until,
        origin=command.origin or source,
    )
    if refusal is None:
        return document
    return replace(document, outcome="refused", reason=refusal.reason, detail=refusal.detail)


def _shield_id(command: Command) -> str | None:
    name = command.id if command.shield is None else command.shield.get("id")
    return None if name is None else str(name)


def read_command(fields: dict[str, Any]) -> Command | Refusal:
    """Return the command that a record holds, or why it holds none."""
    try:
        command = msgspec.convert({key: value for key, value in fields.items() if value is not None}, Command)
    except msgspec.ValidationError as error:
        missing = "missing required field" in str(error)
        return Refusal(DeadReason.MISSING_FIELD if missing else DeadReason.WRONG_TYPE, f"command: {error}")
    if command.command not in ON_ALERTS | ON_SHIELDS:
        return Refusal(DeadReason.UNKNOWN_COMMAND, f"`command`: {command.command[:80]!r}")
    return _complete(command)


def _complete(command: Command) -> Command | Refusal:
    missing = None
    if command.command in ON_ALERTS and not (command.alert_id or command.dedupe_md5):
        missing = "alert_id"
    elif command.command == "assign" and not command.appointee:
        missing = "appointee"
    elif command.command == "shield" and command.shield is None:
        missing = "shield"
    elif command.command == "unshield" and command.id is None:
        missing = "id"
    return Refusal(DeadReason.MISSING_FIELD, f"`{missing}`: missing") if missing else command
