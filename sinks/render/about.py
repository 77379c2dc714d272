"""What a notice is about, on one line: the name, where it is, and the business."""

from sinks.render.case import Case
from sinks.render.subject import same_subject, target_text

_NAMED = 3
"""Targets, or names of alerts, that stand in a title."""


def about_text(case: Case) -> str:
    """Return `HostDown on 10.0.0.1 (shop)`, `HostDown on 5 hosts: 10.0.0.1, ... (shop)` or `5 alerts: A, B (shop)`."""
    phrases = case.words.phrases
    if all(same_subject(case.alert, other) for other in case.alerts[1:]):
        text = _on_targets(case)
    else:
        names = list(dict.fromkeys(alert.alert_name for alert in case.alerts))
        text = phrases["about_alerts"].format(count=len(case.alerts), names=_first(names, case))
    business = business_name(case)
    return phrases["about_in"].format(text=text, business=business) if business else text


def _on_targets(case: Case) -> str:
    phrases, name = case.words.phrases, case.alert.alert_name
    targets = [one for one in dict.fromkeys(target_text(alert, case.book) for alert in case.alerts) if one]
    if not targets:
        return name if not case.is_summary else phrases["about_alerts"].format(count=len(case.alerts), names=name)
    if len(targets) == 1:
        return phrases["about"].format(name=name, target=targets[0])
    kinds = {alert.event.target_type for alert in case.alerts}
    things = case.words.things.get(kinds.pop() if len(kinds) == 1 else "", case.words.things[""])
    named = _first(targets, case)
    return phrases["about_many"].format(name=name, count=len(targets), things=things, targets=named)


def _first(names: list[str], case: Case) -> str:
    shown = [*names[:_NAMED], "..."] if len(names) > _NAMED else names
    return case.words.list_separator.join(shown)


def business_name(case: Case) -> str:
    """Return the name of the business, else its id; "" where none is known (0 says no more than that)."""
    business = case.book.businesses.get(case.business_id)
    return (business.name if business else "") or (case.business_id if case.business_id != "0" else "")
