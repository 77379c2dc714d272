"""How an alert is opened and ended: the two ends of every move (spec/lifecycle.md 2.4, 2.6; design.md 7)."""

from collections.abc import Iterable, Mapping
from typing import Any

from operators.check.ack import ack_duration_at_end
from operators.check.snapshot import snapshot_of
from operators.check.verdict import Verdict
from operators.lifecycle.dimensions import dimensions_of
from operators.lifecycle.shielded import shield
from operators.limits import quota
from operators.model.alert import ABNORMAL, CLOSED, RECOVERED, Alert, Extra, KeptAlert, opening_signal, plain_extra
from operators.model.event import RESOLVES, Event, Tag
from operators.model.identity import alert_id
from operators.model.moves import MOVES
from operators.model.reason import OpType, Reason
from operators.plan.signal import emit, matched
from operators.rules.ask.circuit import circuit_broken
from operators.rules.shapes.model import Strategy
from operators.state.scene import Scene
from operators.state.state import ID_BYTES, OPENERS, id_key
from operators.state.turn import Turn, replace

# Looked up once: Python 3.11 takes as long for a member of an enum as for three calls.
CREATE, OPENED, DELAY_OVER, LEASE_OVER = OpType.CREATE, Reason.OPENED, Reason.DELAY_OVER, Reason.LEASE_OVER

SILENT_ENDS = frozenset({Reason.CIRCUIT_BREAKING})
"""Ends that signal nothing (design.md 7.30)."""
CONTINUED = frozenset({Reason.WORSE, Reason.QUOTA_RELEASED})
"""Ends of alerts whose problem goes on in the next one: people are told of that."""


def open_alert(turn: Turn, event: Event, *, predecessor: str | None = None, goes_on: bool = False) -> None:
    """Open an alert from an ABNORMAL event; decide whether flow control blocks it; signal it if not.

    `goes_on`: the alert before was closed by flow control alone, so who was told of it is yet to hear the end.
    """
    scene, state = turn.scene, turn.state
    strategy = scene.in_force(event.strategy_id) if event.strategy_id else None
    alert = _new_alert(turn, event, strategy, predecessor)
    if predecessor is None and not goes_on and not _end_is_owed(turn):
        state.told = None
    state.said_over, state.openers = None, (state.openers + id_key(event.id))[-OPENERS * ID_BYTES :]
    turn.begin(alert, snapshot_of(strategy) if strategy else None)
    scene.counts.opened += 1
    turn.log(CREATE, OPENED, event.description, event)
    signal = opening_signal(alert)
    _block(turn, event, strategy, signal)
    if scene.book.dispatch:
        _dispatch_at_birth(turn)
    if not alert.is_blocked:
        shield(turn)
        emit(turn, signal)


def _end_is_owed(turn: Turn) -> bool:
    """Return True if those who were told of the last alert have yet to hear of its end: they hear of the next one's."""
    state = turn.state
    return state.retry is not None or state.waiting is not None or state.flapping.is_on


def _new_alert(turn: Turn, event: Event, strategy: Strategy | None, predecessor: str | None) -> KeptAlert:
    state, scene, now = turn.state, turn.scene, turn.now
    name = alert_id(state.dedupe_md5, event)
    alert = KeptAlert(
        id=name,
        seq_id=name[10:],
        dedupe_md5=state.dedupe_md5,
        generation=state.generation,
        strategy_id=event.strategy_id,
        bk_biz_id=event.bk_biz_id if event.bk_biz_id is not None else scene.settings.default_business,
        alert_name=event.alert_name,
        status=ABNORMAL,
        severity=event.severity,
        event=event,
        create_time=now,
        update_time=now,
        begin_time=event.time,
        latest_time=event.time,
        first_anomaly_time=event.anomaly_time,
    )
    if event.bk_tenant_id != alert.bk_tenant_id:
        alert.bk_tenant_id = event.bk_tenant_id
    if strategy is not None:
        alert.labels = strategy.labels
    alert.dimensions, agg_dimensions = dimensions_of(event, strategy, scene.book)
    alert.next_status, alert.next_status_time = timeout_of(scene, now, alert, event)
    alert.extra_info = _extra(event, strategy, predecessor, agg_dimensions)
    return alert


def _extra(event: Event, strategy: Strategy | None, predecessor: str | None, agg_dimensions: tuple[str, ...]) -> Extra:
    if strategy is None and predecessor is None and not event.extra_info:
        return plain_extra(agg_dimensions)
    return Extra(
        predecessor=predecessor,
        agg_dimensions=agg_dimensions,
        additional_dimensions=event.extra_info.get("additional_dimensions"),
        strategy={"id": strategy.id, "name": strategy.name} if strategy else None,
    )


def timeout_of(scene: Scene, now: int, alert: Alert, event: Event) -> tuple[str | None, int | None]:
    """Return the timed transition that a newest event sets: of leases, third-party, blocked and `timeout` alerts.

    Time-outs count stream time (design.md 4, 7.31, 7.53, 7.61).
    """
    settings = scene.settings
    if event.until is not None:
        return RECOVERED, event.until
    timeout: int | None = settings.timeout
    if not alert.strategy_id:
        plugin = settings.plugins.get(event.plugin_id) if settings.plugins else None
        if plugin is not None and plugin.timeout is not None:
            timeout = plugin.timeout
        elif event.extra_info and event.extra_info.get(RESOLVES) is True:
            timeout = None
    elif not alert.is_blocked:
        strategy = scene.strategy(alert.strategy_id)
        timeout = strategy.timeout if strategy is not None and not strategy.items else None
    return (CLOSED, now + timeout) if timeout else (None, None)


def _block(turn: Turn, event: Event, strategy: Strategy | None, signal: str) -> None:
    """Let circuit breaking or the alert quota block a new alert."""
    scene = turn.scene
    rule = circuit_broken("alert.builder", turn.current(), strategy, scene.book)
    if rule is not None:
        reason, text = Reason.CIRCUIT_BREAKING, f"circuit breaking rule {rule}"
    else:
        key = quota.alert_key(event, signal)
        if not scene.alert_quota.hit(key, turn.now):
            return
        limit = scene.settings.quota.alert
        count = scene.alert_quota.count(key)
        reason, text = Reason.ALERT_QUOTA, f"{count} new alerts in {limit.window} s; {limit.threshold} are let through"
    turn.put(is_blocked=True)
    next_status, next_status_time = timeout_of(scene, turn.now, turn.current(), event)
    turn.put(next_status=next_status, next_status_time=next_status_time)
    turn.log(OpType.ALERT_QOS, reason, text, event)


def _dispatch_at_birth(turn: Turn) -> None:
    """Let dispatch rules set severity and tags of a new alert."""
    found = matched(turn)
    if found is None:
        return
    alert = turn.current()
    tags = tuple({"key": tag.key, "value": tag.value} for tag in found.additional_tags)
    change = "kept" if found.severity == alert.severity else f"changed from {alert.severity} to {found.severity}"
    turn.put(
        severity=found.severity,
        event=with_tags(alert.event, tags) if tags else alert.event,
        assign_tags=tags,
        extra_info=replace(
            alert.extra_info,
            severity_source=found.severity_source,
            matched_rule_info={"group_id": found.group_id, "group_name": found.group_name, "rules": found.rule_ids},
        ),
    )
    turn.log(
        OpType.ASSIGN,
        Reason.DISPATCHED,
        f"rules {', '.join(found.rule_ids)} of group {found.group_name}: severity {change}",
    )


def with_tags(event: Event, tags: Iterable[Mapping[str, Any]]) -> Event:
    """Return the event with the tags that rules add, by key."""
    added = {tag["key"]: Tag(tag["key"], tag["value"]) for tag in tags}
    kept = (tag for tag in event.tags if tag.key not in added)
    return replace(event, tags=(*kept, *added.values()))


SAID_ENDS = frozenset({Reason.RECOVERED_BY_EVENT, Reason.CLOSED_BY_EVENT, Reason.DELAY_OVER})
"""Ends by an event, at once or after a delay: what is older than the event is of the past (design.md 7.43)."""
ENDED_GRACE = 60
"""Events from more than this many seconds before any end are too old (spec/lifecycle.md 1.5)."""


def _end_time(turn: Turn, reason: Reason) -> int:
    """Return when an alert ended that ends without an event: now, or when its lease was over."""
    until = turn.current().event.until
    return until if reason is LEASE_OVER and until is not None else turn.now


def _remember_end(turn: Turn, reason: Reason, end_time: int) -> None:
    """Keep what tells later events that they are of the past."""
    state = turn.state
    if reason is DELAY_OVER:  # as if its RECOVERED event had ended it at once
        end_time = max(state.said_over or 0, turn.current().latest_time)
    if reason in SAID_ENDS and end_time > state.over:
        state.over = end_time
    state.grace = max(state.grace, end_time - ENDED_GRACE)
    state.ended_at = turn.now
    state.said_over = state.retry = state.waiting = None
    state.repeat_waits = False


def end_alert(
    turn: Turn, reason: Reason, description: str = "", *, event: Event | None = None, end_time: int | None = None,
    successor: str | None = None, operator: str | None = None, status: str | None = None, op_type: OpType | None = None,
) -> None:  # fmt: skip
    """End the open alert as its move says; `status` and `op_type` where a status setter decides otherwise."""
    move = MOVES[reason]
    alert = turn.current()
    assert alert.status == ABNORMAL
    target = status or move.target
    turn.close_run()
    end_time = _end_time(turn, reason) if end_time is None else end_time
    alert.status, alert.end_time = target, end_time
    alert.ack_duration = ack_duration_at_end(alert, end_time)
    alert.next_status = alert.next_status_time = None
    alert.extra_info = replace(
        alert.extra_info, end_description=description or None, successor=successor, is_recovering=False
    )
    counts = turn.scene.counts
    if target == RECOVERED:
        counts.recovered += 1
    else:
        counts.closed += 1
    _remember_end(turn, reason, end_time)
    turn.put()
    turn.log(op_type or move.op_type, reason, description, event, operator=operator)
    for action in turn.scene.noise.drop(alert.id, turn.now):
        turn.log(OpType.ACTION, Reason.SIGNAL_STALE, "the notice that noise reduction held is dropped")
        turn.scene.say(action)
    if reason not in SILENT_ENDS:
        emit(turn, target.lower(), people=reason not in CONTINUED)


def end_by_verdict(turn: Turn, verdict: Verdict) -> None:
    """End the alert if a checker has a reason to."""
    if verdict.reason is not None:
        is_cut_off = verdict.reason is Reason.CIRCUIT_BREAKING
        end_alert(turn, verdict.reason, verdict.description, op_type=OpType.CLOSE if is_cut_off else None)
