"""`tocsin run`: the job, with its courier beside it."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import click
import msgspec
import structlog

from flows.cli.beside import with_gateway
from flows.cli.fail import LEFT, caused_by, fail
from flows.cli.given import format_option, read_settings, settings_option, source_option
from flows.cli.panic import Panic, panic_held
from flows.cli.strict import Command
from flows.cli.supervise import supervise
from flows.courier.courier import Courier
from flows.courier.setup import courier_of, fallback_of
from flows.courier.telemetry import DeliveryTelemetry
from flows.job import Job, RulesError, build
from flows.jobs import for_job
from flows.recovery.place import PlaceUnavailableError
from flows.rescale.processes import Orders
from flows.run import run as run_job
from flows.settings.places import commands_file, outbox_under, recovery_under, store_under
from flows.settings.sections import SourceSettings
from flows.settings.settings import Settings, SettingsError, check_source
from flows.sources.kafka_client import KafkaTroubleError
from flows.sources.lines import InputError, check_inputs
from flows.telemetry.began import tell_what_begins
from flows.telemetry.heartbeat import heartbeat_of
from flows.telemetry.observability import Observability, open_observability
from flows.telemetry.presence import presence_of
from operators.intake.poll import OURS
from operators.model.snapshot import SnapshotError
from operators.rules.advice import ways_without_channel
from operators.rules.book import RuleBook
from sinks.channels.secrets import MissingSecretError
from sinks.kafka.producer import DeliveryError
from sinks.outbox import OutboxUnavailableError
from sinks.outbox.outbox import Depth
from sinks.redis_client import PlaceError
from sinks.store.interface import StoreError
from sinks.store.place import open_store

log = structlog.get_logger()


@click.command(cls=Command, short_help="Run the job: events in, alerts and notices out.")
@click.option("--rules", metavar="DIR", help="Directory of rule files; reloaded while the job runs.")
@click.option("--input", "inputs", multiple=True, metavar="FILE", help="JSON lines instead of Kafka; `-` is stdin.")
@format_option
@source_option
@click.option(
    "--listen", metavar="HOST:PORT", help="Run the gateway beside the job: events over HTTP (docs/gateway.md)."
)
@click.option("--tokens", metavar="FILE", help="Of --listen: who may do what; without it, only this machine may ask.")
@click.option("--spool", metavar="DIR", help="Follow what gateways write into this directory (docs/gateway.md).")
@click.option("--follow", is_flag=True, help="Wait for more lines in the last file.")
@click.option(
    "--recording",
    is_flag=True,
    help="The files are recordings of your own: each line is what its `kind` says, commands and rules too.",
)
@click.option(
    "--clock",
    type=click.Choice(["input", "wall"]),
    help="When records of a file arrive: when they say so, or when they are read. Default: input; wall with --follow and stdin.",
)
@settings_option
@click.option("--data", metavar="DIR", help="Keep store, outbox, dead letters and snapshots in this directory.")
@click.option(
    "--job",
    type=click.Choice(["all", "intake", "alerts", "notices"]),
    help="Everything in one process, or one stage of it, with topics of Kafka between.  [default: setting job, or all]",
)
@click.option(
    "--worker", metavar="I/N", help="Be worker I (from 0) of N: own the partitions p of Kafka with p % N == I."
)
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Start N workers on this machine and keep them running."
)
@click.option(
    "--courier/--no-courier", default=True, help="Deliver notices beside the job; never with an outbox on Redis."
)
@click.option(
    "--notices",
    metavar="FILE",
    help="Append notices of ways without a channel to this file.  [default: notices.jsonl beside the store, if the rules have no channel]",
)
def run(settings_path: str | None, notices: str | None, *, courier: bool, **options: Any) -> None:
    """Run the job: read events, keep alerts, plan notices, survive any crash.

    Exit 3: the input is done, but notices are left that could not be delivered.
    SIGTERM and SIGINT end it with a last snapshot and exit 0; started again it goes on where it left off.
    """
    if options["tokens"] and not options["listen"]:
        fail("--tokens says who may send to the gateway: give --listen too")
    if options["listen"]:
        sys.exit(with_gateway(settings_path, options, [one for one in sys.argv[1:] if one != "run"]))
    if options["workers"]:
        sys.exit(_supervised(settings_path, options))
    with panic_held() as panic:
        left = _run(settings_path, notices, options, panic, courier=courier)
    leave(left)


def _run(
    settings_path: str | None, notices: str | None, options: Mapping[str, Any], panic: Panic | None, *, courier: bool
) -> Depth:
    try:
        settings = with_options(read_settings(settings_path), options)
        check_inputs(settings.source.files)
        watched = open_observability(settings)
        job = build(settings, watched=watched)
        beside = courier_beside(job, notices, watched) if courier else None
        beat = heartbeat_of(settings, lambda: watched.heart.trouble)
        presence = presence_of(job.settings, job.intake, watched.telemetry, lambda: job.rules.trouble)
    except REFUSALS as error:
        fail(error)
    job.stop.on_signals(job.rules.again)
    watched.heart.also("rules", lambda: job.rules.alive)
    watched.heart.note(lambda: job.rules.trouble)
    if beside is not None:
        watched.heart.also("courier", lambda: beside.alive)
    watched.start()
    tell_what_begins(settings, job.rules.holder.current())
    signs = [one for one in (beat, presence) if one is not None]
    for sign in signs:
        sign.start()
    try:
        left = run_job(job, beside, watched.telemetry.backed_up)
    except (RuntimeError, *REFUSALS) as error:
        reason = caused_by(error, REFUSALS) or engine_trouble(error, settings.recovery.directory)
        if reason is None:
            raise
        if panic is not None:
            panic.forget()
        fail(reason)
    finally:
        for sign in signs:
            sign.stop()
        watched.close()
    return left


def _supervised(settings_path: str | None, options: Mapping[str, Any]) -> int:
    """Keep `--workers` processes running, or as many as `tocsin rescale` orders."""
    arguments = [one for one in sys.argv[1:] if one != "run"]
    try:
        settings = for_job(with_options(read_settings(settings_path), options))
        directory = settings.recovery.directory
        orders = None if directory in ("", "none") else Orders(Path(directory))
        return supervise(options["workers"], arguments, settings.metrics.port, orders)
    except SettingsError as error:
        fail(error)


def leave(left: Depth) -> NoReturn:
    """Exit 0, or LEFT with a sentence where notices were not delivered."""
    waiting = left.ready + left.in_flight + left.later
    told = []
    if waiting:
        told.append(f"{waiting} could not be delivered yet and wait in the outbox for the next run or `tocsin courier`")
    if left.dead:
        told.append(f"{left.dead} were given up (`tocsin outbox list --state dead`)")
    if told:
        click.echo(f"the input is done, but not all notices: {'; '.join(told)}", err=True)
    sys.exit(LEFT if told else 0)


REFUSALS = (
    InputError, SettingsError, RulesError, StoreError, PlaceError, OutboxUnavailableError, MissingSecretError,
    KafkaTroubleError, DeliveryError, SnapshotError, PlaceUnavailableError, OSError,
)  # fmt: skip
"""What ends a run with a line that says why."""


_ENGINE_STORE = re.compile(r'SqliteFailure\(.*Some\("(?P<said>[^"]*)"\)')


def engine_trouble(error: Exception, directory: str) -> str | None:
    """Say what keeps the engine from its snapshots, if that is what ended it: it panics then, and tells it in its own tongue."""
    found = _ENGINE_STORE.search(str(error))
    return f"snapshots in {directory}: {found['said']}" if found else None


def courier_beside(job: Job, notices: str | None, watched: Observability | None = None) -> Courier | None:
    """Return the courier that runs beside a job; None where the outbox is elsewhere, or there is none."""
    settings, outbox = job.settings, job.edges.outbox
    if outbox is None or "://" in settings.outbox.dsn:
        return None
    beside = Path(settings.outbox.dsn).parent / "notices.jsonl"
    store = None if job.edges.store is None else open_store(settings.store.dsn)
    observer = DeliveryTelemetry(watched.meter) if watched is not None else None
    fallback = fallback_of(notices or str(beside), console=False)
    channels = job.rules.holder
    tell_of_ways(channels.current(), notices or str(beside), is_asked=bool(notices))
    return courier_of(
        outbox, lambda: channels.current().channels, store,
        fallback=fallback, only_without_channels=not notices, observer=observer,
        users=lambda: channels.current().users,
        settings=settings,
    )  # fmt: skip


def tell_of_ways(book: RuleBook, file: str, *, is_asked: bool) -> None:
    """Say in the log which ways have no channel, and what becomes of their notices."""
    ways = ways_without_channel(book)
    if ways and (is_asked or not book.channels):
        log.warning("ways without a channel: their notices are only written to a file", ways=sorted(ways), file=file)
    elif ways:
        log.warning("ways without a channel: their notices are given up", ways=sorted(ways))


def with_options(settings: Settings, options: Mapping[str, Any]) -> Settings:
    """Return the settings with the options of the command line laid over."""
    changes: dict[str, Any] = {}
    if options["rules"]:
        changes["rules"] = options["rules"]
    if options["inputs"]:
        changes["source"] = source_with(settings.source, options)
    if options["spool"]:
        changes["source"] = msgspec.structs.replace(settings.source, spool=options["spool"])
    if options["job"]:
        changes["job"] = options["job"]
    if options["data"]:
        changes |= kept_in(settings, options["data"])
    settings = listening(msgspec.structs.replace(settings, **changes), options["data"])
    return as_worker(settings, options["worker"]) if options["worker"] else settings


def as_worker(settings: Settings, share: str) -> Settings:
    """Return the settings of worker `I/N`. Raises SettingsError."""
    number, _, count = share.partition("/")
    if not (number.isdecimal() and count.isdecimal() and int(number) < int(count)):
        raise SettingsError(f"--worker {share}: expected I/N with I from 0 to N - 1")
    put = msgspec.structs.replace
    return put(
        settings,
        kafka=put(settings.kafka, worker=int(number), workers=int(count)),
    )


def source_with(given: SourceSettings, options: Mapping[str, Any]) -> SourceSettings:
    """Return the source that the options name; what is followed goes by the wall clock."""
    name, recording = options["name_of_format"] or given.format, options["recording"] or given.recording
    if recording and name != OURS:
        raise SettingsError(f"a recording holds our own lines: either --recording or --format {name}")
    rule = options["source"] or ("" if options["name_of_format"] else given.source)
    check_source(name, rule, "--format", "--source")
    live = options["follow"] or "-" in options["inputs"]
    clock = options["clock"] or ("wall" if live else "input")
    return msgspec.structs.replace(
        given,
        files=tuple(options["inputs"]),
        follow=options["follow"],
        clock=clock,
        recording=recording,
        format=name,
        source=rule,
    )


def listening(settings: Settings, data: str | None) -> Settings:
    """Return the settings of a job that hears `tocsin ack` and its like, if it follows a file or a spool, or reads stdin."""
    source = settings.source
    if not (source.spool or (source.files and (source.follow or "-" in source.files))):
        return settings
    heard = msgspec.structs.replace(source, commands=commands_file(settings, data))
    return msgspec.structs.replace(settings, source=heard)


def kept_in(settings: Settings, directory: str) -> dict[str, Any]:
    """Return the settings that put everything a run keeps into one directory."""
    return {
        "dead_letters": f"{directory}/dead_letters.jsonl",
        "recovery": recovery_under(settings, directory),
        "outbox": outbox_under(settings, directory),
        "store": store_under(settings, directory),
    }
