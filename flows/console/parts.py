"""The parts of a running console, opened from the settings: the store it reads, the rules in force, where commands go."""

import asyncio
import getpass
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from flows.console.health import HealthAtHand
from flows.console.live import Live
from flows.console.replays import Replays
from flows.console.rule_tests import TestsAtHand
from flows.console.signin import checked
from flows.console.trend import TrendAtHand
from flows.gateway.durable import Durable, Kind, NotKeptError
from flows.gateway.gate import Gate
from flows.gateway.service import Service
from flows.gateway.tokens import Tokens
from flows.gateway.topic import Topics
from flows.rules.watch import Watcher
from flows.settings.places import commands_file
from flows.settings.settings import Settings
from flows.sources.kafka_client import ensure, options
from flows.telemetry.meter import Meter
from operators.rules.book import RuleBook
from operators.rules.read.documents import RuleError
from sinks.appended import append_lines
from sinks.store.interface import Store, StoreError
from sinks.store.place import open_store


class CommandsFile:
    """The file of commands that a job follows, as `tocsin ack` writes it."""

    trouble = ""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def keep(self, lines: Sequence[bytes], at: int, kind: Kind = "event") -> None:  # noqa: ARG002 - of Durable
        """Append lines durably. Raises NotKeptError."""
        try:
            await asyncio.to_thread(append_lines, self._path, b"".join(line + b"\n" for line in lines))
        except OSError as error:
            raise NotKeptError(f"{self._path}: {error.strerror}") from error

    def close(self) -> None:
        """Nothing is held between two commands."""


class StoreAtHand:
    """The store, opened when first asked for: a job that has only begun has not made it yet."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._lock = threading.Lock()
        self._store: Store | None = None

    def __call__(self) -> Store:
        """Return the store. Raises StoreError while there is none."""
        with self._lock:
            if self._store is None:
                self._store = open_store(self._dsn, read_only=True)
            return self._store

    def close(self) -> None:
        """Let go of it."""
        with self._lock:
            if self._store is not None:
                self._store.close()


class Console(msgspec.Struct, frozen=True):
    """What the pages share."""

    service: Service
    store: StoreAtHand
    settings: Settings
    book: Callable[[], RuleBook]
    mistakes: Callable[[], Sequence[RuleError]]
    """Of rules that are newer than the book."""
    operator: str
    """Who acts where no tokens are set."""
    health: HealthAtHand
    live: Live
    replays: Replays
    trend: TrendAtHand
    tested: TestsAtHand


def open_console(
    settings: Settings, environment: Mapping[str, str], rules: Watcher, data: str | None, *, wait: bool,
    settings_path: str | None = None,
) -> Console:  # fmt: skip
    """Return the parts; `wait`: the store may come later. Raises StoreError, TokensError, KafkaTroubleError, OSError."""
    checked(settings.console)
    store = StoreAtHand(settings.store.dsn)
    if not wait:
        store()
    given = settings.gateway
    gate = Gate(Tokens(given.tokens) if given.tokens else None)
    service = Service(_durable(settings, environment, data), gate, Meter(programs=()))
    health = HealthAtHand(settings, service.now, lambda: store().workers())
    return Console(
        service=service, store=store, settings=settings, book=rules.holder.current, mistakes=rules.wrong,
        operator=getpass.getuser(), health=health, live=Live(lambda: pulse(store)),
        trend=TrendAtHand(service.now), tested=TestsAtHand(settings),
        replays=Replays(settings, Path(f"{data}/replays" if data else settings.console.replays), settings_path),
    )  # fmt: skip


def pulse(store: StoreAtHand) -> str:
    """Return what differs when something was written; trouble with the store is a state too."""
    try:
        return store().changes().cursor
    except StoreError as error:
        return str(error)


def _durable(settings: Settings, environment: Mapping[str, str], data: str | None) -> Durable:
    """Return where commands go, as those of `tocsin ack`: with `--data` the file beside the job, else its topic if it has one."""
    kafka = settings.kafka
    if not data and kafka.brokers and kafka.commands:
        counts = ensure(kafka, environment, [kafka.commands])
        return Topics(options(kafka, environment), "", kafka.commands, counts)
    return CommandsFile(Path(commands_file(settings, data)))
