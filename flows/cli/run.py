"""`tocsin run`: the job, with its courier beside it."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from flows.cli.fail import fail
from flows.courier import Courier
from flows.courier_setup import courier_of, fallback_of
from flows.job import Job, RulesError, build
from flows.run import run as run_job
from flows.settings import Settings, SettingsError, SourceSettings, load_settings
from flows.sources.lines import InputError
from sinks.channels.secrets import MissingSecretError
from sinks.outbox import OutboxUnavailableError
from sinks.store.interface import StoreError
from sinks.store.place import open_store


@click.command()
@click.option("--rules", metavar="DIR", help="Directory of rule files; reloaded while the job runs.")
@click.option("--input", "inputs", multiple=True, metavar="FILE", help="JSON lines instead of Kafka; `-` is stdin.")
@click.option("--follow", is_flag=True, help="Wait for more lines in the last file.")
@click.option("--clock", type=click.Choice(["input", "wall"]), help="When records of a file arrive: when they say so, or when they are read. Default: input; wall with --follow and stdin.")
@click.option("--settings", "settings_path", metavar="FILE", envvar="TOCSIN_SETTINGS", help="Settings (tocsin.yaml).")
@click.option("--data", metavar="DIR", help="Keep store, outbox, dead letters and snapshots in this directory.")
@click.option("--courier/--no-courier", default=True, help="Deliver notices beside the job; never with an outbox on Redis.")
@click.option("--notices", metavar="FILE", help="Append notices of ways without a channel to this file.  [default: notices.jsonl beside the store]")
def run(settings_path: str | None, notices: str | None, *, courier: bool, **options: Any) -> None:
    """Run the job: read events, keep alerts, plan notices, survive any crash.

    SIGTERM and SIGINT end it with a last snapshot and exit 0; started again it goes on where it left off.
    """
    try:
        settings = with_options(load_settings(settings_path, os.environ), options)
        job = build(settings)
        beside = courier_beside(job, notices) if courier else None
    except (SettingsError, RulesError, StoreError, OutboxUnavailableError, MissingSecretError) as error:
        fail(error)
        raise
    job.stop.on_signals()
    try:
        run_job(job, beside)
    except InputError as error:
        fail(error)
    sys.exit(0)


def courier_beside(job: Job, notices: str | None) -> Courier | None:
    """Return the courier that runs beside a job; None where the outbox is elsewhere, or there is none."""
    settings, outbox = job.settings, job.edges.outbox
    if outbox is None or "://" in settings.outbox.dsn:
        return None
    beside = Path(settings.outbox.dsn).parent / "notices.jsonl"
    store = None if job.edges.store is None else open_store(settings.store.dsn)
    channels = job.rules.holder.current().channels
    return courier_of(outbox, channels, store, fallback=fallback_of(notices or str(beside), console=False))


def with_options(settings: Settings, options: Mapping[str, Any]) -> Settings:
    """Return the settings with the options of the command line laid over."""
    changes: dict[str, Any] = {}
    if options["rules"]:
        changes["rules"] = options["rules"]
    if options["inputs"]:
        changes["source"] = source_with(settings.source, options)
    if options["data"]:
        changes |= kept_in(settings, options["data"])
    return msgspec.structs.replace(settings, **changes)


def source_with(given: SourceSettings, options: Mapping[str, Any]) -> SourceSettings:
    """Return the source that the options name; what is followed goes by the wall clock and listens to commands."""
    live = options["follow"] or "-" in options["inputs"]
    commands = f"{options['data'] or 'data'}/commands.jsonl" if live and not given.commands else given.commands
    return msgspec.structs.replace(
        given,
        files=tuple(options["inputs"]),
        follow=options["follow"],
        clock=options["clock"] or ("wall" if live else "input"),
        commands=commands,
    )


def kept_in(settings: Settings, directory: str) -> dict[str, Any]:
    """Return the settings that put everything a run keeps into one directory."""
    put, plain = msgspec.structs.replace, Settings()
    kept: dict[str, Any] = {
        "dead_letters": f"{directory}/dead_letters.jsonl",
        "recovery": put(settings.recovery, directory=f"{directory}/recovery"),
    }
    if settings.store.dsn == plain.store.dsn:  # a place that was named stays
        kept["store"] = put(settings.store, dsn=f"{directory}/tocsin.sqlite3")
    if settings.outbox.dsn == plain.outbox.dsn:
        kept["outbox"] = put(settings.outbox, dsn=f"{directory}/outbox.sqlite3")
    return kept
