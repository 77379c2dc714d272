"""Everything by which a process can be watched, opened from its settings and closed at its end."""

import math
import os
import platform
from collections.abc import Mapping
from importlib.metadata import version

import msgspec

from flows.settings.settings import Settings, SettingsError
from flows.telemetry.health import HealthServer, Heart
from flows.telemetry.logs import set_up
from flows.telemetry.meter import BOTH, Meter
from flows.telemetry.metrics import BUILD, Program
from flows.telemetry.redaction import secrets_in
from flows.telemetry.telemetry import Telemetry


class Observability(msgspec.Struct, frozen=True):
    """Logs are set up once this exists."""

    meter: Meter
    heart: Heart
    telemetry: Telemetry
    server: HealthServer | None
    """None: setting `metrics.port` is 0."""

    def start(self) -> None:
        """Begin to answer on the port."""
        if self.server is not None:
            self.server.start()

    def close(self) -> None:
        """Free the port."""
        if self.server is not None:
            self.server.stop()


def open_observability(
    settings: Settings,
    programs: tuple[Program, ...] = BOTH,
    *,
    environment: Mapping[str, str] = os.environ,
) -> Observability:
    """Set up logs, metrics and the port of a process that is job, courier or both. Raises SettingsError."""
    redactor = set_up(level=settings.log.level)
    redactor.learn(secrets_in(settings, environment))
    meter = Meter(settings.metrics.strategies, programs)
    if "job" in programs:
        meter.put(BUILD, 1.0, version("tocsin"), platform.python_version())
    heart = Heart(settings.recovery.interval) if "job" in programs else Heart(math.inf, waits_for=())
    data_ids = {topic: str(one.data_id) for topic, one in settings.kafka.topics.items()}
    telemetry = Telemetry(meter, heart, data_ids=data_ids, redactor=redactor)
    return Observability(meter, heart, telemetry, _server(settings, meter, heart))


def _server(settings: Settings, meter: Meter, heart: Heart) -> HealthServer | None:
    place = settings.metrics
    if not place.port:
        return None
    try:
        return HealthServer(meter, heart, host=place.host, port=place.port)
    except OSError as error:
        raise SettingsError(f"metrics.port: cannot listen on {place.host}:{place.port}: {error.strerror}") from error
