"""`tocsin run`: the job, with its courier beside it."""

import os
import sys
from collections.abc import Mapping
from typing import Any

import click
import msgspec

from flows.cli.fail import fail
from flows.job import RulesError, build
from flows.run import run as run_job
from flows.settings import Settings, SettingsError, SourceSettings, load_settings
from flows.sources.lines import InputError


@click.command()
@click.option("--rules", metavar="DIR", help="Directory of rule files; reloaded while the job runs.")
@click.option("--input", "inputs", multiple=True, metavar="FILE", help="JSON lines instead of Kafka; `-` is stdin.")
@click.option("--follow", is_flag=True, help="Wait for more lines in the last file.")
@click.option("--clock", type=click.Choice(["input", "wall"]), help="When records of a file arrive: when they say so, or when they are read. Default: input; wall with --follow and stdin.")
@click.option("--settings", "settings_path", metavar="FILE", envvar="TOCSIN_SETTINGS", help="Settings (tocsin.yaml).")
@click.option("--data", metavar="DIR", help="Keep store, outbox, dead letters and snapshots in this directory.")
@click.option("--courier/--no-courier", default=True, help="Deliver notices beside the job (SQLite outbox only).")
def run(settings_path: str | None, *, courier: bool, **options: Any) -> None:
    """Run the job: read events, keep alerts, plan notices, survive any crash.

    SIGTERM and SIGINT end it with a last snapshot and exit 0; started again it goes on where it left off.
    """
    try:
        settings = with_options(load_settings(settings_path, os.environ), options)
        job = build(settings)
    except (SettingsError, RulesError) as error:
        fail(error)
        raise
    job.stop.on_signals()
    del courier
    try:
        run_job(job)
    except InputError as error:
        fail(error)
    sys.exit(0)


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
    put = msgspec.structs.replace
    return {
        "store": put(settings.store, dsn=f"{directory}/tocsin.sqlite3"),
        "outbox": put(settings.outbox, dsn=f"{directory}/outbox.sqlite3"),
        "dead_letters": f"{directory}/dead_letters.jsonl",
        "recovery": put(settings.recovery, directory=f"{directory}/recovery"),
    }
