"""Settings: defaults, then `tocsin.yaml`, then the environment (TOCSIN__QUOTA__ALERT__THRESHOLD=50), all typed and strict."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from operators.jobs import Job as JobName
from operators.rules.words import zone_named
from operators.scene import default_notice
from operators.settings import CoreSettings
from sinks.render import check_template

PREFIX = "TOCSIN__"


class SettingsError(ValueError):
    """Settings that cannot be used; the text names file or variable, path and reason."""


class StoreSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where alerts, logs, actions and events are kept: a SQLite file, or Elasticsearch by URL."""

    dsn: str = "data/tocsin.sqlite3"
    events: bool = True
    """Keep the event archive."""


class OutboxSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where notices wait for the courier: a SQLite file or `redis://host:port/db/key`."""

    dsn: str = "data/outbox.sqlite3"


class RecoverySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where snapshots are kept, how many files they are spread over, and how many seconds lie between two."""

    directory: str = "data/recovery"
    partitions: int = 16
    interval: float = 10.0


class SourceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Files to read (`-` is stdin), one after the other.

    `clock`: `input` = a record arrives when it says so, as in a replay; `wall` = when it is read.
    `follow`: wait for more lines in the last file.
    """

    files: tuple[str, ...] = ()
    follow: bool = False
    clock: Literal["input", "wall"] = "input"
    commands: str = ""
    """A file of commands to follow beside them; `tocsin ack` and its like append to it."""


class TopicSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A topic of events: the data id that metrics show, and how its records are read."""

    data_id: int | str = 0
    decoder: Literal["tocsin"] = "tocsin"


class Secret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a secret stands: in a variable of the environment or in a file."""

    env: str = ""
    file: str = ""


class KafkaSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The brokers and the topics of the job (docs/kafka.md). Empty names: no such topic."""

    brokers: str = ""
    topics: dict[str, TopicSettings] = {}
    checks: str = ""
    commands: str = ""
    dead_letters: str = ""
    changes: str = ""
    """The latest document of each alert, keyed by its id."""
    keyed: str = ""
    """Events and checks that are decoded and named, partitioned by slot: from the job of intake to that of alerts."""
    planned: str = ""
    """Planned actions with their alerts, partitioned by business: from the job of alerts to that of notices."""
    job: JobName = "all"
    """Follows setting `job`."""
    worker: int = 0
    workers: int = 1
    """This process reads the partitions p with p % workers == worker."""
    group: str = "tocsin"
    """Where offsets are shown to lag tools; they are never read from there."""
    create_topics: bool = False
    """Create missing topics; else they are an error."""
    partitions: int = 16
    replication: int = -1
    """Replicas of a topic that is created; -1: as the brokers are set up."""
    start: Literal["earliest", "latest"] = "earliest"
    """Where a partition is read from that was never read before."""
    out_of_range: Literal["fail", "earliest"] = "fail"
    """What to do when records were deleted before they were read."""
    prefetch: int = 32
    """MiB of records read ahead."""
    patience: float = 60.0
    """Seconds after which a partition whose broker is silent no longer holds up the others."""
    wait: float = 30.0
    """Seconds to wait for a broker at start."""
    timeout: float = 60.0
    """Seconds to wait until a record is delivered."""
    options: dict[str, str | int | float | bool | Secret] = {}
    """Further options of librdkafka: security, above all."""


class MetricsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The port of /metrics, /healthz and /readyz; 0 = none."""

    port: int = 0
    host: str = "127.0.0.1"
    strategies: list[str | int] = []
    """Strategies that metrics name; all others are `__total__`."""


class Settings(CoreSettings, frozen=True, forbid_unknown_fields=True):
    """Everything the job can be told."""

    job: JobName = "all"
    """Everything in one process, or one stage of it with topics between (docs/jobs.md)."""

    rules: str = "rules"
    """A directory, or `sqlite://` or `mysql://` of rules in SQL."""
    inventory: tuple[str, ...] = ()
    """Hosts and topology from elsewhere: `redis://`, `sqlite://` or `mysql://`."""
    source: SourceSettings = SourceSettings()
    fingerprint: Literal["pairs", "bk"] = "pairs"
    language: Literal["en", "zh"] = "en"
    store: StoreSettings = StoreSettings()
    outbox: OutboxSettings = OutboxSettings()
    recovery: RecoverySettings = RecoverySettings()
    kafka: KafkaSettings = KafkaSettings()
    metrics: MetricsSettings = MetricsSettings()
    dead_letters: str = "data/dead_letters.jsonl"
    batch: int = 1000
    """Records read at once."""


def load_settings(path: str | None, environment: Mapping[str, str]) -> Settings:
    """Return the settings of a file (None: the defaults) with the environment laid over. Raises SettingsError."""
    tree = _read(path) if path else {}
    for name, text in environment.items():
        if name.startswith(PREFIX):
            _lay(tree, name, text)
    if "MESSAGE_QUEUE_DSN" in environment:
        tree.setdefault("outbox", {}).setdefault("dsn", environment["MESSAGE_QUEUE_DSN"])
    return settings_from(tree, path or "settings")


def settings_from(tree: Any, place: str) -> Settings:
    """Return the settings of a tree of plain values. Raises SettingsError."""
    try:
        settings = msgspec.convert(tree, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{place}: {error}") from error
    try:
        zone_named(settings.time_zone)
    except ValueError as error:
        raise SettingsError(f"{place}: time_zone: {error}") from error
    try:
        default_notice(settings, check_template)
    except ValueError as error:
        raise SettingsError(f"{place}: {error}") from error
    return settings


def _read(path: str) -> Any:
    try:
        tree = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {' '.join(str(error).split())}") from error
    if tree is not None and not isinstance(tree, dict):
        raise SettingsError(f"{path}: expected a mapping of settings")
    return tree or {}


def _lay(tree: dict[str, Any], name: str, text: str) -> None:
    """Put one variable into the tree; its text is read as YAML, so numbers, lists and mappings may stand in it."""
    *path, last = name.removeprefix(PREFIX).lower().split("__")
    node = tree
    for key in path:
        node = node.setdefault(key, {})
        if not isinstance(node, dict):
            raise SettingsError(f"{name}: `{key}` is not a mapping")
    try:
        node[last] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SettingsError(f"{name}: {' '.join(str(error).split())}") from error
