"""What events said that was not taken as it stood: words that nobody knows, times ahead (design.md 7.46, 7.51)."""

from collections.abc import Iterable, Mapping
from typing import Any

import structlog

from flows.telemetry import metrics
from flows.telemetry.meter import Meter
from operators.model.event import SAID_SEVERITY, SAID_STATUS, SAID_TIME, Event

WORDS: Mapping[str, str] = {SAID_SEVERITY: "severity", SAID_STATUS: "status"}
"""Where a word is kept -> the field that held it."""
TOLD = 1000
"""Words that are logged, each once a source; a source that sends ever new ones must not fill the log."""
SOURCES = 100
"""Sources that have a series of their own."""
OTHER = "__other__"

log = structlog.get_logger()


class Said:
    """Counts such events, and logs each word once a source."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._told: set[tuple[str, str, str]] = set()
        self._sources: set[str] = set()

    def observe(self, said: Iterable[Any]) -> None:
        """Look through the events of a batch; most have no `extra_info` at all."""
        for event in said:
            if type(event) is Event and event.extra_info:
                if SAID_TIME in event.extra_info:
                    self._meter.add(metrics.AHEAD, 1, self._source(event.plugin_id))
                for place, field in WORDS.items():
                    if place in event.extra_info:
                        self._unread(event, field, str(event.extra_info[place]))

    def _source(self, plugin_id: str) -> str:
        if len(self._sources) < SOURCES:
            self._sources.add(plugin_id)
        return plugin_id if plugin_id in self._sources else OTHER

    def _unread(self, event: Event, field: str, word: str) -> None:
        self._meter.add(metrics.UNREAD_WORDS, 1, field)
        key = (event.plugin_id, field, word)
        if key not in self._told and len(self._told) < TOLD:
            self._told.add(key)
            taken = getattr(event, field)
            log.warning("word not understood", field=field, word=word, taken_as=taken, plugin_id=event.plugin_id)
