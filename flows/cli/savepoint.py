"""`tocsin savepoint`: the state of a stopped job into a file, and into a job with another number of workers."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table

from flows.cli.answer import print_answer
from flows.cli.counting import at_work
from flows.cli.fail import fail
from flows.cli.given import json_option, read_settings, settings_option
from flows.cli.run import as_worker
from flows.cli.strict import Group
from flows.cli.view import console
from flows.jobs import for_job
from flows.recovery import savepoint as savepoints
from flows.recovery.layout import Layout, of_worker
from flows.recovery.parts import write_part
from flows.recovery.place import PlaceUnavailableError, open_place
from flows.recovery.restore import restore as restore_parts
from flows.recovery.sets import Manifest
from flows.settings.places import recovery_under
from flows.settings.settings import Settings, SettingsError
from operators.model.slot import SLOTS
from operators.model.snapshot import SnapshotError
from operators.savepoint.file import FilesPlace, Head, ReadUpTo, Savepoint, SavepointError

put = msgspec.structs.replace
Command = Any


@click.group(cls=Group, short_help="Move the state of a stopped job.")
def savepoint() -> None:
    """Move the state of a stopped job: to another number of workers, to another machine, past an upgrade."""


def where(command: Command) -> Command:
    """Add the options by which `tocsin run` finds its state."""
    for option in (
        click.option("--state", "states", multiple=True, metavar="DIR", help="Recovery directory, named itself."),
        click.option(
            "--data", metavar="DIR", help="Directory that `tocsin run --data` keeps, or will keep, its files in."
        ),
        settings_option,
        json_option,
    ):
        command = option(command)
    return command


@savepoint.command()
@click.argument("file", type=click.Path(path_type=Path))
@where
@click.option("--job", type=click.Choice(["all", "intake", "alerts", "notices"]), help="Likewise.")
def export(file: Path, *, as_json: bool, **options: Any) -> None:
    """Write the state of a stopped job, of all its workers, to FILE.

    --state may be given several times, where the workers' directories lie apart.
    """
    try:
        directories = [path for place in _directories(options) for path in savepoints.states_in(place)]
        if not directories:
            raise SavepointError(f"no state of a job in {', '.join(map(str, _directories(options)))}")
        with at_work(f"reading the state of {len(directories)} workers") as say:
            made = savepoints.export(directories, int(time.time()))
            say(f"writing {file}")
            savepoints.write(made, file)
    except REFUSALS as error:
        fail(error)
    _show(made, as_json=as_json)


@savepoint.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@where
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="For `tocsin run --workers N`.")
@click.option("--worker", metavar="I/N", help="For `tocsin run --worker I/N`, on its machine: of that worker alone.")
@click.option(
    "--drained",
    is_flag=True,
    help="The job had read everything before it was stopped: its topics may have more partitions than they had.",
)
def import_(
    file: Path, *, workers: int | None, worker: str | None, drained: bool, as_json: bool, **options: Any
) -> None:
    """Lay FILE down as the state that a job begins with.

    Without --workers and --worker: for `tocsin run` without them.
    """
    try:
        with at_work(f"reading {file}") as say:
            head = savepoints.read(file).head
            shares = [worker] if worker else [f"{number}/{workers}" for number in range(workers or 0)]
            layouts = _layouts(head, shares, {**options, "job": head.job}, drained=drained)
            say(f"laying {file} down for {len(layouts)} workers")
            savepoints.lay(file, layouts)
    except REFUSALS as error:
        fail(error)
    if as_json:
        print_answer(
            "laid",
            [{"directory": str(path), "workers": one.workers, "index": one.index} for path, one in layouts.items()],
        )
        return
    for directory in layouts:
        click.echo(directory)


@savepoint.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def show(file: Path, *, as_json: bool) -> None:
    """Say what FILE holds, once its checksum is known to be right."""
    try:
        with at_work(f"reading {file}"):
            made = savepoints.read(file)
        _show(made, as_json=as_json)
    except REFUSALS as error:
        fail(error)


@savepoint.command(short_help="Write parts of a savepoint of a job that may be running.")
@click.option(
    "--to", "place", required=True, metavar="PLACE", help="A folder that all workers reach, or s3://bucket/prefix."
)
@where
@click.option("--job", type=click.Choice(["all", "intake", "alerts", "notices"]), help="Likewise.")
def backup(place: str, *, as_json: bool, **options: Any) -> None:
    """Write the state of each worker found, as of its last snapshot, as a part of a savepoint; the job may be running.

    With setting backup.place a job does so itself.
    """
    try:
        opened = open_place(place)
        parts = []
        for directory in [path for top in _directories(options) for path in savepoints.states_in(top)]:
            with at_work(f"writing a part of {directory}"):
                size = write_part(directory, opened, int(time.time()))
            parts.append({"directory": str(directory), "bytes": size})
            if not as_json:
                click.echo(f"{directory}: {size:,} bytes")
    except REFUSALS as error:
        fail(error)
    if as_json:
        print_answer("part", parts)


@savepoint.command(short_help="Begin a job from the newest whole savepoint of a place.")
@click.option("--from", "place", metavar="PLACE", help="Where parts lie; default: setting backup.place.")
@where
@click.option("--worker", metavar="I/N", help="Be worker I of N; default: settings kafka.worker and kafka.workers.")
@click.option("--job", type=click.Choice(["all", "intake", "alerts", "notices"]), help="Likewise.")
def restore(place: str | None, *, worker: str | None, as_json: bool, **options: Any) -> None:
    """Lay the newest complete set of parts down as the state of a worker, unless it has state of its own.

    State of another number of workers is moved aside. To be run before each start: mostly there is nothing to do.
    """
    try:
        settings = _settings(options)
        settings = as_worker(settings, worker) if worker else settings
        for state in options["states"]:
            settings = put(settings, recovery=put(settings.recovery, directory=state))
        kafka, directory = settings.kafka, Path(of_worker(settings).recovery.directory)
        layout = Layout(workers=kafka.workers, index=kafka.worker, slots=len(SLOTS), topics={}, job=settings.job)
        with at_work(f"restoring {directory}"):
            manifest = restore_parts(open_place(place or settings.backup.place), directory, layout)
    except REFUSALS as error:
        fail(error)
    if as_json:
        print_answer("restored", [{"directory": str(directory), "manifest": manifest}])
    else:
        click.echo(f"{directory}: {_restored(manifest)}")


def _restored(manifest: Manifest | None) -> str:
    if manifest is None:
        return "left as it is"
    return f"generation {manifest.generation} of {manifest.workers} workers, closed {_utc(manifest.closed_at)}"


REFUSALS = (SnapshotError, SettingsError, PlaceUnavailableError, OSError)
"""What ends a command with a line that says why."""


def _settings(options: Mapping[str, Any]) -> Settings:
    """Return the settings as `tocsin run` would, with these options."""
    settings = read_settings(options["settings_path"])
    changes: dict[str, Any] = {"job": options["job"] or settings.job}
    if options["data"]:
        changes["recovery"] = recovery_under(settings, options["data"])
    return for_job(put(settings, **changes))


def _directories(options: Mapping[str, Any]) -> list[Path]:
    if options["states"]:
        return [Path(state) for state in options["states"]]
    directory = _settings(options).recovery.directory
    if directory in ("", "none"):
        raise SettingsError("recovery.directory: the job keeps no state")
    return [Path(directory)]


def _layouts(head: Head, shares: list[str], options: Mapping[str, Any], *, drained: bool) -> dict[Path, Layout]:
    """Return the recovery directory of each worker, and what its state is then laid out for."""
    if len(options["states"]) > 1:
        raise SettingsError("--state: one directory, the one that setting recovery.directory names")
    (directory,) = _directories(options)
    base = put(Settings(), recovery=put(Settings().recovery, directory=str(directory)))
    workers = [of_worker(as_worker(base, share)) for share in shares] or [base]
    return {
        Path(one.recovery.directory): Layout(
            workers=one.kafka.workers,
            index=one.kafka.worker,
            slots=len(SLOTS),
            topics={} if drained else head.topics,
            job=head.job,
        )
        for one in workers
    }


def _show(savepoint: Savepoint, *, as_json: bool) -> None:
    head = savepoint.head
    if as_json:
        print_answer("savepoint", [_fields(savepoint)])
        return
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("job", head.job)
    table.add_row("made", f"{_utc(head.made_at)} by tocsin {head.made_by}, format {head.format}")
    table.add_row("workers", str(head.workers))
    for topic, partitions in sorted(head.topics.items()):
        table.add_row("topic", f"{topic}, {partitions} partitions")
    for place in savepoint.places:
        table.add_row("read up to", _reached(place))
    slots = sum(len(slot.data) for slot in savepoint.slots)
    table.add_row("slots with state", f"{len(savepoint.slots)}, {slots:,} bytes")
    console().print(table)


def _fields(savepoint: Savepoint) -> dict[str, Any]:
    """Return what programs read of a savepoint: all but the state itself."""
    return {
        **msgspec.to_builtins(savepoint.head),
        "places": [msgspec.to_builtins(place) for place in savepoint.places],
        "slots": len(savepoint.slots),
        "bytes": sum(len(slot.data) for slot in savepoint.slots),
    }


def _reached(place: ReadUpTo) -> str:
    if isinstance(place, FilesPlace) and place.place is not None:
        return f"file {place.place[0] + 1}, line {place.place[2]}"
    if isinstance(place, FilesPlace):
        return "\n".join(f"{file.name}, line {file.line}" for file in place.files)
    return f"{_utc(place.clock)} (worker {place.worker})"


def _utc(second: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(second))
