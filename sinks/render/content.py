"""The ready-made rows of a notice, `content.*` (spec/notices.md 5.3): which there are, what each says, and where.

A row that has no value, or no place in the medium, is empty text.
"""

from collections.abc import Callable, Mapping

from markupsafe import Markup

from sinks.render.case import SHIELD, Case
from sinks.render.headline import business_name
from sinks.render.inventory import related_text
from sinks.render.sandbox.values import FAILURES
from sinks.render.shields import category_text, cover_text, cycle_text, period_text, reason_text
from sinks.render.subject import (
    data_source_name,
    description,
    dimension_links,
    dimension_texts,
    dispatch_group_name,
    duration,
    level_name,
    people,
    target_type_name,
    targets_text,
    value_text,
)
from sinks.render.times import local_text

DEFAULT_ROWS = (
    "ack_operators", "ack_reason", "level", "begin_time", "time", "duration", "target_type", "data_source", "content",
    "current_value", "biz", "target", "dimension", "detail", "assign_detail", "related_info",
)  # fmt: skip
"""Rows of a notice without a template of its own, in order."""

SHIELD_ROWS = ("category", "period", "cycle", "cover", "description")
"""Rows of a notice about a shield."""

_MAX_SMS_INFO = 300
_ALL = ("mail", "markdown", "sms", "text", "line", "raw")
_LONG = ("mail", "markdown", "text", "raw")
_MAIL = ("mail", "raw")

Value = Callable[[Case], str | None]


def _unit(case: Case) -> str:
    queries = case.strategy.items[0].query_configs if case.strategy and case.strategy.items else ()
    return queries[0].unit if queries else ""


def _dimension(case: Case) -> str:
    if case.medium.name == "markdown":
        return Markup("\n".join(dimension_links(case.alert, case)))  # noqa: S704 (every part is escaped)
    return ", ".join(dimension_texts(case.alert, case.words))


def _ack_operator(case: Case) -> str | None:
    return case.alert.ack_operator if case.alert.is_ack else None


def _ack_reason(case: Case) -> str | None:
    return case.alert.extra_info.comment if case.message.signal == "ack" else None


def _detail(case: Case) -> str:
    return case.alert.id if case.medium.name == "sms" or not case.link else case.link


_ROWS: Mapping[str, tuple[Value, tuple[str, ...]]] = {
    "level": (lambda case: level_name(case.alert.severity, case.words, case.alert), _MAIL),
    "begin_time": (lambda case: local_text(case.alert.begin_time, case.zone), _LONG),
    "time": (lambda case: local_text(case.alert.latest_time, case.zone), _LONG),
    "duration": (lambda case: duration(case.alert, case.words), _MAIL),
    "target_type": (target_type_name, _MAIL),
    "data_source": (data_source_name, _MAIL),
    "content": (lambda case: description(case.alert, case.words), _ALL),
    "current_value": (lambda case: value_text(case.alert, _unit(case)), _MAIL),
    "biz": (business_name, _ALL),
    "target": (targets_text, _ALL),
    "dimension": (_dimension, _ALL),
    "detail": (_detail, ("sms", "text", "raw")),
    "related_info": (lambda case: related_text(case.alert, case.book), _LONG),
    "appointees": (lambda case: people(case.alert.appointee), _ALL),
    "assign_reason": (dispatch_group_name, _ALL),
    "assign_detail": (dispatch_group_name, ("markdown", "raw")),
    "ack_operators": (_ack_operator, _ALL),
    "ack_reason": (_ack_reason, _ALL),
    "sms_forced_related_info": (lambda case: related_text(case.alert, case.book)[:_MAX_SMS_INFO], _ALL),
    "business_name": (business_name, _ALL),
    "receivers": (lambda case: people(case.message.receivers), _ALL),
    "anomaly_dimensions": (lambda _: None, _ALL),
    "recommended_metrics": (lambda _: None, _ALL),
    "remarks": (lambda _: None, _ALL),
    "category": (category_text, _ALL),
    "period": (period_text, _ALL),
    "cycle": (cycle_text, _ALL),
    "cover": (cover_text, _ALL),
    "description": (reason_text, _ALL),
}
_LABELS = {"sms_forced_related_info": "related_info"}


def row(name: str, case: Case) -> tuple[str, str] | None:
    """Return label and harmless content of a row, or None where it has nothing to say."""
    value_of, places = _ROWS[name]
    if case.medium.name not in places:
        return None
    try:
        value = value_of(case)
    except FAILURES:
        return None
    if not value:
        return None
    label = "alert_id" if name == "detail" and value == case.alert.id else _LABELS.get(name, name)
    return case.words.rows[label], value if isinstance(value, Markup) else case.medium.escape(value)


def default_rows(case: Case) -> str:
    """Return the rows of a notice without a template of its own, ready for its medium."""
    as_row, made = case.medium.row, []
    for name in SHIELD_ROWS if case.message.signal == SHIELD else DEFAULT_ROWS:
        found = row(name, case)
        if found is not None:
            made.append(as_row(*found))
    return ("" if case.medium.name == "mail" else "\n").join(made)


def _line(name: str) -> Callable[[Case], str]:
    def line(case: Case) -> str:
        found = row(name, case)
        return Markup("#%s#%s") % tuple(map(Markup, found)) if found else ""

    return line


CONTENT: Mapping[str, Callable[[Case], str]] = {name: _line(name) for name in _ROWS}
"""Name -> the row as a template gets it: a line `#label#content`."""
