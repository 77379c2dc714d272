"""What commands share of their options: settings, times."""

import os
import re
import time
from datetime import datetime, timedelta
from pathlib import Path

import click

from flows.cli.fail import fail, in_words
from flows.settings.settings import Settings, SettingsError, check_source, load_settings
from operators.intake.formats.by_rule import named
from operators.intake.formats.table import FORMATS

LATEST = 253_402_214_400
"""The last day that any zone can show, in Unix seconds."""
LONGEST = 366 * 86400
"""Seconds of the longest length of time that may be asked for."""
_SPAN, _CLOCK = re.compile("([0-9]{1,6})([smhd])"), re.compile("[0-9]{1,2}:[0-9]{2}")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

settings_option = click.option(
    "--settings",
    "settings_path",
    metavar="FILE",
    envvar="TOCSIN_SETTINGS",
    help="Settings of the job (tocsin.yaml).",
)
lone_settings_option = click.option(
    "--settings", "settings_path", metavar="FILE", help="Settings of the job (tocsin.yaml); default: none."
)
"""Of a command whose answer must not hang on the environment."""
MOST = 2**31 - 1
limit_option = click.option(
    "--limit", type=click.IntRange(1, MOST), default=50, show_default=True, help="Show at most so many."
)
format_option = click.option(
    "--format", "name_of_format", type=click.Choice(list(FORMATS)), help="What the records are.  [default: tocsin]"
)
source_option = click.option(
    "--source", "source", metavar="NAME", help="Of --format json: the rule of kind `sources` that reads them."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs; times are Unix seconds.")


def read_settings(path: str | None) -> Settings:
    """Return the settings of a file with the environment laid over; mistakes in them end the command."""
    try:
        return load_settings(path, os.environ)
    except SettingsError as error:
        fail(error)


def read_lone_settings(path: str | None) -> Settings:
    """Return the settings of a file with the environment laid over; without a file the defaults, whatever the environment."""
    return Settings() if path is None else read_settings(path)


def format_named(name: str, source: str | None) -> str:
    """Return a format with the source that a rule reads; one without the other ends the command."""
    try:
        check_source(name, source or "", "--format", "--source")
    except SettingsError as error:
        fail(error)
    return named(name, source or "")


def text_in(path: str) -> str:
    """Return the text of a file that a command line names; one that cannot be read ends the command."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        fail(in_words(error))
    except UnicodeDecodeError as error:
        fail(f"{path}: not UTF-8: {error.reason} at byte {error.start}")


def typed(text: str) -> str:
    """Return text of the command line as UTF-8, whatever the locale made of it; what is none shows as a mark."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def read_span(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Return the seconds of `45m`, `2h`, `3d` or `1h30m`."""
    if value is None:
        return None
    parts = _SPAN.findall(value)
    seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if not seconds or "".join(map("".join, parts)) != value or seconds > LONGEST:
        raise click.BadParameter(f"{value!r} is no length of time: give `45m`, `2h`, `3d`", ctx=ctx, param=param)
    return seconds


def read_end(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Return the Unix second at which something is to end: the next `09:00`, a number, or ISO text, of this machine's zone."""
    if value is None:
        return None
    now = int(time.time())
    try:
        moment = _next_clock(value, now) if _CLOCK.fullmatch(value) else _moment(value)
    except (ValueError, OverflowError):
        moment = -1
    if not now < moment <= LATEST:
        hint = "give a time to come: `09:00`, Unix seconds, or 2026-11-23T18:00"
        raise click.BadParameter(f"{value!r} is no end: {hint}", ctx=ctx, param=param)
    return moment


def _next_clock(value: str, now: int) -> int:
    """Return the next second at which the clocks of this machine show a time of day."""
    hour, minute = map(int, value.split(":"))
    today = (
        datetime.fromtimestamp(now).astimezone().replace(hour=hour, minute=minute, second=0, microsecond=0, tzinfo=None)
    )
    ahead = (int((today + timedelta(days=days)).astimezone().timestamp()) for days in (0, 1, 2))
    return next(second for second in ahead if second > now)


def read_moment(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Return the Unix second of `2h` (ago), a number, or ISO text in the zone of this machine."""
    if value is None:
        return None
    try:
        moment = _moment(value)
    except (ValueError, OverflowError):
        moment = -1
    if not 0 <= moment <= LATEST:
        hint = "give `2h`, `3d`, Unix seconds, or 2026-11-23T18:00"
        raise click.BadParameter(f"{value!r} is no time: {hint}", ctx=ctx, param=param)
    return moment


def _moment(value: str) -> int:
    number, unit = value[:-1], value[-1:]
    if unit in _UNITS and number.isdecimal():
        return int(time.time()) - int(number) * _UNITS[unit]
    return int(value) if value.isdecimal() else int(datetime.fromisoformat(value).astimezone().timestamp())
