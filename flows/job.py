"""The parts of a job, from its settings: rules, words, source, stages, edges; flows/alerts.py puts them together."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from bytewax.inputs import Source

from flows.deliver import Edges, Observe, Sink
from flows.jobs import for_job, handing_on
from flows.recovery.ids import STAGES
from flows.recovery.inheritance import Inheritance
from flows.recovery.layout import of_worker
from flows.rules.open import open_rules
from flows.rules.source import Terms
from flows.rules.templates import Words, renderer
from flows.rules.watch import Watcher
from flows.settings.settings import Settings, SettingsError
from flows.sources.files import FilesSource, unheard
from flows.sources.kafka import KafkaSource
from flows.sources.kafka_client import HANDS_ON, options, prepare
from flows.sources.shares import divided, owner_of
from flows.sources.spool import SpoolSource, unseen
from flows.stop import Stop
from flows.telemetry.observability import Observability
from operators.batch import InOrder
from operators.converge.by_business import ByBusiness
from operators.intake.intake import Intake
from operators.intake.poll import Polled
from operators.rules.book import RuleBook
from operators.rules.read.documents import RuleError
from operators.rules.read.lines import with_lines
from operators.rules.shapes.nearest import nearest
from operators.rules.shapes.source import JSON
from operators.savepoint.file import ReadUpTo
from sinks.dead_letters import DeadLetters, FileDeadLetters
from sinks.kafka.changes import ChangeFeed
from sinks.kafka.dead_letters import KafkaDeadLetters
from sinks.kafka.producer import KafkaSink
from sinks.outbox import open_outbox
from sinks.outbox.place import wait_for
from sinks.store.place import open_store

NOWHERE = ("", "none")
"""Places of edges that are not wanted."""


class RulesError(Exception):
    """Rules that cannot be used; one error a line."""

    def __init__(self, errors: list[RuleError]) -> None:
        super().__init__("\n".join(map(str, with_lines(errors))))


class Job(msgspec.Struct, frozen=True):
    """Everything a run of the job consists of."""

    settings: Settings
    source: Source[Polled]
    intake: Intake
    lifecycle: InOrder | None
    """None: another job's."""
    notices: ByBusiness | None
    """None: another job's, or there is none."""
    edges: Edges
    stop: Stop
    rules: Watcher
    partitions: Mapping[str, int]
    """Topic that is read -> its partitions; empty without Kafka."""

    @property
    def outbox(self) -> Sink:
        """Where notices wait."""
        return Sink(self.edges.put, self.spread)

    @property
    def dead_letters(self) -> Sink:
        """Where goes what was refused."""
        return Sink(self.edges.bury)

    def spread(self) -> None:
        """Take notice that the job runs in several processes of one Bytewax cluster."""
        for stage in (self.lifecycle, self.notices):
            if stage is not None:
                stage.spread()


def build(
    settings: Settings,
    observe: Observe | None = None,
    *,
    watched: Observability | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Job:
    """Return a job ready to run. Raises RulesError, SettingsError, and what its broker, store or outbox raise."""
    stop, words = Stop(), renderer(settings)
    settings = of_worker(for_job(divided(settings)))
    rules = load_rules(settings, words, watched, environment)
    check_sources(settings, rules.holder.current())
    counts = prepare(settings.kafka, environment) if settings.kafka.brokers else {}
    owner = owner_of(settings.kafka, counts)
    kept = Inheritance(settings.recovery.directory, owner)
    stages, telemetry = STAGES[settings.job], watched.telemetry if watched is not None else None
    intake = Intake(
        settings,
        rules.holder.current,
        words.check_template,
        owner=owner,
        hears_all=settings.job in ("all", "alerts"),
        inherited=kept.intake,
        watch=telemetry,
    )
    lifecycle = InOrder(settings, kept.slot, telemetry) if "alerts" in stages else None
    notices = ByBusiness(settings, words, kept.business) if "notices" in stages else None
    if telemetry is not None:
        worker = lifecycle.worker if lifecycle is not None else None
        telemetry.watch(intake, worker, settings.job, settings.kafka.workers)
        observe = telemetry.observe
        if lifecycle is None:  # what the others keep is back with the first poll
            telemetry.resumed()
    source = source_of(settings, stop, counts, kept.place, watched, environment)
    edges = open_edges(settings, observe, environment, watched)
    return Job(settings, source, intake, lifecycle, notices, edges, stop, rules, counts)


def load_rules(
    settings: Settings, words: Words, watched: Observability | None, environment: Mapping[str, str]
) -> Watcher:
    """Return the watcher of the settings' rules, everything read once. Raises RulesError with every mistake in them."""
    terms = Terms(
        check_template=words.check_template, default_business=settings.default_business, time_zone=settings.time_zone
    )
    observer = watched.telemetry if watched is not None else None
    try:
        watcher = open_rules([settings.rules], settings.inventory, terms, observer, environment=environment)
    except ValueError as error:
        raise SettingsError(str(error)) from error
    errors = watcher.load()
    if errors:
        raise RulesError(errors)
    return watcher


def check_sources(settings: Settings, book: RuleBook) -> None:
    """Refuse a source of any JSON whose rule is not there. Raises SettingsError."""
    wanted = {"source.source": settings.source.source}
    wanted |= {f"kafka.topics.{name}.source": topic.source for name, topic in settings.kafka.topics.items()}
    for place, name in wanted.items():
        if name and (name not in book.sources or book.sources[name].format != JSON):
            raise SettingsError(f"{place}: no rule {name!r} of kind `sources`{nearest(name, book.sources)}")


def open_edges(
    settings: Settings,
    observe: Observe | None,
    environment: Mapping[str, str],
    watched: Observability | None = None,
) -> Edges:
    """Open store, outbox, dead letters and change feed."""
    for path in (settings.store.dsn, settings.outbox.dsn, settings.dead_letters):
        if "://" not in path and path not in NOWHERE:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
    kafka = settings.kafka
    writes = kafka.dead_letters or kafka.changes or settings.job in HANDS_ON
    sink = KafkaSink(options(kafka, environment), timeout=kafka.timeout) if writes else None
    letters: DeadLetters = FileDeadLetters(settings.dead_letters)
    if sink is not None and kafka.dead_letters:
        letters = KafkaDeadLetters(sink, kafka.dead_letters)
    return Edges(
        open_store(settings.store.dsn) if settings.store.dsn not in NOWHERE else None,
        wait_for(open_outbox(settings.outbox.dsn), settings.outbox.wait)
        if settings.outbox.dsn not in NOWHERE
        else None,
        letters,
        observe,
        keeps_events=settings.store.events,
        changes=ChangeFeed(sink, kafka.changes) if sink is not None and kafka.changes else None,
        next_job=handing_on(settings, sink, environment) if sink is not None else None,
        stored=watched.telemetry.stored if watched is not None else None,
    )


def source_of(
    settings: Settings,
    stop: Stop,
    counts: Mapping[str, int],
    inherited: Callable[[], ReadUpTo | None],
    watched: Observability | None,
    environment: Mapping[str, str],
) -> Source[Polled]:
    """Return the source that the settings name: the spool of gateways, files, or Kafka."""
    answered = watched.telemetry.asked if watched is not None else unheard
    if settings.source.spool:
        observe = watched.telemetry.unread if watched is not None else unseen
        return SpoolSource(
            settings.source, size=settings.batch, stop=stop, answered=answered, inherited=inherited, observe=observe
        )
    if settings.source.files:
        return FilesSource(
            settings.source,
            size=settings.batch,
            stop=stop,
            inherited=inherited,
            skew=settings.clock_skew,
            answered=answered,
        )
    if not settings.kafka.brokers:
        raise SettingsError("nothing to read: name files with --input, or kafka.brokers and kafka.topics")
    lag = watched.telemetry.lags if watched is not None else None
    config = options(settings.kafka, environment)
    return KafkaSource(
        settings.kafka,
        config,
        counts,
        size=settings.batch,
        stop=stop,
        observe=lag,
        inherited=inherited,
        answered=answered,
    )
