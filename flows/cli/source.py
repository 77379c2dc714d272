"""Where the lines of a replay come from: files, the event archive of a store, or Kafka."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime

import click
import msgspec

from flows.cli.alerts import bare
from flows.cli.fail import fail
from flows.cli.given import read_lone_settings, read_settings
from flows.replay.files import read_lines
from flows.replay.history import archived
from flows.replay.replay import Line
from flows.settings.places import store_under
from flows.settings.settings import Settings
from sinks.store.interface import Store, StoreError
from sinks.store.place import open_store


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the options of a replay say of its lines."""

    inputs: tuple[str, ...]
    format: str
    from_store: bool
    from_kafka: bool
    place: str | None
    data: str | None
    since: int | None
    until: int | None
    businesses: tuple[str, ...]
    settings_path: str | None


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Lines, and what is known of them before they are read."""

    settings: Settings
    lines: Callable[[], Iterable[Line]]
    is_history: bool = False
    """Of what came in: there are no receipts among it, and the clock goes on until nothing is held."""
    span: tuple[int, int] | None = None
    """The first and last second of it, where that is known."""
    until: int | None = None
    """The clock goes on to here after the last line."""


WHERE = "--store PATH|URL, --data DIR or --settings FILE name the store of the job"


def source_of(asked: Asked) -> Source:
    """Return the lines that were asked for. Raises UsageError; ends the command where there are none to be had."""
    if [bool(asked.inputs), asked.from_store, asked.from_kafka].count(True) != 1:
        raise click.UsageError("name one source of events: --input FILE, --from-store or --from-kafka")
    if asked.inputs:
        return _of_files(asked)
    if asked.since is not None and asked.until is not None and asked.since > asked.until:
        raise click.UsageError("--since is later than --until")
    settings = read_settings(asked.settings_path or os.environ.get("TOCSIN_SETTINGS"))
    return _of_store(asked, settings) if asked.from_store else _of_kafka(asked, settings)


def _of_files(asked: Asked) -> Source:
    for option, value in (("--since", asked.since), ("--store", asked.place), ("--data", asked.data)):
        if value is not None:
            raise click.UsageError(f"{option} goes with --from-store or --from-kafka, not with --input")
    return Source(
        settings=read_lone_settings(asked.settings_path),
        lines=lambda: read_lines(asked.inputs, asked.format),
        until=asked.until,
    )


def _of_store(asked: Asked, settings: Settings) -> Source:
    elsewhere = None if asked.data else os.environ.get("TOCSIN_STORE")
    place = asked.place or elsewhere or store_under(settings, asked.data).dsn
    try:
        with closing(open_store(place, read_only=True)) as store:
            held = store.archive_span()
    except StoreError as error:
        fail(f"{error} ({WHERE})")
    since, until = _span(held, asked, bare(place))
    return Source(
        settings=settings,
        lines=lambda: _read(lambda store: archived(store, since, until, asked.businesses), place),
        is_history=True,
        span=(since, until),
        until=until,
    )


def _of_kafka(asked: Asked, settings: Settings) -> Source:
    for option, value in (("--store", asked.place), ("--data", asked.data)):
        if value is not None:
            raise click.UsageError(f"{option} goes with --from-store")
    if not settings.kafka.brokers:
        fail("kafka.brokers: missing; --from-kafka reads the topics that the settings name (--settings FILE)")
    from flows.replay.topics import recorded  # noqa: PLC0415 - the client is slow to import

    now = int(time.time())
    since, until = asked.since or 0, asked.until
    return Source(
        settings=settings,
        lines=lambda: recorded(settings.kafka, os.environ, since, until),
        is_history=True,
        span=(since, min(now, until or now)) if since else None,
        until=until,
    )


def _span(held: tuple[int, int] | None, asked: Asked, place: str) -> tuple[int, int]:
    """Return the part of the archive that was asked for; without an end it goes on to the newest event."""
    if held is None:
        fail(
            f"{place} holds no archived events: the job keeps them unless setting store.events is false, and "
            "`tocsin retain --events DAYS` lets go of old ones; --from-kafka and --input need no archive"
        )
    first, last = held
    since, until = asked.since, last if asked.until is None else asked.until
    if (since is not None and since > last) or until < first:
        fail(f"no event of {place} arrived in that time: its archive holds {moment(first)} to {moment(last)}")
    if since is not None and since < first:
        click.echo(f"the archive begins at {moment(first)}: what came before is not there", err=True)
    return max(first, since or first), until


def _read(read: Callable[[Store], Iterator[Line]], place: str) -> Iterator[Line]:
    with closing(open_store(place, read_only=True)) as store:
        yield from read(store)


def moment(second: int) -> str:
    """Return a second in UTC."""
    return datetime.fromtimestamp(second, UTC).isoformat(sep=" ")
