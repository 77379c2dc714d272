"""Times and durations as people read them. Seconds in, text out; no clock."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

_TOKEN = re.compile(r"\[([^\[\]]*)\]|YYYY|YY|MM|M|DD|D|HH|H|mm|m|ss|s|ZZ|Z|X")
_LONGEST_PATTERN = 200
_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def local(second: float, zone: tzinfo) -> datetime:
    """Return an aware time. Raises ValueError, OverflowError or OSError for what no calendar holds."""
    return datetime.fromtimestamp(second, zone)


def local_text(second: int | None, zone: tzinfo) -> str | None:
    """Return `YYYY-MM-DD HH:MM:SS+08:00`, or the number itself where no calendar holds it."""
    if second is None:
        return None
    try:
        return local(second, zone).isoformat(" ", "seconds")
    except (ValueError, OverflowError, OSError):
        return str(second)


def duration_text(seconds: int, units: Mapping[str, str]) -> str:
    """Return the two largest units, such as `2m 10s`; `units` names d, h, m and s."""
    parts: list[str] = []
    rest = max(int(seconds), 0)
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(f"{count}{units[unit]}" if count else "")
    return " ".join(part for part in parts[:2] if part) or f"0{units['s']}"


def format_time(moment: datetime, pattern: str) -> str:
    """Return the time by tokens: YYYY MM DD HH mm ss, their short forms, Z (+0800), ZZ (+08:00), X; [text] stays.

    Raises ValueError for a pattern of more than 200 characters.
    """
    if len(pattern) > _LONGEST_PATTERN:
        raise ValueError(f"a pattern of more than {_LONGEST_PATTERN} characters")
    offset = moment.isoformat()[-6:] if moment.tzinfo is not UTC else "+00:00"
    values = {
        "YYYY": f"{moment.year:04}", "YY": f"{moment.year % 100:02}",
        "MM": f"{moment.month:02}", "M": str(moment.month),
        "DD": f"{moment.day:02}", "D": str(moment.day), "HH": f"{moment.hour:02}", "H": str(moment.hour),
        "mm": f"{moment.minute:02}", "m": str(moment.minute), "ss": f"{moment.second:02}", "s": str(moment.second),
        "ZZ": offset, "Z": offset.replace(":", ""), "X": str(int(moment.timestamp())),
    }  # fmt: skip
    return _TOKEN.sub(lambda token: token[1] if token[1] is not None else values[token[0]], pattern)


def zone_or(name: str | None, default: tzinfo) -> tzinfo:
    """Return the zone of an IANA name, or the default. Raises ValueError for an unknown name."""
    if not name:
        return default
    if name.lower() in ("utc", "z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # not there, too long a name, or one that leads elsewhere
        raise ValueError(f"unknown time zone {name[:64]!r}") from None
