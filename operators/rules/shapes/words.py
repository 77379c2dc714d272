"""The words of a rule file below the level of shapes: ids, times, ways, nodes, patterns (rules.md).

Each is an ordinary type annotated with how its text is read. A reader takes the value as the file holds it and the
`Reading` in progress, and returns the normal form or raises `RefusedError` with the reason.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from operators.rules.shapes.nearest import nearest
from operators.rules.shapes.paths import path_error
from operators.rules.shapes.patterns import pattern_error
from operators.rules.shapes.ways import WAY_ALIASES, WAYS

FOREVER = 4102444800
"""2100-01-01T00:00:00Z: the end of what never ends, in Unix seconds."""

_DAY_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_NODE = re.compile(r"[^|\s]+\|[^|\s]+")
_LANGUAGE = re.compile(r"(?:[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{2,8})*)?")
_PERSON = re.compile(r"(?:user|group)#.+", re.DOTALL)
_WHOLE_MINUTE = re.compile(r"\d{4}-?\d\d-?\d\d[T ]\d\d:?\d\d(?:Z|[+-]\d\d:?\d\d)?")
"""A date and time of day without seconds."""
_MONTH_SPAN = re.compile(r"(?:0?[1-9]|[12]\d|3[01]) ")


class RefusedError(ValueError):
    """A value that cannot be what its place asks for; the text says why."""


class Reading(msgspec.Struct):
    """What reading one document depends on, and what went wrong so far."""

    zone: ZoneInfo
    """Of datetimes without offset."""
    check_template: Callable[[str], str | None]
    """Returns what is wrong with a template text, or None."""
    default_business: str | None = "0"
    is_local: bool = False
    """Becomes true when a datetime without offset was read, so its value hangs on `zone`."""
    errors: list[tuple[list[str | int], str]] = []
    """Of (place from the inside out, reason)."""

    def fail(self, reason: str, *place: str | int) -> None:
        """Note that something is wrong, here or at a place below."""
        self.errors.append((list(reversed(place)), reason))


class Reader(msgspec.Struct, frozen=True, eq=False):
    """How a value of an annotated type is read; `schema` describes what a file may hold there."""

    read: Callable[[Any, Reading], Any]
    schema: dict[str, Any]


def kind_of(value: object) -> str:
    """Name what a value of a YAML or JSON file is, for an error text."""
    names = {bool: "a flag", int: "an integer", float: "a number", str: "text", dict: "a mapping", list: "a list"}
    return "nothing" if value is None else names.get(type(value), type(value).__name__)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise RefusedError(f"expected text, got {kind_of(value)}")
    return value


def _id(value: Any, _: Reading) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise RefusedError(f"expected an id (text or an integer), got {kind_of(value)}")
    if value == "":
        raise RefusedError("an id cannot be empty")
    return str(value)


def _plain(value: Any, _: Reading) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise RefusedError(f"expected text or a number, got {kind_of(value)}")
    return str(value)


def _way(value: Any, _: Reading) -> str:
    name = _text(value).lower()
    name = WAY_ALIASES.get(name, name)
    if name not in WAYS:
        raise RefusedError(f"unknown notice way {value!r}{nearest(value, WAYS)}; ways are {', '.join(WAYS)}")
    return name


def _day_time(value: Any, _: Reading) -> str:
    if not isinstance(value, str) or not _DAY_TIME.fullmatch(value):
        raise RefusedError(f"not a time of day (HH:MM or HH:MM:SS): {value!r}")
    return value


def _day_time_or_empty(value: Any, reading: Reading) -> str:
    return "" if value == "" else _day_time(value, reading)


def _day_range(value: Any, reading: Reading) -> str:
    edges = _text(value).split("--")
    if len(edges) != 2:  # noqa: PLR2004 (a range has two edges)
        raise RefusedError(f"not a range of times (HH:MM--HH:MM): {value!r}")
    return "--".join(_day_time(edge.strip(), reading) for edge in edges)


def _work_time(value: Any, _: Reading) -> str:
    edges = [edge.strip() for edge in _text(value).split("--")]
    times = [edge for edge in (_MONTH_SPAN.sub("", edge) for edge in edges) if _DAY_TIME.fullmatch(edge)]
    if len(edges) == 2 and len(times) == 2:  # noqa: PLR2004 (a range has two edges)
        return "--".join(edges)
    raise RefusedError(f"not a work time (HH:MM--HH:MM or DD HH:MM--DD HH:MM): {value!r}")


_NO_DATETIME = "not a date and time (2026-01-31 09:00:00, or with T and an offset)"


def _datetime(value: Any) -> datetime:
    if not isinstance(value, str):
        raise RefusedError(f"{_NO_DATETIME} but {kind_of(value)}: {value!r}")
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise RefusedError(f"{_NO_DATETIME}: {value!r}") from None


def _date_range(value: Any, _: Reading) -> str:
    edges = [edge.strip() for edge in _text(value).split("--")]
    if len(edges) != 2 or not all(_DATE.fullmatch(edge) for edge in edges):  # noqa: PLR2004
        raise RefusedError(f"not a range of dates (2026-01-01--2026-01-31): {value!r}")
    begin, end = map(_datetime, edges)
    if end < begin:
        raise RefusedError(f"ends before it begins: {value!r}")
    return "--".join(edges)


def _bounded(second: float, value: Any) -> int:
    if not 0 <= second <= FOREVER:
        raise RefusedError(f"not between 1970 and 2100: {value!r}")
    return int(second)


def _moment(value: Any, reading: Reading) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return _bounded(value, value)
    moment = _datetime(value)
    if moment.tzinfo is None:
        reading.is_local = True
        moment = moment.replace(tzinfo=reading.zone)
    try:
        return _bounded(moment.timestamp(), value)
    except OverflowError:
        raise RefusedError(f"not between 1970 and 2100: {value!r}") from None


def _last_moment(value: Any, reading: Reading) -> int:
    """Read a moment that ends a range: without seconds it holds through its minute (design.md 7.49)."""
    is_minute = isinstance(value, str) and _WHOLE_MINUTE.fullmatch(value) is not None
    return min(_moment(value, reading) + 59 * is_minute, FOREVER)


def _local_moment(value: Any, reading: Reading) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return datetime.fromtimestamp(_bounded(value, value), ZoneInfo("UTC")).isoformat(" ")
    moment = _datetime(value)
    _moment(value, Reading(zone=reading.zone, check_template=reading.check_template))
    return moment.isoformat(" ", "seconds")


def zone_named(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name. Raises `RefusedError` if there is none."""
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        raise RefusedError(f"unknown time zone {name!r}") from None


def _zone(value: Any, _: Reading) -> str:
    return zone_named(_text(value)).key


def _language(value: Any, _: Reading) -> str:
    if not _LANGUAGE.fullmatch(_text(value)):
        raise RefusedError(f"not a language code (en, zh): {value!r}")
    return str(value)


def _template(value: Any, reading: Reading) -> str:
    wrong = reading.check_template(_text(value))
    if wrong is not None:
        raise RefusedError(f"template: {wrong}")
    return str(value)


def _receiver(value: Any, _: Reading) -> str:
    if not _PERSON.fullmatch(_text(value)):
        raise RefusedError(f"not a receiver (user#name or group#role): {value!r}")
    return str(value)


def node_text(value: Any) -> str:
    """Return `obj|inst` of a topology node given as such or as {bk_obj_id, bk_inst_id}."""
    if isinstance(value, dict) and value.keys() == {"bk_obj_id", "bk_inst_id"}:
        value = f"{value['bk_obj_id']}|{value['bk_inst_id']}"
    if not isinstance(value, str) or not _NODE.fullmatch(value):
        raise RefusedError(f"not a topology node (obj|inst): {value!r}")
    return value


def _node(value: Any, _: Reading) -> str:
    return node_text(value)


def _node_or_empty(value: Any, _: Reading) -> str:
    return "" if value in ("", None) else node_text(value)


def _pattern(value: Any, _: Reading) -> str:
    wrong = pattern_error(_text(value))
    if wrong is not None:
        raise RefusedError(f"invalid pattern {value!r}: {wrong}")
    return str(value)


def _path(value: Any, _: Reading) -> str:
    wrong = path_error(_text(value)) if value != "" else None
    if wrong is not None:
        raise RefusedError(f"not a path (JMESPath) {value[:80]!r}: {wrong}")
    return str(value)


_TEXT = {"type": "string"}
_ONE_ID = {"type": ["string", "integer"]}

Id = Annotated[str, Reader(_id, _ONE_ID)]
"""An integer or text in the file; text here, never empty."""
Plain = Annotated[str, Reader(_plain, {"type": ["string", "number", "boolean"]})]
"""Text that a file may give as a number or flag."""
Way = Annotated[str, Reader(_way, _TEXT)]
"""One of WAYS."""
DayTime = Annotated[str, Reader(_day_time, _TEXT)]
"""`HH:MM` or `HH:MM:SS`."""
DayTimeOrEmpty = Annotated[str, Reader(_day_time_or_empty, _TEXT)]
DayRange = Annotated[str, Reader(_day_range, _TEXT)]
"""`HH:MM--HH:MM`, seconds allowed, no blanks."""
WorkTime = Annotated[str, Reader(_work_time, _TEXT)]
"""`HH:MM--HH:MM`, or `DD HH:MM--DD HH:MM` (a day of week or month before each time)."""
DateRange = Annotated[str, Reader(_date_range, _TEXT)]
"""`YYYY-MM-DD--YYYY-MM-DD`."""
Moment = Annotated[int, Reader(_moment, _ONE_ID)]
"""Unix seconds; a file may give a date and time, without offset in the zone of the business."""
LastMoment = Annotated[int, Reader(_last_moment, _ONE_ID)]
"""A moment that ends a range, itself included."""
LocalMoment = Annotated[str, Reader(_local_moment, _ONE_ID)]
"""`YYYY-MM-DD HH:MM:SS` in a zone that only its reader knows; an offset the file gave follows."""
Zone = Annotated[str, Reader(_zone, _TEXT)]
"""A known IANA zone name."""
Language = Annotated[str, Reader(_language, _TEXT)]
Template = Annotated[str, Reader(_template, _TEXT)]
"""Template text without a syntax error."""
Pattern = Annotated[str, Reader(_pattern, _TEXT)]
"""A valid RE2 pattern."""
Path = Annotated[str, Reader(_path, _TEXT)]
"""A valid JMESPath expression, or "" for none."""
Person = Annotated[str, Reader(_receiver, _TEXT)]
"""`user#name` or `group#role`."""
Node = Annotated[str, Reader(_node, {"type": ["string", "object"]})]
"""A topology node, `obj|inst`."""
NodeOrEmpty = Annotated[str, Reader(_node_or_empty, {"type": ["string", "object", "null"]})]
"""A topology node, or "" for none."""

Severity = Annotated[int, msgspec.Meta(ge=1, le=3)]
"""1 fatal, 2 warning, 3 remind."""
Count = Annotated[int, msgspec.Meta(ge=1)]
Amount = Annotated[int, msgspec.Meta(ge=0)]
WeekDay = Annotated[int, msgspec.Meta(ge=1, le=7)]
"""Monday is 1."""
MonthDay = Annotated[int, msgspec.Meta(ge=1, le=31)]
Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]
Signal = Literal["abnormal", "recovered", "closed", "no_data", "ack"]
