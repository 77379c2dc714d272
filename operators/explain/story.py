"""What happened to an alert, line by line: its log, what became of its actions, what was handed to channels."""

from collections.abc import Iterator
from itertools import groupby

from operators.deliver.receipt import reason_of
from operators.explain.case import Case, StoryLine, why_text
from operators.explain.text import OP_TEXT
from operators.model.reason import OpType, Reason
from operators.model.records import Action, Delivery, LogEntry, Notice

_RUN_TEXT = {OpType.CONVERGE: "events folded in", OpType.EVENT_DROP: "events dropped"}
_DECISIONS = frozenset({OpType.ACTION, OpType.UPGRADE, OpType.NOISE_REDUCE})
_BY_RECEIPT = frozenset({"", Reason.DELIVERED, Reason.WRITTEN_TO_FILE, Reason.PARTLY_DELIVERED, Reason.NOT_DELIVERED})
"""Reasons of actions that their deliveries tell better."""


def story_lines(case: Case) -> tuple[StoryLine, ...]:
    """Return everything that happened, in order of time."""
    entries = (_entry_line(list(run)) for _, run in groupby(case.logs, key=_run_of))
    told = [*entries, *_action_lines(case), *map(_notice_line, case.notices)]
    return tuple(sorted(told, key=lambda line: line.time))  # a stable sort: of one second, the log comes first


def _run_of(entry: LogEntry) -> tuple[str, ...]:
    """Return what neighbours have in common that are one run; all other entries stand alone."""
    return (entry.op_type, entry.reason) if entry.op_type in _RUN_TEXT else (entry.op_type, entry.reason, entry.id)


def _entry_line(run: list[LogEntry]) -> StoryLine:
    """Tell one entry, or a run of them; the last speaks for all."""
    entry, begin = run[-1], run[0].begin or run[0].time
    text = OP_TEXT.get(OpType(entry.op_type), entry.op_type) if entry.op_type in set(OpType) else entry.op_type
    if (count := sum(one.count for one in run)) > 1:
        text = f"{count} {_RUN_TEXT.get(OpType(entry.op_type), text)}"
    detail = "; ".join(part for part in (entry.description, entry.operator and f"by {entry.operator}") if part)
    until = entry.time if entry.time > begin else None
    return StoryLine(begin, text, why_text(entry.reason), entry.reason, detail, until)


def _action_lines(case: Case) -> Iterator[StoryLine]:
    logged = {(entry.time, entry.reason) for entry in case.logs if entry.op_type in _DECISIONS}
    for action in case.actions:
        if action.reason not in _BY_RECEIPT and (action.time, action.reason) not in logged:
            yield StoryLine(action.time, f"{_name(action)} {action.status}", why_text(action.reason), action.reason)
        for delivery in action.deliveries.values():
            yield _delivery_line(action, delivery)


def _delivery_line(action: Action, delivery: Delivery) -> StoryLine:
    reason = reason_of(delivery.results.values())
    answers = (who if one.message in ("", reason) else f"{who}: {one.message}" for who, one in delivery.results.items())
    attempt = f", attempt {delivery.attempt}" if delivery.attempt > 1 else ""
    again = "" if delivery.final else ", to be tried again"
    what = f"{_name(action)} by {delivery.way}{attempt}{again}"
    return StoryLine(delivery.time, what, why_text(reason), reason, "; ".join(answers))


def _notice_line(notice: Notice) -> StoryLine:
    others = len(notice.alert_ids) - 1
    why = f"A summary of this and {others} more alerts." if others > 0 else "A message of this alert alone."
    what = f"notice by {notice.way} handed to {', '.join(notice.receivers)}"
    return StoryLine(notice.time, what, why, detail=notice.title)


def _name(action: Action) -> str:
    kind = "" if action.notice_type == "normal" else f"{action.notice_type} "
    cycle = f", cycle {action.execute_times}" if action.execute_times > 1 else ""
    return f"{kind}{action.plugin_type} of {action.signal}{cycle}"
