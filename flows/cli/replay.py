"""`tocsin replay`: yesterday's events through today's rules, in seconds."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from flows.cli.fail import LEFT, fail
from flows.cli.given import LATEST, lone_settings_option, read_lone_settings
from flows.cli.strict import Command
from flows.replay.files import read_lines, write
from flows.replay.outcome import summary
from flows.replay.replay import Line, Replay
from flows.rules.templates import renderer
from flows.sources.lines import InputError
from operators.intake.formats.table import FORMATS
from operators.intake.formats.unpack import OURS
from operators.model.reason import DeadReason
from operators.rules.read.lines import with_lines
from operators.rules.read.load import load

NO_RECORD = (
    DeadReason.NOT_JSON, DeadReason.NOT_AN_OBJECT, DeadReason.EMPTY, DeadReason.MISSING_FIELD, DeadReason.UNKNOWN_KIND
)  # fmt: skip
"""Why a line is refused that is no record of ours at all."""


@click.command(cls=Command, short_help="Run events through rules on a virtual clock.")
@click.option("--rules", required=True, metavar="DIR", help="Directory of rule files.")
@click.option(
    "--input",
    "inputs",
    required=True,
    multiple=True,
    metavar="FILE",
    help="JSON lines in arrival order; `-` is stdin, .gz and .zst are read.",
)
@click.option("--format", "name_of_format", type=click.Choice(list(FORMATS)), default=OURS, help="What the lines are.")
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the outputs go.",
)
@click.option(
    "--until",
    type=click.IntRange(0, LATEST),
    metavar="T",
    help="Let the clock go on to this second after the last line.",
)
@lone_settings_option
@click.option("--follow", is_flag=True, help="Show a live table while it runs.")
def replay(
    rules: str,
    inputs: tuple[str, ...],
    name_of_format: str,
    out: Path,
    until: int | None,
    settings_path: str | None,
    *,
    follow: bool,
) -> None:
    """Run the whole decision core on a virtual clock: no server, no wall clock, equal inputs give equal bytes.

    Writes alerts, logs, signals, actions, notices, dead letters and archived events as JSON lines, and summary.json;
    prints what it came to. Exit 1 when rules or input cannot be used, 3 when no line could be read as a record.
    """
    driver, counted = _prepare(rules, settings_path), _Counted(inputs, name_of_format)
    try:
        if follow:
            from flows.cli.live import watched  # noqa: PLC0415 - rich is slow to import

            with watched(driver) as watch:
                outcome = driver.run(counted.lines(), until, watch)
        else:
            outcome = driver.run(counted.lines(), until)
        worker = driver.worker
        counts = summary(outcome, worker.scene.counts, until=worker.clock, rules_version=worker.scene.book.version)
        write(outcome, counts, out)
        click.echo(f"{out}: {_in_short(counts)}")
    except (InputError, OSError) as error:
        fail(error)
    refused = [one for one in outcome.dead_letters if one.reason in NO_RECORD]
    if counted.count and len(refused) >= counted.count:
        click.echo(
            f"no line could be read as a record: is this the right input? {out}/dead_letters.jsonl says why", err=True
        )
        sys.exit(LEFT)


class _Counted:
    """The lines of inputs, and how many there were so far that are not blank."""

    def __init__(self, inputs: Sequence[str], name_of_format: str) -> None:
        self._inputs, self._format, self.count = inputs, name_of_format, 0

    def lines(self) -> Iterator[Line]:
        for line in read_lines(self._inputs, self._format):
            self.count += 1
            yield line


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
        fail(*with_lines(errors))
    return Replay(settings, book, words, words.check_template)
