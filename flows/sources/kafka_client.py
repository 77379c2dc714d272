"""How this job connects to Kafka: options with their secrets, and topics that are there before anything starts."""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import structlog
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from flows.settings.sections import KafkaSettings, Secret
from flows.settings.settings import SettingsError

log = structlog.get_logger()

OURS = frozenset(
    {
        "acks", "auto.offset.reset", "bootstrap.servers", "delivery.timeout.ms", "enable.auto.commit",
        "enable.auto.offset.store", "enable.idempotence", "enable.partition.eof", "group.id", "group.instance.id",
        "group.protocol", "message.timeout.ms", "metadata.broker.list", "request.required.acks",
        "statistics.interval.ms", "transactional.id",
    }
)  # fmt: skip
"""Options that Tocsin sets itself: what it promises depends on them."""
COMPACT = {"cleanup.policy": "compact"}


class KafkaTroubleError(Exception):
    """Kafka cannot be used as the settings ask; the text says why, and what may help."""


def options(settings: KafkaSettings, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the options every client gets, secrets filled in. Raises SettingsError."""
    if not settings.brokers:
        raise SettingsError("kafka.brokers: missing")
    given = {name: _value(name, value, environment) for name, value in settings.options.items()}
    return {
        "client.id": "tocsin",
        "log_level": 2,  # what matters comes through error_cb
        "reconnect.backoff.max.ms": 1000,
        **given,
        "bootstrap.servers": settings.brokers,
    }


def _value(name: str, value: str | float | bool | Secret, environment: Mapping[str, str]) -> str | float | bool:  # noqa: FBT001 - a value
    place = f"kafka.options.`{name}`"
    if name in OURS:
        raise SettingsError(f"{place}: is set by Tocsin")
    if not isinstance(value, Secret):
        return value
    if bool(value.env) == bool(value.file):
        raise SettingsError(f"{place}: name either `env` or `file`")
    if value.env:
        if value.env not in environment:
            raise SettingsError(f"{place}: no variable {value.env} in the environment")
        return environment[value.env]
    try:
        return Path(value.file).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise SettingsError(f"{place}: {value.file}: {error.strerror}") from error
    except UnicodeDecodeError:  # what it says holds bytes of the secret
        raise SettingsError(f"{place}: {value.file}: not UTF-8") from None


def read_topics(settings: KafkaSettings) -> dict[str, str]:
    """Return the topics that the job reads and the kind of their records. Raises SettingsError."""
    if settings.job in BETWEEN:
        role = BETWEEN[settings.job]
        kinds = {topic_between(settings, role): role}
        rest = [(settings.commands, "command")]
    else:
        kinds = dict.fromkeys(settings.topics, "event")
        rest = [(settings.checks, "check"), (settings.commands, "command")]
    for topic, kind in rest:
        if topic in kinds:
            raise SettingsError(f"kafka: topic {topic} is named twice")
        if topic:
            kinds[topic] = kind
    return kinds


BETWEEN = {"alerts": "keyed", "notices": "planned"}
"""Job -> the topic it reads from another job, and the kind of its records."""
HANDS_ON = {"intake": "keyed", "alerts": "planned"}
"""Job -> the topic it writes for the next one."""


def topic_between(settings: KafkaSettings, role: str) -> str:
    """Return a topic between two jobs. Raises SettingsError where it has no name."""
    topic: str = getattr(settings, role)
    if not topic:
        raise SettingsError(f"kafka.{role}: missing; job `{settings.job}` needs it")
    return topic


def prepare(settings: KafkaSettings, environment: Mapping[str, str]) -> dict[str, int]:
    """See to it that every topic of the job is there; return how many partitions each of those that are read has.

    Raises KafkaTroubleError as `ensure` does, and where there are fewer partitions than workers; SettingsError.
    """
    read = read_topics(settings)
    written = {topic for topic in (settings.dead_letters, settings.changes) if topic}
    if settings.job in HANDS_ON:
        written.add(topic_between(settings, HANDS_ON[settings.job]))
    found = ensure(settings, environment, read.keys() | written)
    for topic in read.keys() - {settings.commands}:  # every worker reads all commands
        if found[topic] < settings.workers:
            raise KafkaTroubleError(
                f"topic {topic} has {found[topic]} partitions for {settings.workers} workers: each needs one"
            )
    return {topic: found[topic] for topic in read}


def ensure(settings: KafkaSettings, environment: Mapping[str, str], topics: Iterable[str]) -> dict[str, int]:
    """Wait for a broker, create topics that are missing if that is allowed, return how many partitions each has.

    Raises KafkaTroubleError after `kafka.wait` seconds without a broker, or when topics are missing; SettingsError.
    """
    names = sorted(set(topics))
    admin = _Admin(settings, options(settings, environment))
    found = admin.partitions(names)
    if missing := [name for name in names if name not in found]:
        if not settings.create_topics:
            raise KafkaTroubleError(
                f"no such topic: {', '.join(missing)} (create them, or set kafka.create_topics: true)"
            )
        admin.create(missing)
        found = admin.partitions(names)
    return found


class _Admin:
    """The few things asked of the cluster at start."""

    def __init__(self, settings: KafkaSettings, config: dict[str, Any]) -> None:
        self._settings = settings
        self._last_error = ""
        try:
            self._admin = AdminClient(config | {"error_cb": self._note})
        except KafkaException as error:
            raise SettingsError(f"kafka.options: {error.args[0].str()}") from error

    def _note(self, error: KafkaError) -> None:
        if error.code() != KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 - that is its name
            self._last_error = error.str()

    def partitions(self, names: list[str]) -> dict[str, int]:
        """Return the number of partitions of the topics that exist."""
        deadline = time.monotonic() + self._settings.wait
        while True:
            try:
                known = self._admin.list_topics(timeout=2).topics
                return {name: len(known[name].partitions) for name in names if name in known}
            except KafkaException as error:
                self._admin.poll(0.1)
                if time.monotonic() >= deadline:
                    why = self._last_error or error.args[0].str()
                    raise KafkaTroubleError(
                        f"no broker of {self._settings.brokers} answered in {self._settings.wait:g} s: {why}"
                    ) from error

    def create(self, names: list[str]) -> None:
        """Create topics and wait until the cluster knows them."""
        settings = self._settings
        asked = [
            NewTopic(
                name,
                num_partitions=settings.partitions,
                replication_factor=settings.replication,
                config=COMPACT if name == settings.changes else {},
            )
            for name in names
        ]
        for name, done in self._admin.create_topics(asked, operation_timeout=30).items():
            try:
                done.result()
                log.info("topic created", topic=name, partitions=settings.partitions)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another worker was faster
                    raise KafkaTroubleError(f"topic {name} cannot be created: {error.args[0].str()}") from error
        self._wait_for(names)

    def _wait_for(self, names: list[str]) -> None:
        deadline = time.monotonic() + self._settings.wait
        while len(self.partitions(names)) < len(names):
            if time.monotonic() >= deadline:
                raise KafkaTroubleError(f"topics were created and are not there: {', '.join(names)}")
            time.sleep(0.05)
