"""`tocsin replay`: yesterday's events through today's rules, in seconds."""

from pathlib import Path
from typing import Any

import click

from flows.cli.fail import fail
from flows.cli.given import lone_settings_option, read_lone_settings
from flows.replay.files import read_lines, write
from flows.replay.outcome import summary
from flows.replay.replay import Replay
from flows.rules.templates import renderer
from flows.sources.lines import InputError
from operators.rules.read.load import load


@click.command(short_help="Run events through rules on a virtual clock.")
@click.option("--rules", required=True, metavar="DIR", help="Directory of rule files.")
@click.option(
    "--input",
    "inputs",
    required=True,
    multiple=True,
    metavar="FILE",
    help="JSON lines in arrival order; `-` is stdin, .gz and .zst are read.",
)
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the outputs go.",
)
@click.option("--until", type=int, metavar="T", help="Let the clock go on to this second after the last line.")
@lone_settings_option
@click.option("--follow", is_flag=True, help="Show a live table while it runs.")
def replay(
    rules: str, inputs: tuple[str, ...], out: Path, until: int | None, settings_path: str | None, *, follow: bool
) -> None:
    """Run the whole decision core on a virtual clock: no server, no wall clock, equal inputs give equal bytes.

    Writes alerts, logs, signals, actions, notices, dead letters and archived events as JSON lines, and summary.json;
    prints what it came to. Exit 1 when rules or input cannot be used.
    """
    driver = _prepare(rules, settings_path)
    try:
        if follow:
            from flows.cli.live import watched  # noqa: PLC0415 - rich is slow to import

            with watched(driver) as watch:
                outcome = driver.run(read_lines(inputs), until, watch)
        else:
            outcome = driver.run(read_lines(inputs), until)
        worker = driver.worker
        counts = summary(outcome, worker.scene.counts, until=worker.clock, rules_version=worker.scene.book.version)
        write(outcome, counts, out)
        click.echo(f"{out}: {_in_short(counts)}")
    except (InputError, OSError) as error:
        fail(error)


def _in_short(counts: dict[str, Any]) -> str:
    alerts, notices = counts["alerts"], sum(counts["notices"].values())
    return (
        f"{counts['events']:,} events, {counts['dead_letters']:,} dead letters -> "
        f"{alerts['opened']:,} alerts ({alerts['abnormal']:,} still open), {notices:,} notices"
    )


def _prepare(rules: str, settings_path: str | None) -> Replay:
    settings = read_lone_settings(settings_path)
    words = renderer(settings)
    book, errors = load(
        [rules],
        check_template=words.check_template,
        default_business=settings.default_business,
        time_zone=settings.time_zone,
    )
    if book is None:
        fail(*errors)
    return Replay(settings, book, words, words.check_template)
