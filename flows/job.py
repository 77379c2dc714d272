"""Putting a job together from its settings: rules, words, source, edges, host."""

from pathlib import Path

import msgspec
from bytewax.dataflow import Dataflow
from bytewax.inputs import Source

from flows.alerts import alerts_flow
from flows.deliver import Edges, Observe
from flows.rules.files import Directory
from flows.rules.source import Terms
from flows.rules.watch import Watcher
from flows.settings import Settings
from flows.sources.files import FilesSource
from flows.stop import Stop
from flows.words import Words, renderer
from operators.batch import Polled
from operators.host import Host
from operators.rules.documents import RuleError
from operators.worker import Worker
from sinks.dead_letters import FileDeadLetters
from sinks.outbox import open_outbox
from sinks.store.place import open_store


class RulesError(Exception):
    """Rules that cannot be used; one error a line."""

    def __init__(self, errors: list[RuleError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))


class Job(msgspec.Struct, frozen=True):
    """Everything a run of the job consists of."""

    settings: Settings
    flow: Dataflow
    host: Host
    edges: Edges
    stop: Stop
    rules: Watcher


def load_rules(settings: Settings, words: Words) -> Watcher:
    """Return the watcher of the settings' rules, everything read once. Raises RulesError with every mistake in them."""
    terms = Terms(
        check_template=words.check_template, default_business=settings.default_business, time_zone=settings.time_zone
    )
    watcher = Watcher([Directory([settings.rules])], terms)
    errors = watcher.load()
    if errors:
        raise RulesError(errors)
    return watcher


def build(settings: Settings, observe: Observe | None = None) -> Job:
    """Return a job ready to run. Raises RulesError, SettingsError and the errors of its edges."""
    stop, words = Stop(), renderer(settings)
    rules = load_rules(settings, words)
    worker = Worker(settings, rules.holder.current(), words, words.check_template)
    host = Host(worker, rules.holder.current)
    edges = open_edges(settings, observe)
    return Job(settings, alerts_flow(source_of(settings, stop), host, edges), host, edges, stop, rules)


def open_edges(settings: Settings, observe: Observe | None = None) -> Edges:
    """Open store, outbox and dead letters."""
    for path in (settings.store.dsn, settings.outbox.dsn, settings.dead_letters):
        if "://" not in path and path not in ("", "none"):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
    return Edges(
        open_store(settings.store.dsn) if settings.store.dsn not in ("", "none") else None,
        open_outbox(settings.outbox.dsn) if settings.outbox.dsn not in ("", "none") else None,
        FileDeadLetters(settings.dead_letters),
        observe,
        keeps_events=settings.store.events,
    )


def source_of(settings: Settings, stop: Stop) -> Source[Polled]:
    """Return the source that the settings name."""
    return FilesSource(settings.source, size=settings.batch, stop=stop)
