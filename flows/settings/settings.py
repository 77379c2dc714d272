"""Settings: defaults, then `tocsin.yaml`, then the environment (TOCSIN__QUOTA__ALERT__THRESHOLD=50), all typed and strict."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from flows.settings.names import PREFIX, near_miss, path_and_reason, place_of
from flows.settings.sections import (
    AtLeastOne,
    BackupSettings,
    ConsoleSettings,
    CourierSettings,
    GatewaySettings,
    HeartbeatSettings,
    JobName,
    KafkaSettings,
    LogSettings,
    MetricsSettings,
    OutboxSettings,
    RecoverySettings,
    SourceSettings,
    StoreSettings,
)
from operators.model.settings import CoreSettings
from operators.rules.read.yaml_text import parse_yaml
from operators.rules.shapes.source import JSON
from operators.rules.shapes.words import zone_named
from operators.state.scene import default_notice
from sinks.render import check_template


class SettingsError(ValueError):
    """Settings that cannot be used; the text names file or variable, path and reason."""


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
    courier: CourierSettings = CourierSettings()
    recovery: RecoverySettings = RecoverySettings()
    backup: BackupSettings = BackupSettings()
    kafka: KafkaSettings = KafkaSettings()
    metrics: MetricsSettings = MetricsSettings()
    log: LogSettings = LogSettings()
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    gateway: GatewaySettings = GatewaySettings()
    console: ConsoleSettings = ConsoleSettings()
    dead_letters: str = "data/dead_letters.jsonl"
    batch: AtLeastOne = 2000
    """Records read at once."""


def load_settings(path: str | None, environment: Mapping[str, str]) -> Settings:
    """Return the settings of a file (None: the defaults) with the environment laid over. Raises SettingsError."""
    if wrong := near_miss(environment, Settings):
        raise SettingsError(wrong)
    tree = read_file(path) if path else {}
    variables: dict[str, str] = {}
    for name, text in environment.items():
        if name.startswith(PREFIX):
            variables[_lay(tree, name, text)] = name
    if "MESSAGE_QUEUE_DSN" in environment:
        tree.setdefault("outbox", {}).setdefault("dsn", environment["MESSAGE_QUEUE_DSN"])
    return settings_from(tree, path or "settings", variables)


def settings_from(tree: Any, place: str, variables: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a tree of plain values; `variables` says which paths the environment set. Raises SettingsError."""
    set_by = variables or {}
    try:
        settings = msgspec.convert(tree, Settings, strict=False)
    except msgspec.ValidationError as error:
        path, reason = path_and_reason(str(error), Settings)
        raise SettingsError(f"{place_of(path, set_by) or place}: {path}: {reason}") from error
    for path, reason in _mistakes(settings):
        raise SettingsError(f"{place_of(path, set_by) or place}: {reason}")
    return settings


def _mistakes(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the path of each value that no type refuses and that cannot be, and what is wrong, with its place."""
    try:
        zone_named(settings.time_zone)
    except ValueError as error:
        yield "time_zone", f"time_zone: {error}"
    if (worker := settings.kafka.worker) >= (workers := settings.kafka.workers):
        yield "kafka.worker", f"kafka.worker: {worker}: of {workers} workers, the last one is {workers - 1}"
    if bool(settings.heartbeat.way) != bool(settings.heartbeat.receivers):
        missing, given = ("receivers", "way") if settings.heartbeat.way else ("way", "receivers")
        yield f"heartbeat.{given}", f"heartbeat.{missing}: missing beside heartbeat.{given}"
    for name, topic in settings.kafka.topics.items():
        at = f"kafka.topics.{name}"
        if wrong := _of_source(topic.decoder, topic.source, f"{at}.decoder"):
            yield at, f"{at}.source: {wrong}"
    if wrong := _of_source(settings.source.format, settings.source.source, "source.format"):
        yield "source.source", f"source.source: {wrong}"
    yield from _of_templates(settings)


def _of_templates(settings: Settings) -> Iterator[tuple[str, str]]:
    try:
        default_notice(settings, check_template)
    except ValueError as error:
        yield "default_notice", str(error)
    if wrong := check_template(settings.links.alert):
        yield "links.alert", f"links.alert: {wrong}"


def check_source(name: str, source: str, of_format: str, of_source: str) -> None:
    """Refuse any JSON without the rule that reads it, and such a rule for another format. Raises SettingsError."""
    if wrong := _of_source(name, source, of_format):
        raise SettingsError(f"{of_source}: {wrong}")


def _of_source(name: str, source: str, of_format: str) -> str:
    if name == JSON and not source:
        return f"missing: {of_format} json is read by a rule of kind `sources`"
    return f"{source}: only {of_format} json is read by a named rule" if source and name != JSON else ""


def read_file(path: str) -> dict[str, Any]:
    """Return the tree in a file of settings. Raises SettingsError."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from error
    tree, problems = parse_yaml(text)
    if problems:
        raise SettingsError("\n".join(": ".join(filter(None, (path, *problem))) for problem in problems))
    if tree is not None and not isinstance(tree, dict):
        raise SettingsError(f"{path}: expected a mapping of settings")
    return tree or {}


def _lay(tree: dict[str, Any], name: str, text: str) -> str:
    """Put one variable into the tree, and return its path; its text is read as YAML, so lists and mappings may stand in it."""
    *path, last = keys = name.removeprefix(PREFIX).lower().split("__")
    node = tree
    for key in path:
        node = node.setdefault(key, {})
        if not isinstance(node, dict):
            raise SettingsError(f"{name}: `{key}` is not a mapping")
    node[last], problems = parse_yaml(text)
    if problems:  # what they say may repeat the text, and that may be a secret
        raise SettingsError(f"{name}: not YAML: quote a text that begins with a sign such as * or {{")
    return ".".join(keys)
