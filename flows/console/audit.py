"""The page Audit: every command, who gave it, and what became of it."""

import csv
import io
from collections.abc import Mapping, Sequence

import msgspec

from flows.gateway.service import AnswerError
from operators.model.command import CommandDocument
from sinks.store.interface import Store
from sinks.store.query import CommandQuery

PAGE = 50
EXPORTED = 10_000
"""Commands of one export, the newest."""
_COLUMNS = (
    "time",
    "operator",
    "command",
    "alert_id",
    "dedupe_md5",
    "shield_id",
    "outcome",
    "reason",
    "detail",
    "until",
    "message",
    "origin",
    "id",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FILTERS = ("operator", "alert_id", "outcome")


class Audit(msgspec.Struct, frozen=True):
    """The page."""

    commands: tuple[CommandDocument, ...]
    filters: dict[str, str]
    older: int | None
    """Unix second up to which the next page goes; None: there is none."""


def audit(store: Store, given: Mapping[str, str], page: int = PAGE) -> Audit:
    """Return the commands that an address asks for, the newest first. Raises AnswerError, StoreError."""
    filters = {name: given[name] for name in _FILTERS if given.get(name)}
    until = given.get("until", "")
    if until and not (until.isascii() and until.isdecimal() and len(until) < 12):  # noqa: PLR2004 - digits of a second
        raise AnswerError(400, "until: expected Unix seconds")
    query = CommandQuery(until=int(until) if until else None, limit=page + 1)
    found = store.commands(msgspec.structs.replace(query, **filters))
    shown = tuple(found[:page])
    return Audit(shown, filters, _older(shown) if len(found) > page else None)


def exported(commands: Sequence[CommandDocument]) -> str:
    """Return commands as CSV; a cell that a spreadsheet would take for a formula begins with a quote."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for one in commands:
        values = (getattr(one, name) for name in _COLUMNS)
        writer.writerow("" if value is None else _cell(str(value)) for value in values)
    return text.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text[:1] in _FORMULA else text


def _older(shown: tuple[CommandDocument, ...]) -> int:
    """Return where the next page begins: at the second of the last, unless all of this page is of it."""
    last = shown[-1].time
    return last if shown[0].time > last else last - 1
