"""`tocsin replay`: yesterday's events through today's rules, in seconds."""

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from flows.cli.against import against_each_other, shown_difference
from flows.cli.answer import print_answer
from flows.cli.fail import LEFT, fail
from flows.cli.given import format_named, format_option, json_option, read_moment, source_option
from flows.cli.source import Asked, Source, source_of
from flows.cli.strict import Command
from flows.cli.waiting import waiting
from flows.replay.compared import SIDES
from flows.replay.side import Decided, replay_into
from flows.replay.side_by_side import SideError
from flows.replay.written import OUTPUTS
from flows.rules.templates import Words, renderer
from flows.settings.settings import Settings, SettingsError
from flows.sources.kafka_client import KafkaTroubleError
from flows.sources.lines import InputError
from operators.intake.poll import OURS
from operators.model.reason import DeadReason
from operators.rules.book import RuleBook
from operators.rules.read.lines import with_lines
from operators.rules.read.load import load
from sinks.store.interface import StoreError

NO_RECORD = (
    DeadReason.NOT_JSON, DeadReason.NOT_AN_OBJECT, DeadReason.EMPTY, DeadReason.MISSING_FIELD, DeadReason.UNKNOWN_KIND
)  # fmt: skip
"""Why a line is refused that is no record of ours at all."""
REFUSALS = (InputError, OSError, StoreError, KafkaTroubleError, SettingsError, SideError)
"""What reading and writing may end with."""


@click.command(cls=Command, short_help="Run events through rules on a virtual clock.")
@click.option("--rules", required=True, metavar="DIR", help="Directory of rule files.")
@click.option("--against", metavar="DIR", help="Another set of rules: say how the outcomes of the two differ.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="FILE",
    help="JSON lines in arrival order; `-` is stdin, .gz and .zst are read.",
)
@click.option("--from-store", is_flag=True, help="The events that the store has archived.")
@click.option("--from-kafka", is_flag=True, help="The topics of the settings, as far as Kafka still has them.")
@click.option(
    "--store",
    "place",
    metavar="PATH|URL",
    help="With --from-store: SQLite file or address of Elasticsearch; default: setting store.dsn.",
)
@click.option(
    "--data",
    metavar="DIR",
    help="With --from-store: directory that the job (`tocsin up`, `run --data`) keeps its files in.",
)
@click.option(
    "--since", callback=read_moment, metavar="TIME", help="History from then on: 30d, 12h, Unix seconds, ISO."
)
@click.option(
    "--until",
    callback=read_moment,
    metavar="TIME",
    help="The clock goes on to then after the last line; of history, nothing later is read.",
)
@click.option(
    "--biz", "businesses", multiple=True, metavar="ID", help="Events of this business only; may be given again."
)
@format_option
@source_option
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the outputs go.",
)
@click.option(
    "--lean", is_flag=True, help="Leave out events, the words of notices, and what says only that an event came again."
)
@click.option(
    "--settings", "settings_path", metavar="FILE",
    help="Settings of the job (tocsin.yaml); default: none, for history those of TOCSIN_SETTINGS.",
)  # fmt: skip
@click.option("--follow", is_flag=True, help="Show a live table while it runs.")
@json_option
def replay(
    rules: str, against: str | None, out: Path, *, lean: bool, follow: bool, as_json: bool, **asked: Any
) -> None:
    """Run the whole decision core on a virtual clock: no server decides, no wall clock, equal inputs give equal bytes.

    Events come from files, from the archive of a store, or from Kafka. Writes alerts, logs, signals, actions, notices,
    dead letters and archived events as JSON lines, and summary.json; prints what it came to. Nothing is ever sent.

    With --against, both sets of rules get the same events, side by side; what differs is printed and written as
    difference.json and difference.html. For example, what would the rules of a branch have done last month?

    \b
        tocsin replay --from-store --since 30d \\
            --rules branch/rules --against rules --out what-if

    Exit 1 when rules or input cannot be used, 3 when no line could be read as a record.
    """  # noqa: D301 - the \b is one, and keeps the lines as they are
    _refuse(rules, against, follow=follow)
    _refuse_overwriting(asked["inputs"], out)
    source = source_of(_asked(asked))
    words = renderer(source.settings)
    how = Decided(
        settings=source.settings,
        render=words,
        check_template=words.check_template,
        until=source.until,
        settles=source.is_history,
        is_lean=lean or bool(against),
        takes_receipts=not source.is_history,
        businesses=asked["businesses"],
    )
    book = _loaded(rules, source.settings, words)
    try:
        if against is None:
            _alone(book, how, source, out, follow=follow, as_json=as_json)
        else:
            books = (_loaded(against, source.settings, words), book)
            found, lines = against_each_other(books, how, source, out, (against, rules))
            shown_difference(found, out, as_json=as_json)
            _refuse_no_record(out / "old", lines, _reasons(out / "old"))
    except REFUSALS as error:
        fail(error)


def _asked(options: dict[str, Any]) -> Asked:
    named = format_named(options.pop("name_of_format") or OURS, options.pop("source"))
    return Asked(format=named, **options)


def _refuse(rules: str, against: str | None, *, follow: bool) -> None:
    """Refuse options that contradict each other. Raises UsageError."""
    if against is None:
        return
    if follow:
        raise click.UsageError("--follow shows one replay; with --against there are two")
    if Path(rules).resolve() == Path(against).resolve():
        raise click.UsageError("--rules and --against are the same directory: nothing could differ")


def _refuse_overwriting(inputs: tuple[str, ...], out: Path) -> None:
    """Refuse an input that an output would take the place of while it is read. Raises UsageError."""
    outputs = {(out / side / name).resolve() for side in ("", *SIDES) for name in OUTPUTS}
    for name in inputs:
        if Path(name).resolve() in outputs:
            raise click.UsageError(f"--input {name} would be written over: choose another directory for --out")


def _loaded(rules: str, settings: Settings, words: Words) -> RuleBook:
    """Return the rules of a directory; mistakes in them end the command."""
    book, errors = load(
        [rules],
        check_template=words.check_template,
        default_business=settings.default_business,
        time_zone=settings.time_zone,
    )
    if book is None:
        fail(*with_lines(errors))
    return book


def _alone(book: RuleBook, how: Decided, source: Source, out: Path, *, follow: bool, as_json: bool) -> None:
    if follow:
        from flows.cli.live import watching  # noqa: PLC0415 - rich is slow to import

        with watching() as watch:
            driver, written, counts = replay_into(out, book, how, source.lines(), watch)
    else:
        with waiting(out if source.is_history else None, source.span) as progress:
            driver, written, counts = replay_into(out, book, how, source.lines(), progress.watch)
    if as_json:
        print_answer("replay", [counts])
    else:
        click.echo(f"{out}: {in_short(counts)}")
    _refuse_no_record(out, driver.count, written.refused)


def _refuse_no_record(directory: Path, lines: int, refused: Mapping[str, int]) -> None:
    """End the command if every line was refused because it is no record at all."""
    if lines and sum(refused.get(reason, 0) for reason in NO_RECORD) >= lines:
        click.echo(
            f"no line could be read as a record: is this the right input? {directory}/dead_letters.jsonl says why",
            err=True,
        )
        sys.exit(LEFT)


class _Letter(msgspec.Struct):
    reason: str


def _reasons(directory: Path) -> Counter[str]:
    """Count the dead letters of an output by their reasons."""
    with (directory / "dead_letters.jsonl").open("rb") as stream:
        return Counter(msgspec.json.decode(line, type=_Letter).reason for line in stream)


def in_short(counts: dict[str, Any]) -> str:
    """Return what a replay came to, in a line."""
    alerts, notices = counts["alerts"], sum(counts["notices"].values())
    held = f" ({counts['held']:,} still held)" if counts["held"] else ""
    return (
        f"{counts['events']:,} events, {counts['dead_letters']:,} dead letters -> "
        f"{alerts['opened']:,} alerts ({alerts['abnormal']:,} still open), {notices:,} notices{held}"
    )
