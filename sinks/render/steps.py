"""What to do next about an alert, who else knows of it, and when it goes to others."""

from operators.model.alert import Alert
from sinks.render.case import UPGRADE, Case, is_open
from sinks.render.link import harmless_link
from sinks.render.subject import people, text_of
from sinks.render.times import local_text

_RUNBOOKS = ("runbook_url", "runbook")
_MINUTE = 60


def runbook(alert: Alert) -> str:
    """Return the runbook that an annotation or a tag of the alert's event names; "" where none does."""
    annotations = alert.event.extra_info.get("annotations")
    known = dict(annotations) if isinstance(annotations, dict) else {}
    known |= {tag.key: tag.value for tag in alert.event.tags if tag.key in _RUNBOOKS}
    found = next((text_of(known[name]) for name in _RUNBOOKS if known.get(name)), "")
    return harmless_link(found) or found


def next_text(case: Case) -> str:
    """Return the runbook and how to acknowledge an open alert; "" for one that has ended."""
    alert, phrases = case.alert, case.words.phrases
    if not is_open(alert):
        return ""
    book = runbook(alert)
    steps = [phrases["runbook"].format(runbook=book)] if book else []
    steps += [] if alert.is_ack else [phrases["acknowledge"].format(id=alert.id)]
    return "; ".join(steps)


def told_text(case: Case) -> str:
    """Return who else was told of the alert, and whom it will be told to when if nobody acknowledges it."""
    alert, phrases = case.alert, case.words.phrases
    known = () if case.message.notice_type == UPGRADE else (*alert.assignee, *alert.follower)
    others = [name for name in known if name not in case.message.receivers]
    parts = [people(others)] if others else []
    due, groups = _escalation(case)
    if groups:
        parts.append(phrases["escalates"].format(time=local_text(due, case.zone), groups=groups))
    return "; ".join(parts)


def _escalation(case: Case) -> tuple[int, str]:
    """Return when the next step of the strategy's escalation is due, and its group; no group where there is none."""
    alert = case.alert
    rule = case.strategy.notice.options.upgrade_config if case.strategy is not None and case.strategy.notice else None
    if rule is None or not rule.is_enabled or not is_open(alert) or alert.is_ack or alert.extra_info.matched_rule_info:
        return 0, ""
    interval = max(rule.upgrade_interval, 1) * _MINUTE
    step = max(case.now - alert.create_time, 0) // interval
    if step >= len(rule.user_groups):
        return 0, ""
    known = case.book.user_groups.get(rule.user_groups[step])
    return alert.create_time + (step + 1) * interval, known.name if known else str(rule.user_groups[step])
