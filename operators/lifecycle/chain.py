"""The chain: Next, Close, Recover, Shield, Ack, Upgrade, Action, in this order (spec/lifecycle.md 4.1; design.md 7.36).

Each checker's decision is a pure function in a file of its own; a link of the chain asks it and carries the answer out.
The first verdict that ends the alert ends the chain.
"""

from collections.abc import Callable

from operators.check.action import repeat_due
from operators.check.close import close_verdict
from operators.check.next import END_TEXTS, timed_transition
from operators.check.recover import recover_verdict, recovering_extra
from operators.check.results import EMPTY
from operators.check.upgrade import Step, next_step
from operators.lifecycle.ack import settle_ack_duration
from operators.lifecycle.ends import end_alert
from operators.lifecycle.shielded import shield
from operators.limits.quota import action_key
from operators.model.alert import UpgradeRecord, opening_signal
from operators.model.reason import OpType, Reason
from operators.plan.dispatch import FOLLOWER, Dispatch, rules_escalate
from operators.plan.judge import in_time, notice_of, relations
from operators.plan.plan import plan
from operators.plan.signal import NORMAL, UPGRADE, matched, passes_quota, say_signal
from operators.plan.signal import retry as retry_signal
from operators.rules.shapes.model import UpgradeConfig
from operators.state.turn import Turn

Link = Callable[[Turn], None]


def check(turn: Turn) -> None:
    """Let every checker look at the open alert; deadlines are asked for on the way."""
    alert = turn.current()
    for link in ENDERS if alert.strategy_id or alert.is_blocked else THIRD_PARTY_ENDERS:
        link(turn)
        if not turn.is_open:
            return
    for link in BLOCKED_TELLERS if alert.is_blocked else TELLERS:
        link(turn)


def _next(turn: Turn) -> None:
    alert = turn.current()
    reason = timed_transition(alert, turn.now)
    if reason is not None:
        end_alert(turn, reason, END_TEXTS[reason])
    else:
        turn.look(alert.next_status_time)


def _close(turn: Turn) -> None:
    alert, state, scene = turn.current(), turn.state, turn.scene
    strategy = scene.book.strategies.get(alert.strategy_id)
    verdict = close_verdict(alert, state.checks, state.snapshot, strategy, scene.book, scene.settings, turn.now)
    if verdict.reason is None:
        turn.look(verdict.next_look)
        return
    is_cut_off = verdict.reason is Reason.CIRCUIT_BREAKING
    end_alert(turn, verdict.reason, verdict.description, op_type=OpType.CLOSE if is_cut_off else None)


def _recover(turn: Turn) -> None:
    alert = turn.current()
    verdict = recover_verdict(alert, turn.state.checks or EMPTY, turn.strategy, turn.now)
    extra = recovering_extra(alert.extra_info, verdict)
    if extra != alert.extra_info:
        turn.put(extra_info=extra)
    if verdict.began:
        turn.log_move(Reason.WINDOW_QUIET, "" if verdict.kind != "recovering" else verdict.description)
    if verdict.kind == "aborted":
        turn.log_move(Reason.WINDOW_BROKEN, verdict.description)
    if verdict.kind in ("recovered", "closed") and verdict.reason is not None:
        _end_as(turn, verdict.reason, verdict.description, closed=verdict.kind == "closed")
    else:
        turn.look(verdict.next_look)


def _end_as(turn: Turn, reason: Reason, description: str, *, closed: bool) -> None:
    if closed:
        end_alert(turn, reason, description, status="CLOSED", op_type=OpType.CLOSE)
    else:
        end_alert(turn, reason, description)


def _upgrade(turn: Turn) -> None:
    """Tell the next group of each escalation that is due; a step counts once its notice was really planned."""
    if turn.current().is_ack or not _may_escalate(turn):
        return
    found = matched(turn)
    if found is None and not turn.current().strategy_id:
        return
    for key, is_follower, config in _escalations(turn, found):
        step = next_step(config, turn.extra().upgrades().get(key), turn.current().create_time)
        if step is None:
            continue
        if step.due > turn.now:
            turn.look(step.due)
        else:
            _escalate(turn, key, config, step, found, is_follower=is_follower)


def _may_escalate(turn: Turn) -> bool:
    """Tell whether an escalation is configured where the alert might find one; most books have few."""
    notice = strategy.notice if (strategy := turn.strategy) else None
    if notice is not None and notice.options.upgrade_config.is_enabled:
        return True
    return rules_escalate(turn.scene.book.dispatch_of(turn.current().bk_biz_id))


def _escalations(turn: Turn, found: Dispatch | None) -> list[tuple[str, bool, UpgradeConfig]]:
    """Return (key, whether its groups follow, config) of the matched rules, or of the strategy under key ""."""
    if found is not None:
        return [(rule_id, user_type == FOLLOWER, config) for rule_id, user_type, config in found.upgrades]
    relation = notice_of(turn, found)
    if relation is None or "only_notice" not in relation.options.assign_mode:
        return []
    return [("", False, relation.options.upgrade_config)]


def _escalate(
    turn: Turn, key: str, config: UpgradeConfig, step: Step, found: Dispatch | None, *, is_follower: bool
) -> None:
    alert, scene = turn.current(), turn.scene
    relation, signal = notice_of(turn, found), alert.status.lower()
    if relation is None or signal not in relation.signal:
        return
    held = alert.is_shielded or not in_time(turn, relation, turn.strategy)
    if held or scene.action_quota.is_full(action_key(alert, signal), turn.now):
        turn.look(turn.now + scene.settings.check_interval)
        return
    passes_quota(turn, signal, UPGRADE)
    groups = ((), (step.group,)) if is_follower else ((step.group,), ())
    say_signal(turn, signal, UPGRADE)
    told = turn.extra().upgrades()
    cycle = sum(record.last_group_index + 1 for record in told.values()) + 1
    plan(turn, signal, UPGRADE, found, only=relation.id, groups=groups, cycle=cycle)
    record = UpgradeRecord(step.index, turn.now)
    if key:
        turn.put_extra(rule_snaps={**turn.extra().rule_snaps, key: record})
    else:
        turn.put_extra(upgrade_notice=record)
    following = next_step(config, record, alert.create_time)
    turn.look(following.due if following else None)


def _action(turn: Turn) -> None:
    """Plan the repeats that are due; one without a newer anomaly waits for the next event (design.md 7.23)."""
    if turn.state.repeat_waits:
        turn.keep(repeat_waits=False)
    alert = turn.current()
    if not alert.is_handled or alert.is_ack or not alert.extra_info.cycle_handle_record:
        return
    found = None if alert.strategy_id else matched(turn)  # what follows a strategy's alert hangs on no rule
    signal = opening_signal(alert)
    for relation in relations(turn, found):
        record = turn.extra().cycle_handle_record.get(relation.id)
        due = repeat_due(relation.config, record) if record and signal in relation.signal else None
        if record is None or due is None:
            continue
        if due > turn.now:
            turn.look(due)
        elif alert.extra_info.is_recovering or record.latest_anomaly_time >= alert.latest_time:
            turn.keep(repeat_waits=True)
        else:
            plan(turn, signal, NORMAL, matched(turn), only=relation.id)
            turn.look(repeat_due(relation.config, turn.extra().cycle_handle_record[relation.id]))


ENDERS: tuple[Link, ...] = (_next, _close, _recover)
"""May end the alert."""
THIRD_PARTY_ENDERS: tuple[Link, ...] = (_next,)
"""Without a strategy nothing of Close and Recover applies."""
TELLERS: tuple[Link, ...] = (shield, settle_ack_duration, retry_signal, _upgrade, _action)
"""A signal that the quota held back is tried again before anything later is told."""
BLOCKED_TELLERS: tuple[Link, ...] = (settle_ack_duration,)
