"""`tocsin explain`: the story of an alert, why people were not told, and what is next."""

from collections.abc import Sequence

from operators.explain.answer import answer
from operators.explain.case import Case, Deadline, Finding, Story, StoryLine
from operators.explain.next import deadlines
from operators.explain.story import story_lines
from operators.explain.why import held_back, holding_back
from operators.model.alert import ABNORMAL, Alert
from operators.model.event import Event
from operators.model.records import Action, LogEntry, Notice
from operators.model.settings import CoreSettings
from operators.rules.ask.inhibition import Inhibitor
from operators.rules.book import RuleBook
from operators.state.state import State

__all__ = ["Deadline", "Finding", "Story", "StoryLine", "explain"]

_SEVERITIES = {1: "fatal", 2: "warning", 3: "remind"}


def explain(
    alert: Alert,
    logs: Sequence[LogEntry],
    actions: Sequence[Action],
    *,
    now: int,
    notices: Sequence[Notice] = (),
    events: Sequence[Event] = (),
    book: RuleBook | None = None,
    settings: CoreSettings | None = None,
    state: State | None = None,
    inhibitors: Sequence[Inhibitor] = (),
) -> Story:
    """Tell the story of an alert at `now` (Unix seconds). `events`: archived ones of its fingerprint.

    With the rules in force it also says until when what holds, and what comes next; with what the job kept of the
    fingerprint, how far a recovery is by its memory of check results, else by the archived events.
    """
    case = Case(alert, logs, actions, notices, events, book, settings or CoreSettings(), state, now, inhibitors)
    now_, before = holding_back(case), held_back(case)
    findings = (*now_, *before)
    return Story(alert.id, _headline(alert), story_lines(case), findings, deadlines(case), *answer(case, now_, before))


def _headline(alert: Alert) -> str:
    severity = _SEVERITIES.get(alert.severity, str(alert.severity))
    status = "RECOVERING" if alert.status == ABNORMAL and alert.extra_info.is_recovering else alert.status
    target = f" on {alert.event.target}" if alert.event.target else ""
    source = f"strategy {alert.strategy_id}" if alert.strategy_id else f"plugin {alert.event.plugin_id}"
    events = "1 event" if alert.event_count == 1 else f"{alert.event_count} events"
    return f"{status} {severity}: {alert.alert_name}{target} ({source}, {events})"
