"""What the reading commands share: where the store is, how times and texts look on a terminal."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from functools import wraps
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
import msgspec
from rich.console import Console
from rich.text import Text

from flows.cli.given import json_option, read_settings, settings_option
from flows.settings.places import outbox_under, recovery_under, store_under
from flows.settings.settings import Settings
from sinks.store.interface import Store, StoreError
from sinks.store.place import open_store

PIPE_WIDTH = 200
"""Columns when nobody looks."""

STATUS_STYLES = {"ABNORMAL": "bold red", "RECOVERING": "yellow", "RECOVERED": "green", "CLOSED": "dim"}
SEVERITY_WORDS = {"fatal": "1", "warning": "2", "remind": "3"}
SEVERITIES = {1: ("fatal", "bold red"), 2: ("warning", "yellow"), 3: ("remind", "cyan")}


class View(NamedTuple):
    """What a reading command was told to read and how to show it."""

    place: str
    settings: Settings
    zone: tzinfo | None
    """None = the zone of this machine."""
    as_json: bool

    @property
    def zone_name(self) -> str:
        """The zone that times are shown in."""
        return str(self.zone) if self.zone else f"the zone of this machine ({time.tzname[0]})"

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the store for reading; its errors end the command with their text."""
        try:
            opened = open_store(self.place, read_only=True)
            try:
                yield opened
            finally:
                opened.close()
        except StoreError as error:
            raise click.ClickException(str(error)) from error

    def moment(self, second: int | None, zone: tzinfo | None = None) -> str:
        """Show a time as ISO text with its offset; `zone` only counts where none was asked for."""
        if second is None:
            return ""
        return datetime.fromtimestamp(second, self.zone or zone).astimezone(self.zone or zone).isoformat(sep=" ")

    def time_of_day(self, second: int) -> str:
        """Show the time of day of a second that is near."""
        return datetime.fromtimestamp(second, self.zone).astimezone(self.zone).strftime("%H:%M:%S")


def reading(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a reading command; it gets a View."""

    @click.option(
        "--store",
        "place",
        envvar="TOCSIN_STORE",
        metavar="PATH|URL",
        help="SQLite file or address of Elasticsearch; default: setting store.dsn.",
    )
    @click.option("--data", metavar="DIR", help="Directory that `tocsin run --data` keeps its files in.")
    @settings_option
    @click.option(
        "--time-zone", "zone_name", metavar="ZONE", help="Show times in this zone; default: that of this machine."
    )
    @json_option
    @wraps(command)
    def with_view(
        *,
        place: str | None,
        data: str | None,
        settings_path: str | None,
        zone_name: str | None,
        as_json: bool,
        **others: Any,
    ) -> None:
        settings = read_settings(settings_path)
        if data:
            outbox = outbox_under(settings, data)
            settings = msgspec.structs.replace(settings, recovery=recovery_under(settings, data), outbox=outbox)
        command(View(place or store_under(settings, data).dsn, settings, _zone(zone_name), as_json), **others)

    return with_view


def _zone(name: str | None) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise click.BadParameter(f"{name!r} is no time zone", param_hint="--time-zone") from error


def severity_text(severity: int) -> str:
    """Return the word of a severity."""
    return SEVERITIES.get(severity, (str(severity), ""))[0]


def console(*, stderr: bool = False) -> Console:
    """Return where tables go: as wide as the terminal, or wide enough for a pipe."""
    found = Console(highlight=False, stderr=stderr)
    return found if found.is_terminal else Console(highlight=False, width=PIPE_WIDTH, stderr=stderr)


def shown(text: object, style: str = "") -> Text:
    """Show text from outside as it is: no markup, no control characters, on one line."""
    return Text("".join(char if char.isprintable() else " " for char in str(text)), style=style)
