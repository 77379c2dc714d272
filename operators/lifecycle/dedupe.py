"""What one event does to the alert of its fingerprint (spec/lifecycle.md 2.5, 3.4, 3.5; design.md 7.1-7.4)."""

from typing import Any

from operators.check.results import fold_event as fold_event_check
from operators.intake.enrich.event import Dropped
from operators.lifecycle.ends import end_alert, open_alert, timeout_of, with_tags
from operators.lifecycle.skip import may_skip
from operators.limits import quota
from operators.model.alert import ABNORMAL, RECOVERED, KeptAlert
from operators.model.event import Event
from operators.model.identity import alert_id
from operators.model.reason import DropReason, Reason
from operators.rules.ask.circuit import circuit_broken
from operators.state.state import id_key, remember, seen
from operators.state.turn import Turn

# Looked up once: Python 3.11 takes as long for a member of an enum as for three calls.
REPEATED, OUT_OF_ORDER, MILDER = Reason.REPEATED, Reason.OUT_OF_ORDER, Reason.MILDER
RECOVERED_BY_EVENT, CLOSED_BY_EVENT = Reason.RECOVERED_BY_EVENT, Reason.CLOSED_BY_EVENT


def fold_event(turn: Turn, event: Event) -> bool:
    """Fold one event; return whether the checkers have anything new to look at."""
    scene, state, key = turn.scene, turn.state, id_key(event.id)
    if (state.ended_at is not None and seen(state.openers, key)) or not remember(state.recent, key):
        scene.counts.duplicates += 1
        return False
    state.touched = turn.now
    if event.time > state.newest:  # noqa: PLR1730 - half the time of max()
        state.newest = event.time
    if not scene.is_lean:
        scene.say(event)
    if event.strategy_id and not turn.is_open and scene.in_force(event.strategy_id) is None:
        return _drop(turn, event)
    if event.status != ABNORMAL:
        return _fold_end(turn, event)
    if is_expired(turn, event):
        scene.counts.expired += 1
        return False
    is_result = bool(event.strategy_id) and _note_anomaly(turn, event)
    if not turn.is_open:
        open_alert(turn, event)
        return True
    return _fold_anomaly(turn, turn.current(), event, is_result=is_result)


def _drop(turn: Turn, event: Event) -> bool:
    """An event of a strategy that is not in force opens no alert (design.md 7.57)."""
    turn.scene.counts.dropped += 1
    detail = f"strategy {event.strategy_id} is not in the rules, or is disabled"
    turn.scene.say(Dropped(DropReason.UNKNOWN_STRATEGY, detail, event.event_id, event.strategy_id))
    return False


def is_expired(turn: Turn, event: Event) -> bool:
    """Return True if an event is too old to matter, by its age or because its problem is known to be over."""
    read = access_time(event) if event.extra_info else event.time
    if read < turn.now - turn.scene.settings.event_expiry:
        return True
    if turn.is_open:
        return False
    state = turn.state
    return read < state.grace or (event.status == ABNORMAL and event.time < _past(turn))


def _past(turn: Turn) -> int:
    """Return the time before which events report a problem that an event has ended (design.md 7.43, 7.44)."""
    state = turn.state
    return max(state.over, state.late) if turn.now < state.late_until else state.over


def access_time(event: Event) -> int:
    """Return when the data of an event was read: `origin_alarm.data.access_time`, else the event's time."""
    origin: Any = event.extra_info.get("origin_alarm")
    if isinstance(origin, dict) and isinstance(data := origin.get("data"), dict):
        time = data.get("access_time")
        if isinstance(time, (int, float)) and not isinstance(time, bool):
            return int(time)
    return event.time


def _note_anomaly(turn: Turn, event: Event) -> bool:
    """Let the event count as an anomalous check result of its level (design.md 7.8); return whether it said anything new."""
    strategy, checks = turn.scene.strategy(event.strategy_id), turn.state.checks
    if checks is None and (strategy is None or not strategy.items):
        return False
    grown = fold_event_check(checks, event, strategy)
    turn.keep(checks=grown)
    return grown is not checks


def _fold_end(turn: Turn, event: Event) -> bool:
    """A RECOVERED or CLOSED event of any age and severity ends the open alert, and never opens one."""
    if not turn.is_open:
        _fold_unmatched(turn, event)
        return False
    alert = turn.current()
    delay = turn.scene.settings.recover_delay
    alert.event_count += 1
    if event.status == RECOVERED and delay > 0:
        turn.put(next_status=RECOVERED, next_status_time=turn.now + delay)
        turn.keep(said_over=max(turn.state.said_over or 0, event.time))
        turn.log_move(Reason.RECOVERY_DELAYED, event.description, event)
        return True
    reason = RECOVERED_BY_EVENT if event.status == RECOVERED else CLOSED_BY_EVENT
    end_alert(turn, reason, event.description, event=event, end_time=max(event.time, alert.latest_time))
    return True


def _fold_unmatched(turn: Turn, event: Event) -> None:
    """A RECOVERED or CLOSED event finds no open alert: its problem may yet come behind it (design.md 7.44)."""
    if is_expired(turn, event):
        turn.scene.counts.expired += 1
        return
    turn.scene.counts.unmatched += 1
    state = turn.state
    if turn.now >= state.late_until or event.time >= state.late:
        state.late, state.late_until = event.time, turn.now + turn.scene.settings.late


def _fold_anomaly(turn: Turn, alert: KeptAlert, event: Event, *, is_result: bool) -> bool:
    """An ABNORMAL event meets an open alert."""
    if turn.state.said_over is not None and event.time < turn.state.said_over and event.severity <= alert.severity:
        return _converge(turn, alert, event, is_result=is_result)
    if (alert.is_blocked or turn.scene.book.circuit_breaking) and _flow_control(turn, event):
        open_alert(turn, event, goes_on=True)
        return True
    if event.severity == alert.severity or alert.extra_info.severity_source == "by_rule":
        return _converge(turn, alert, event, is_result=is_result)
    if event.severity < alert.severity and alert.strategy_id and turn.scene.in_force(event.strategy_id) is None:
        return _converge(turn, alert, event, is_result=is_result)  # Close ends it soon; nothing of the strategy opens
    if event.severity < alert.severity:
        _supersede(turn, alert, event)
        return True
    turn.log_run(MILDER, event)
    return is_result


def _flow_control(turn: Turn, event: Event) -> bool:
    """Close the alert if circuit breaking hits it, or release a blocked one; return whether it was closed."""
    alert, scene = turn.current(), turn.scene
    rule = circuit_broken("alert.builder", alert, scene.strategy(alert.strategy_id), scene.book)
    if not alert.is_blocked:
        if rule is None:
            return False
        turn.put(is_blocked=True)
        end_alert(turn, Reason.CIRCUIT_BREAKING, f"circuit breaking rule {rule}", event=event)
        return True
    if rule is not None or scene.alert_quota.is_over(quota.blocked_key(alert), turn.now):
        return False
    end_alert(turn, Reason.QUOTA_RELEASED, "flow control no longer holds", event=event)
    return True


def _supersede(turn: Turn, alert: KeptAlert, event: Event) -> None:
    """A worse event closes the alert and opens its successor; the two name each other."""
    end_alert(
        turn,
        Reason.WORSE,
        f"severity rose from {alert.severity} to {event.severity}",
        event=event,
        end_time=max(event.time, alert.latest_time),
        successor=alert_id(turn.state.dedupe_md5, event),
    )
    open_alert(turn, event, predecessor=alert.id)


def _converge(turn: Turn, alert: KeptAlert, event: Event, *, is_result: bool) -> bool:
    """An event of the alert's own severity, or any for an alert whose severity a rule set."""
    if event.time < alert.latest_time:
        _converge_late(turn, alert, event)
        return is_result
    before, said_over = alert.event, turn.state.said_over
    waits = said_over is not None and event.time < said_over  # an announced recovery stands
    aborts = said_over is not None and not waits
    alert.event = with_tags(event, alert.assign_tags) if alert.assign_tags else event
    alert.event_count += 1
    alert.latest_time = event.time
    is_due_sooner = not waits and _expect(turn, alert, event)
    turn.grew_stale()
    if event.anomaly_time < alert.first_anomaly_time:
        turn.put(first_anomaly_time=event.anomaly_time)
    turn.log_run(REPEATED, event)
    if aborts:
        turn.put()
        turn.keep(said_over=None)
        turn.log_move(Reason.RECOVERY_ABORTED, event.description, event)
    if is_due_sooner or aborts or turn.state.repeat_waits:
        return True
    return not may_skip(turn.state, turn.strategy, before, alert.event, turn.scene.book)


def _expect(turn: Turn, alert: KeptAlert, event: Event) -> bool:
    """Set the timed transition of the newest event; return True if it comes before the next look."""
    status, at = timeout_of(turn.scene, turn.now, alert, event)
    alert.next_status, alert.next_status_time = status, at
    due = turn.state.due
    return at is not None and (due is None or at < due)


def _converge_late(turn: Turn, alert: KeptAlert, event: Event) -> None:
    """An event older than the newest one: it may move the beginning, never the end."""
    begin_time = min(alert.begin_time, event.time)
    first = min(alert.first_anomaly_time, event.anomaly_time)
    alert.event_count += 1
    turn.grew_stale()
    if (begin_time, first) != (alert.begin_time, alert.first_anomaly_time):
        turn.put(begin_time=begin_time, first_anomaly_time=first)
    turn.log_run(OUT_OF_ORDER, event)
