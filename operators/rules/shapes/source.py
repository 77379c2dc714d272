"""Sources: what records of other systems become, field by field (docs/gateway.md). A path is JMESPath."""

import re
from typing import Any, Literal

import msgspec

from operators.rules.shapes.words import Amount, Id, Path, Plain, Reading

START = 1_700_000_000
JSON = "json"
"""The format that has no mapping of its own."""
TAKEN = frozenset({"alertmanager", "grafana", "zabbix"})
"""Names under `/webhook/` that a format of its own has."""
NAMED_BY_FORMAT = frozenset({"pagerduty", "zabbix"})
"""Formats whose updates name a problem by the fingerprint that the format gave it."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class Found(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How a field is found: by a path, as a label (a tag), or it is a constant. Just one is given."""

    path: Path = ""
    label: str = ""
    value: Any = None
    words: dict[Plain, Any] = {}
    """What is found -> what it means; case and blanks around do not matter. What is not listed stays."""
    default: Any = None
    """Where nothing is found."""


Mapped = Path | Found | None


class EventFields(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The fields of an event (docs/events.md), each with where it is found."""

    event_id: Mapped = None
    plugin_id: Mapped = None
    strategy_id: Mapped = None
    alert_name: Mapped = None
    description: Mapped = None
    severity: Mapped = None
    status: Mapped = None
    target_type: Mapped = None
    target: Mapped = None
    bk_biz_id: Mapped = None
    time: Mapped = None
    anomaly_time: Mapped = None
    until: Mapped = None
    assignee: Mapped = None
    category: Mapped = None
    data_type: Mapped = None
    metric: Mapped = None
    ip: Mapped = None
    ipv6: Mapped = None
    bk_cloud_id: Mapped = None
    bk_host_id: Mapped = None
    bk_service_instance_id: Mapped = None
    bk_topo_node: Mapped = None
    tags_from: Path = ""
    """A mapping whose plain members all become tags."""
    tags: dict[str, Path | Found] = {}
    extra_info: dict[str, Path | Found] = {}
    dedupe_keys: tuple[str, ...] = ()
    dedupe_except: tuple[str, ...] = ()
    """Instead of dedupe_keys: every tag tells problems apart but these and `severity`."""


class SourceTest(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A record and what must come of it."""

    name: str
    input: Any
    at: Amount = START
    """The second of its arrival."""
    expect: tuple[dict[str, Any], ...] = ()
    """Its events in their order, each by the fields that are given; tags as a mapping."""
    refused: str = ""
    """A part of the reason why something of it is refused."""


class Source(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How records of a source are read: any JSON, or the events of a named format with other fields."""

    id: Id
    """Of format `json`: the name of the source, as in `/webhook/NAME`."""
    format: Literal[
        "json", "prometheus", "alertmanager", "grafana", "pagerduty", "zabbix", "cloudevents", "bk-monitor"
    ] = "json"
    is_enabled: bool = True
    each: Path = ""
    """Where the records stand in a body; empty: the body is one, or a list of them."""
    when: Path = ""
    """Only records for which it is true; of a named format's rules the first one that is true counts."""
    event: EventFields = EventFields()
    tests: tuple[SourceTest, ...] = ()


def checked_found(one: Found, reading: Reading) -> Found:
    """Refuse a field that is found in two ways, or in none."""
    ways = [name for name in ("path", "label", "value") if getattr(one, name) not in ("", None)]
    if len(ways) != 1:
        reading.fail(f"give one of path, label and value{', not ' + ' and '.join(ways) if ways else ''}")
    texts = {word.strip().casefold() for word in one.words}
    if len(texts) < len(one.words):
        reading.fail("two words that differ in case or blanks only", "words")
    return msgspec.structs.replace(one, words={word.strip().casefold(): meant for word, meant in one.words.items()})


def checked_source(source: Source, reading: Reading) -> Source:
    """Refuse what does not fit together."""
    fields = source.event
    if fields.dedupe_keys and fields.dedupe_except:
        reading.fail("give either 'dedupe_keys' or 'dedupe_except'", "event")
    for test_number, test in enumerate(source.tests):
        if not test.expect and not test.refused and source.format != JSON:
            reading.fail("expects nothing", "tests", test_number)
    if source.format == JSON:
        _check_json(source, reading)
        return source
    if source.each:
        reading.fail(f"format {source.format} says itself where its records stand", "each")
    if source.format in NAMED_BY_FORMAT and (fields.dedupe_keys or fields.dedupe_except):
        reading.fail(
            f"updates of {source.format} name a problem by the format's own fingerprint", "event", "dedupe_keys"
        )
    return source


def _check_json(source: Source, reading: Reading) -> None:
    if not _NAME.fullmatch(source.id):
        reading.fail("the name of a source: up to 64 letters, digits, '.', '_', '-'", "id")
    if source.id in TAKEN:
        reading.fail(f"/webhook/{source.id} is read by the format of that name", "id")
    if source.event.alert_name is None and source.event.strategy_id is None:
        reading.fail("missing: alert_name, or strategy_id", "event")
