"""The ready-made rows of a notice, `content.*` (spec/notices.md 5.3): which there are, what each says, and where.

A row that has no value, or no place in the medium, is empty text.
"""

from collections.abc import Callable, Mapping

from markupsafe import Markup

from sinks.render.about import business_name
from sinks.render.case import SHIELD, Case, is_open
from sinks.render.inventory import related_text
from sinks.render.sandbox.values import FAILURES
from sinks.render.shields import category_text, cover_text, cycle_text, period_text, reason_text
from sinks.render.steps import next_text, told_text
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
from sinks.render.times import duration_text, local_text

DEFAULT_ROWS = (
    "ack_operators", "ack_reason", "content", "current_value", "since", "where", "related_info", "told", "next", "detail",
)  # fmt: skip
"""Rows of a notice without a template of its own, in order; what it is about and where stands above them."""
SUMMARY_ROWS = ("ack_operators", "ack_reason", "since", "told", "detail")
"""Rows of a summary without a template of its own: the alerts stand in a list above them."""

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


def _content(case: Case) -> str:
    alert, phrases = case.alert, case.words.phrases
    said = description(alert, case.words)
    if is_open(alert):
        return said
    lasted = duration_text(alert.duration, case.words.units)
    ended = phrases["ended"].format(state=case.words.states[alert.status], duration=lasted)
    return phrases["ended_because"].format(ended=ended, description=said) if said else ended


def _where(case: Case) -> str:
    if case.medium.name == "markdown":
        return _dimension(case)
    return ", ".join(dimension_texts(case.alert, case.words, without_target=True))


def _detail(case: Case) -> str:
    return case.alert.id if case.medium.name == "sms" or not case.link else case.link


_ROWS: Mapping[str, tuple[Value, tuple[str, ...]]] = {
    "level": (lambda case: level_name(case.alert.severity, case.words, case.alert), _MAIL),
    "begin_time": (lambda case: local_text(case.alert.begin_time, case.zone), _LONG),
    "time": (lambda case: local_text(case.alert.latest_time, case.zone), _LONG),
    "duration": (lambda case: duration(case.alert, case.words), _MAIL),
    "target_type": (target_type_name, _MAIL),
    "data_source": (data_source_name, _MAIL),
    "content": (_content, _ALL),
    "since": (lambda case: local_text(case.alert.begin_time, case.zone), _LONG),
    "told": (told_text, _LONG),
    "next": (next_text, _LONG),
    "current_value": (lambda case: value_text(case.alert, _unit(case)), _LONG),
    "biz": (business_name, _ALL),
    "target": (targets_text, _ALL),
    "dimension": (_dimension, _ALL),
    "where": (_where, _LONG),
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
_LABELS = {"sms_forced_related_info": "related_info", "where": "dimension"}


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
    for name in _names(case):
        found = row(name, case)
        if found is not None:
            made.append(as_row(*found))
    return ("" if case.medium.name == "mail" else "\n").join(made)


def _names(case: Case) -> tuple[str, ...]:
    """Return the rows of a notice without a template; one that tells how to acknowledge names the alert there."""
    if case.message.signal == SHIELD:
        return SHIELD_ROWS
    if case.is_summary:
        return SUMMARY_ROWS
    is_named = not case.link and row("next", case) is not None
    return tuple(name for name in DEFAULT_ROWS if not (is_named and name == "detail"))


def _line(name: str) -> Callable[[Case], str]:
    def line(case: Case) -> str:
        found = row(name, case)
        return Markup("#%s#%s") % tuple(map(Markup, found)) if found else ""

    return line


CONTENT: Mapping[str, Callable[[Case], str]] = {name: _line(name) for name in _ROWS}
"""Name -> the row as a template gets it: a line `#label#content`."""
