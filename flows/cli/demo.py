"""`tocsin demo`: a generated storm through the real job, without any server."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from flows.cli.answer import print_answer
from flows.cli.fail import fail
from flows.cli.given import json_option
from flows.cli.run import courier_beside, kept_in
from flows.cli.show import Morning, figures, read_letters, read_notices, show
from flows.cli.strict import Command
from flows.demo.storm import storm
from flows.job import Job, build
from flows.run import run
from flows.settings.sections import RecoverySettings, SourceSettings
from flows.settings.settings import Settings, load_settings
from flows.telemetry.logs import set_up
from operators.model.settings import FlapSettings
from sinks.store.place import open_store
from sinks.store.query import AlertQuery

PACKED = Path(__file__).parents[1] / "demo" / "example"
EXAMPLE = PACKED if PACKED.exists() else Path(__file__).parents[2] / "examples" / "demo"
"""Rules and settings: in the package where it was installed, else in the checkout."""
RULES, SETTINGS = EXAMPLE / "rules", EXAMPLE / "tocsin.yaml"


MARKER = ".tocsin-demo"
"""Says that a demo made the directory."""
_DATABASES = ("tocsin.sqlite3", "outbox.sqlite3")
WRITTEN = {
    MARKER, "events.jsonl", "notices.jsonl", "dead_letters.jsonl", "recovery",
    *(f"{name}{end}" for name in _DATABASES for end in ("", "-wal", "-shm")),
}  # fmt: skip
"""What a demo writes into its directory."""


@click.command(cls=Command, short_help="Show the job on a generated storm, without any server.")
@click.option(
    "--out",
    default="demo-out",
    show_default=True,
    metavar="DIR",
    help="Where store, outbox, snapshots and notices go; what an earlier demo wrote there is deleted first.",
)
@click.option("--seed", default=7, show_default=True, help="Of the generated storm.")
@click.option(
    "--flap", type=click.Choice(["on", "off"]), default="on", show_default=True, help="Tell of flapping once."
)
@json_option
def demo(out: str, seed: int, flap: str, *, as_json: bool) -> None:
    """Send two hours of a bad morning through the job and show what became of it.

    300 hosts, several failures, recoveries, a flapping endpoint, resent and bad records; file in, SQLite and a notices file out.
    """
    set_up(level="error")  # that its ways have no channel is no news here: it shows where notices went
    place = Path(out)
    try:
        emptied(place)
    except OSError as error:
        fail(error)
    lines = storm(seed)
    events = place / "events.jsonl"
    events.write_text("\n".join(lines) + "\n", encoding="utf-8")
    console = Console(stderr=as_json, highlight=False)
    job, seconds, reasons = _through(place, events, len(lines), console, _settings(flap))
    with_store = open_store(job.settings.store.dsn, read_only=True)
    morning = Morning(
        len(lines),
        seconds,
        with_store.alerts(AlertQuery(limit=100_000)),
        reasons,
        read_notices(place / "notices.jsonl"),
        read_letters(Path(job.settings.dead_letters)),
        job.lifecycle.worker.scene.counts.duplicates if job.lifecycle is not None else 0,
    )
    with_store.close()
    if as_json:
        print_answer("demo", [figures(morning)])
    else:
        show(console, morning, _next(place, morning, flap))


def emptied(place: Path) -> None:
    """Make room for a demo: what an earlier one wrote goes, by its marker; nothing else is ever deleted."""
    there = {found.name for found in place.iterdir()} if place.exists() else set()
    if there and MARKER not in there:
        raise click.ClickException(f"{place} holds files that no demo wrote; name another directory with --out")
    for name in (there & WRITTEN) - {MARKER}:
        gone = place / name
        shutil.rmtree(gone) if gone.is_dir() and not gone.is_symlink() else gone.unlink()
    place.mkdir(parents=True, exist_ok=True)
    (place / MARKER).write_text("Made by `tocsin demo`, which deletes here what it wrote itself, and nothing else.\n")


def _settings(flap: str) -> Settings:
    """Return the settings of the example; the environment has no say, so that every demo is the same."""
    settings = load_settings(str(SETTINGS), {})
    return settings if flap == "on" else msgspec.structs.replace(settings, flap=FlapSettings(changes=0))


def _through(
    place: Path, events: Path, count: int, console: Console, settings: Settings
) -> tuple[Job, float, Mapping[str, int]]:
    """Send the events through the job; return it, the seconds it took, and why notices were not told by themselves."""
    settings = msgspec.structs.replace(
        settings,
        rules=str(RULES),
        source=SourceSettings(files=(str(events),), recording=True),
        recovery=RecoverySettings(interval=2.0),
    )
    settings = msgspec.structs.replace(settings, **kept_in(settings, str(place)))
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} lines"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("through the job", total=count)
        reasons: dict[str, str] = {}

        def observe(said: object) -> None:
            progress.advance(task, _records(said))
            reasons.update(_skipped(said))

        job = build(settings, observe)
        job.stop.on_signals()
        begin = time.monotonic()
        run(job, courier_beside(job, None))
        if job.stop.is_asked:
            raise KeyboardInterrupt
        progress.update(task, completed=count)
    return job, time.monotonic() - begin, Counter(reasons.values())


def _skipped(said: object) -> Iterator[tuple[str, str]]:
    """Yield the id of each notice that was not told by itself, and why."""
    from operators.model.records import Action  # noqa: PLC0415 - only here

    for thing in said if isinstance(said, list) else ():
        if type(thing) is Action and thing.plugin_type == "notice" and thing.status in ("skipped", "shield"):
            yield thing.id, thing.reason


def _records(said: object) -> int:
    from operators.model.event import Event  # noqa: PLC0415 - only here

    return sum(type(thing) is Event for thing in said) if isinstance(said, list) else 0


def _next(place: Path, morning: Morning, flap: str) -> list[str]:
    tocsin, example = ("tocsin", str(PACKED)) if PACKED.exists() else (".venv/bin/tocsin", "examples/demo")
    summary = max(morning.notices, key=lambda notice: len(notice.alert_ids), default=None)
    alert = summary.alert_ids[0] if summary else ""
    flapping = [f"{tocsin} demo --flap off"] if flap == "on" else []
    return [
        *flapping,
        f"{tocsin} alerts list --data {place}",
        f"{tocsin} explain {alert} --data {place}",
        f'{tocsin} alerts search "replica is" --data {place}',
        f"{tocsin} oncall --rules {example}/rules",
        f"{tocsin} replay --rules {example}/rules --settings {example}/tocsin.yaml --input {place}/events.jsonl --out {place}/replay",
    ]
