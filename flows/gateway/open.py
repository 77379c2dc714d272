"""The parts of a gateway, opened from its settings."""

from collections.abc import Mapping
from pathlib import Path

from flows.gateway.durable import Durable
from flows.gateway.gate import Gate
from flows.gateway.service import Service
from flows.gateway.spool import Spool
from flows.gateway.tokens import Tokens
from flows.gateway.topic import Topics
from flows.settings.settings import Settings, SettingsError
from flows.sources.kafka_client import ensure, options
from flows.telemetry import metrics
from flows.telemetry.meter import Meter
from sinks.store.place import open_store


def open_service(settings: Settings, environment: Mapping[str, str]) -> Service:
    """Return the service. Raises SettingsError, TokensError, SpoolBusyError, KafkaTroubleError, StoreError, OSError."""
    given = settings.gateway
    gate = Gate(Tokens(given.tokens) if given.tokens else None)
    meter = Meter(programs=("gateway",))
    meter.put(metrics.AM_BUILD, 1.0, *metrics.AM_BUILD.known[0])
    store = open_store(settings.store.dsn) if settings.store.dsn not in ("", "none") else None
    return Service(_durable(settings, environment), gate, meter, store)


def _durable(settings: Settings, environment: Mapping[str, str]) -> Durable:
    kafka = settings.kafka
    if not kafka.brokers:
        return Spool(Path(settings.gateway.spool), settings.gateway.name)
    topic = settings.gateway.topic or next(iter(kafka.topics), "")
    if not topic:
        raise SettingsError("gateway.topic: name the topic that events go to, or one under kafka.topics")
    counts = ensure(kafka, environment, [topic, *filter(None, [kafka.commands])])
    return Topics(options(kafka, environment), topic, kafka.commands, counts)
