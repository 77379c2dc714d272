"""Tags, headlines and leads: what a notice says first, so that nobody takes an escalation for an alert."""

from operators.model.alert import is_no_data
from sinks.render.about import about_text
from sinks.render.case import FLAPPING, NO_DATA, REPEAT, SHIELD, UNSHIELDED, UPGRADE, Case, is_open
from sinks.render.shields import edge_text, shield_id
from sinks.render.subject import level_name, people
from sinks.render.times import duration_text

ENDED = ("recovered", "closed")
"""Signals of an alert that is over."""


def tag_names(case: Case) -> list[str]:
    """Return the tags of a notice: what kind it is, then the severity or the new state."""
    tags, message = case.words.tags, case.message
    if message.signal == SHIELD:
        return [tags[f"shield_{shield_edge(case)}"]]
    names = [tags[kind]] if (kind := kind_of(case)) else []
    if message.collect_type == "converge":
        names.append(tags["summary"])
    if message.signal in (*ENDED, "ack"):
        names.append(tags[message.signal])
    if message.signal not in ENDED:
        alert = case.alert if case.alerts else None
        names.append(level_name(alert.severity if alert else message.severity, case.words, alert))
    if is_without_data(case):
        names.append(tags[NO_DATA])
    states = {alert.status for alert in case.alerts}
    if message.signal not in ENDED and len(states) == 1 and not is_open(case.alert):
        names.append(case.words.states[case.alert.status])  # all ended while their notice waited (design.md 7.25)
    return names


def kind_of(case: Case) -> str:
    """Return what kind of notice it is besides a first one: an escalation, a repeat and so on; else ""."""
    message = case.message
    if message.notice_type in (UPGRADE, UNSHIELDED, FLAPPING):
        return message.notice_type
    return REPEAT if message.execute_times > 1 else ""


def is_without_data(case: Case) -> bool:
    """Return True if the notice says that data stopped coming."""
    return case.message.signal == NO_DATA or bool(case.alerts and is_no_data(case.alert))


def tags_text(case: Case) -> str:
    """Return the tags as they stand before a name."""
    words = case.words
    return words.tag_separator.join(words.tag.format(name) for name in tag_names(case)) + words.after_tags


def shield_edge(case: Case) -> str:
    """Return `begin` or `end`: which edge of a shield is told."""
    return "end" if (case.message.shield or {}).get("edge") == "end" else "begin"


def name_text(case: Case) -> str:
    """Return what the notice is about in a few words."""
    if case.message.signal == SHIELD:
        return case.words.phrases["shield_title"].format(id=shield_id(case))
    if not case.alerts:
        return case.words.list_separator.join(case.message.alert_ids)
    return about_text(case)


def levels_text(case: Case) -> str:
    """Return how many alerts of which severity there are, the worst first."""
    counts: dict[int, int] = {}
    for alert in case.alerts:
        counts[alert.severity] = counts.get(alert.severity, 0) + 1
    form = case.words.phrases["levels_counted"]
    each = (form.format(count=count, level=level_name(level, case.words)) for level, count in sorted(counts.items()))
    return case.words.list_separator.join(each)


def lead_texts(case: Case) -> list[str]:
    """Return the sentences under the headline that say why this notice came."""
    phrases, message = case.words.phrases, case.message
    leads: list[str] = []
    if message.signal == SHIELD:
        return [phrases[f"shield_{shield_edge(case)}s"].format(id=shield_id(case), time=edge_text(case))]
    if not case.alerts:
        return leads
    number = "_merged" if case.is_summary else ""
    if message.notice_type == UPGRADE:
        stood = duration_text(case.now - case.alert.create_time, case.words.units)
        leads.append(phrases[f"upgrade{number}"].format(duration=stood) + _silent(case))
    if message.notice_type == UNSHIELDED:
        leads.append(phrases[f"unshielded{number or ('' if is_open(case.alert) else '_ended')}"])
    if message.notice_type == FLAPPING:
        leads.append(_flapping_text(case, number))
    if kind_of(case) == REPEAT and is_open(case.alert):
        leads.append(phrases[f"repeat{number}"])
    if is_without_data(case) and is_open(case.alert):
        leads.append(phrases["no_data"])
    return leads


def _flapping_text(case: Case, number: str) -> str:
    """Return how often the alerts of a fingerprint opened and ended, and what it takes for more notices to come."""
    known = case.alert.extra_info.flapping
    if known is None or number:
        return case.words.phrases["flapping_merged"]
    span, quiet = (duration_text(seconds, case.words.units) for seconds in (known.span, known.quiet))
    return case.words.phrases["flapping"].format(changes=known.changes, span=span, quiet=quiet)


def _silent(case: Case) -> str:
    """Return who was told of the alert before its escalation and did not answer."""
    silent = [name for name in case.alert.assignee if name not in (*case.message.receivers, *case.alert.supervisor)]
    return case.words.phrases["silent"].format(names=people(silent)) if silent else ""
