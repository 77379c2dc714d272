"""Action: when a notice repeats (spec/lifecycle.md 4.14; design.md 7.9, 7.15, 7.23)."""

from collections.abc import Iterator
from typing import NamedTuple

from operators.check.verdict import Verdict
from operators.model.alert import CycleRecord, opening_signal
from operators.people.dispatch import Relation, relations
from operators.rules.ask.look import Look
from operators.rules.shapes.model import ActionConfig, NoticeConfig, NoticeRelation


class Repeat(NamedTuple):
    """A relation that repeats, what is kept of its last time, and when it is due."""

    relation: Relation
    record: CycleRecord
    due: int


class ActionVerdict(Verdict, frozen=True, gc=False, kw_only=True):
    """Which relations repeat now."""

    due: tuple[Relation, ...] = ()
    waits: bool = False
    """A repeat is due and waits for a newer anomaly, or for a recovery to be aborted."""


IDLE = ActionVerdict()


def action_verdict(look: Look) -> ActionVerdict:
    """Judge the repeats of an alert; one without a newer anomaly waits for the next event (design.md 7.23)."""
    alert = look.alert
    if not alert.is_handled or alert.is_ack or not alert.extra_info.cycle_handle_record:
        return IDLE
    due, later, waits = [], [], False
    for relation, record, at in repeats(look):
        if at > look.now:
            later.append(at)
        elif alert.extra_info.is_recovering or record.latest_anomaly_time >= alert.latest_time:
            waits = True
        else:
            due.append(relation)
    return ActionVerdict(due=tuple(due), waits=waits, next_look=min(later, default=None))


def repeats(look: Look) -> Iterator[Repeat]:
    """Yield the relations that repeat what the open alert was told by; what is yet to be told first does not repeat."""
    records, signal = look.alert.extra_info.cycle_handle_record, opening_signal(look.alert)
    rests = look.waiting is not None or look.flapping.is_on
    for relation in relations(look):
        if rests and isinstance(relation, NoticeRelation):
            continue
        record = records.get(relation.id)
        due = repeat_due(relation.config, record) if record and signal in relation.signal else None
        if record is not None and due is not None:
            yield Repeat(relation, record, due)


def interval(config: NoticeConfig | ActionConfig, planned: int) -> int:
    """Return the seconds from the n-th notice to the next; 0 = never. `planned` is n."""
    if not config.need_poll:
        return 0
    base = config.notify_interval
    mode = config.interval_notify_mode if isinstance(config, NoticeConfig) else "standard"
    if mode == "increasing":
        return int(base * 2 ** min(planned - 1, 40))
    if mode == "linear":
        return base * (planned + 1)
    return base


def repeat_due(config: NoticeConfig | ActionConfig, record: CycleRecord) -> int | None:
    """Return when the next repeat is due; None = never."""
    seconds = interval(config, record.execute_times)
    return record.last_time + seconds if seconds > 0 else None
