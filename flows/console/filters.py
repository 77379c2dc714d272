"""What templates do to values: moments in the zone of the page, spans, documents, addresses of what stands behind a thing."""

import hashlib
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import quote

import msgspec
from jinja2 import pass_context
from jinja2.runtime import Context

from flows.console.folds import Fold
from flows.console.timeline import midnight
from flows.gateway.service import json
from operators.explain.text import span
from operators.model.alert import Alert
from operators.model.reason import Reason
from sinks.store.query import term_of

_PRETTY = 2


@pass_context
def _iso(context: Context, second: float) -> str:
    """Return a time with its offset, in the zone of the page."""
    at = _at(second, context["zone"])
    return str(second) if at is None else at.isoformat(sep=" ")


@pass_context
def _short(context: Context, second: float) -> str:
    """Return a time without its year, if that is the page's own."""
    at, now = (_at(one, context["zone"]) for one in (second, context["now"]))
    if at is None or now is None:
        return str(second)
    return at.strftime("%m-%d %H:%M:%S" if at.year == now.year else "%Y-%m-%d %H:%M")


@pass_context
def _clock(context: Context, second: float) -> str:
    """Return the time of day alone."""
    at = _at(second, context["zone"])
    return str(second) if at is None else at.strftime("%H:%M")


@pass_context
def _midnight(context: Context, second: float) -> int:
    """Return the second at which the day of a moment began."""
    return midnight(int(second), context["zone"])


@pass_context
def _day(context: Context, second: float) -> str:
    """Return the day of the month."""
    at = _at(second, context["zone"])
    return "" if at is None else at.strftime("%d")


def rule_of(reason: str, alert: Alert) -> str:
    """Return the address of the rule that stands behind a reason in the story of an alert; empty: of no single one."""
    if reason == Reason.DISPATCHED:
        group = (alert.extra_info.matched_rule_info or {}).get("group_id", "")
        return f"/rules/dispatch/{quote(str(group), safe='')}" if group else ""
    if reason in (Reason.SHIELDED_BY_RULE, Reason.UNSHIELDED):
        return "/shields"
    is_of_strategy = reason in (Reason.OPENED, Reason.PLANNED, Reason.SIGNAL_NOT_WANTED, Reason.OUTSIDE_NOTICE_TIME)
    return f"/rules/strategies/{quote(alert.strategy_id, safe='')}" if is_of_strategy and alert.strategy_id else ""


def _at(second: float, zone: tzinfo) -> datetime | None:
    """Return a time in a zone; None beyond what calendars hold, for documents may say anything."""
    try:
        return datetime.fromtimestamp(int(second), zone)
    except (ValueError, OverflowError, OSError):
        return None


def _anchor(text: str) -> str:
    """Return an id of an element for any text."""
    return f"f-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _asked(fold: Fold) -> str:
    """Return the query that leads to the alerts of a fold."""
    by, _, value = fold.key.partition(":")
    return term_of(by, value)


def _raw(value: Any) -> str:
    """Return a document as indented JSON."""
    return msgspec.json.format(json(value), indent=_PRETTY).decode()


FILTERS: dict[str, Callable[..., Any]] = {
    "iso": _iso,
    "short": _short,
    "clock": _clock,
    "day": _day,
    "midnight": _midnight,
    "span": lambda seconds: span(max(0, int(seconds))),
    "raw": _raw,
    "anchor": _anchor,
    "asked": _asked,
    "rule_of": rule_of,
}
