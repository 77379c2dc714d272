"""Where a job keeps things that was told to keep everything in one directory."""

from pathlib import Path

import msgspec

from flows.settings.sections import OutboxSettings, RecoverySettings, StoreSettings
from flows.settings.settings import Settings


def recovery_under(settings: Settings, data: str) -> RecoverySettings:
    """Return where a job keeps its snapshots that was told to keep everything in one directory."""
    return msgspec.structs.replace(settings.recovery, directory=f"{data}/recovery")


def outbox_under(settings: Settings, data: str | None) -> OutboxSettings:
    """Return where notices of a job wait that keeps everything in one directory, if it does; a place that was named stays."""
    if not data or settings.outbox.dsn != OutboxSettings().dsn:
        return settings.outbox
    return msgspec.structs.replace(settings.outbox, dsn=f"{data}/outbox.sqlite3")


def store_under(settings: Settings, data: str | None) -> StoreSettings:
    """Return the same of its documents."""
    if not data or settings.store.dsn != StoreSettings().dsn:
        return settings.store
    return msgspec.structs.replace(settings.store, dsn=f"{data}/tocsin.sqlite3")


def commands_file(settings: Settings, data: str | None = None) -> str:
    """Return where a job without Kafka finds commands: as set, else in its data directory, else beside its store."""
    if settings.source.commands:
        return settings.source.commands
    dsn = settings.store.dsn.removeprefix("sqlite:///")
    directory = data or ("data" if "://" in dsn else Path(dsn).parent)
    return f"{directory}/commands.jsonl"
