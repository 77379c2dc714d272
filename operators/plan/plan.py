"""Signal to actions: who receives by which way, and what is kept of it (spec/notices.md 1.4)."""

from typing import Any

import msgspec

from operators.check.shield import OPEN, Shielding, shielding
from operators.limits.noise import Judged
from operators.model.alert import Alert, CycleRecord
from operators.model.identity import action_id
from operators.model.memory import Waiting
from operators.model.reason import OpType, Reason
from operators.model.records import Action
from operators.model.records import Receivers as ByWay
from operators.people.called import Receivers
from operators.people.dispatch import Dispatch, Relation, notice_of, relations
from operators.plan.addressed import addressed, hears_end, told_more, with_told
from operators.plan.flap import judge_flapping, note_severity, show_flapping
from operators.plan.judge import (
    ENDS,
    FLAPPING,
    GO,
    OPENING,
    UPGRADE,
    Groups,
    Verdict,
    judge,
    plugin_of,
    unwanted_by,
)
from operators.plan.send import dimension_hash, hand_out, send
from operators.rules.shapes.model import CHAT_WAYS, ActionRelation, NoticeRelation
from operators.state.turn import Turn, replace

# Looked up once: Python 3.11 takes as long for a member of an enum as for three calls.
NOISE_HELD = Reason.NOISE_HELD

UNHEARD = frozenset({Reason.NOBODY, Reason.OUTSIDE_NOTICE_TIME})
"""Why a notice reached nobody, for the time being."""


def plan(
    turn: Turn,
    signal: str,
    notice_type: str,
    found: Dispatch | None,
    *,
    only: str | None = None,
    groups: Groups | None = None,
    cycle: int | None = None,
    people: bool = True,
) -> None:
    """Plan the actions of a signal.

    `only`: one relation (a repeat, an un-shield notice, an escalation). `groups`: whom an escalation tells.
    `cycle`: the number of this cycle, counted from 1. `people`: whether people are told, or programs only.
    """
    for relation in relations(turn.view()):
        if only not in (None, relation.id) or not (people or isinstance(relation, ActionRelation)):
            continue
        unwanted = unwanted_by(turn.view(), relation, signal, first=only is None)
        if unwanted is None:
            _act(turn, relation, signal, notice_type, found, groups, cycle)
        elif unwanted is not Reason.SIGNAL_NOT_WANTED or isinstance(relation, NoticeRelation):
            turn.log(OpType.ACTION, unwanted, f"signal {signal}: no {plugin_of(relation)}")


def _act(
    turn: Turn, relation: Relation, signal: str, notice_type: str, found: Dispatch | None,
    groups: Groups | None, cycle: int | None,
) -> None:  # fmt: skip
    alert, look, kind = turn.current(), turn.view(), notice_type
    shield = shielding(look)
    named = who = Receivers()
    if isinstance(relation, NoticeRelation):
        if alert.is_blocked or (shield.is_shielded and hears_end(turn, relation, signal)):
            shield = OPEN  # told to those who know of the problem, and to nobody else
        else:
            named = addressed(look, relation, signal, kind, found, groups)
        who = named if shield.is_shielded else with_told(turn, relation, signal, named)
    verdict = judge(look, relation, shield, who)
    if isinstance(relation, NoticeRelation):
        kind, verdict = judge_flapping(turn, signal, kind, verdict)
    cycle = _cycle(alert, relation, signal) if cycle is None else cycle
    action = _new_action(turn, relation, signal, kind, cycle, who, verdict)
    _record(turn, relation, action, shield)
    _note_people(turn, action, named.main)
    if kind == FLAPPING:
        show_flapping(turn)
    if hand_out(turn, action, verdict.detail).reason == NOISE_HELD:
        turn.put(handle_stage=("noise_reduce",))
    else:
        _note_told(turn, action, notice_type)


def _cycle(alert: Alert, relation: Relation, signal: str) -> int:
    """Return the number of a cycle: no two notices of an alert may have one id."""
    if signal == "ack":
        return max(alert.extra_info.acks, 1)
    record = alert.extra_info.cycle_handle_record.get(relation.id)
    return record.execute_times + 1 if record and signal in OPENING else 1


def _note_told(turn: Turn, action: Action, notice_type: str) -> None:
    """Remember who was told of a problem, that its end was told, or that a notice of either type reached nobody yet."""
    if action.plugin_type != "notice" or action.signal not in OPENING | ENDS:
        return
    told = turn.state.told
    if action.status == "received":
        waiting = turn.state.waiting if notice_type == UPGRADE else None
        turn.keep(told=told_more(told, action) if action.signal in OPENING else None, waiting=waiting)
        note_severity(turn)
    elif action.reason in UNHEARD and notice_type != UPGRADE and _is_news(turn, action):
        turn.keep(waiting=Waiting(action.signal, notice_type, action.execute_times))


def _is_news(turn: Turn, action: Action) -> bool:
    """Return True if an action tells what nobody knows: of an alert nobody was told of, of an end somebody waits for."""
    told = turn.state.told
    if action.signal in ENDS:
        return told is not None
    return told is None or told.alert_id != action.alert_ids[0]


def settle_held(turn: Turn, action: Action, window: Judged) -> None:
    """Carry out what noise reduction decided on a notice that it held: drop it, or let it go on as if planned now."""
    share = f"{window.abnormal} of {window.total} series are abnormal; {window.percent} % are asked for"
    turn.log(OpType.ACTION, Reason(action.reason), share)
    if action.status == "skipped":
        turn.scene.say(action)
        return
    verdict = _judge_again(turn, action)
    if verdict is not GO:
        action = action.moved(verdict.status, verdict.reason, verdict.failure_type)
    _note_people(turn, action, action.receivers)
    send(turn, action, verdict.detail)
    _note_told(turn, action, action.notice_type)


def _judge_again(turn: Turn, action: Action) -> Verdict:
    """Judge a notice that was held a while; if a shield has come meanwhile, its end will tell."""
    alert = turn.current()
    relation = notice_of(turn.view())
    unwanted = (
        Reason.SIGNAL_NOT_WANTED if relation is None else unwanted_by(turn.view(), relation, action.signal, first=False)
    )
    if relation is None or unwanted is not None:
        return Verdict("skipped", unwanted)
    shield = shielding(turn.view())
    record = alert.extra_info.cycle_handle_record.get(relation.id)
    if shield.is_shielded and record is not None and record.execute_times == action.execute_times:
        _put_record(turn, relation.id, replace(record, is_shielded=True))
    who = Receivers(action.receivers, action.followers)
    return judge(turn.view(), relation, shield, who)


def _new_action(
    turn: Turn, relation: Relation, signal: str, notice_type: str, cycle: int, who: Receivers, verdict: Verdict
) -> Action:
    alert = turn.current()
    return Action(  # the first by position: Python puts more than fifteen names into a dict first
        action_id(alert.id, relation.id, signal, notice_type, cycle),
        turn.now,
        (alert.id,),
        alert.strategy_id,
        relation.id,
        plugin_of(relation),
        signal,
        notice_type,
        cycle,
        verdict.status,
        verdict.reason or "",
        verdict.failure_type,
        receivers=who.main,
        followers=who.followers,
        mentions=who.mentions,
        bk_biz_id=alert.bk_biz_id,
        severity=alert.severity,
        dimension_hash=dimension_hash(alert),
        alert_name=alert.alert_name,
        need_biz_converge=relation.options.need_biz_converge if isinstance(relation, NoticeRelation) else False,
        config=None if isinstance(relation, NoticeRelation) else config_of(relation),
    )


def config_of(relation: ActionRelation) -> dict[str, Any]:
    """Return the configuration of a webhook or push as its channel reads it, the defaults of its retries included."""
    retry = relation.config.failed_retry
    retries = {"max_retry_times": retry.max_retry_times, "retry_interval": retry.retry_interval}
    return {**msgspec.to_builtins(relation.config), "failed_retry": retries}


def _record(turn: Turn, relation: Relation, action: Action, shield: Shielding) -> None:
    """Keep the cycle record that drives repeats and un-shield notices (spec/notices.md 1.6)."""
    if action.notice_type == UPGRADE or action.signal not in OPENING:
        return
    times = action.execute_times
    _put_record(turn, relation.id, CycleRecord(turn.now, shield.is_shielded, turn.current().latest_time, times))


def _put_record(turn: Turn, relation_id: str, record: CycleRecord) -> None:
    turn.put_extra(cycle_handle_record={**turn.extra().cycle_handle_record, relation_id: record})


def _note_people(turn: Turn, action: Action, named: ByWay) -> None:
    """Write on the alert that it is handled and whom that tells; its notice names them (spec/notices.md 1.4, 9d).

    `named`: those whom the rules make responsible, without who else hears of an end.
    """
    alert = turn.current()
    alert.is_handled, alert.handle_stage = True, ("handle",)
    alert.is_ack_noticed = alert.is_ack_noticed or action.signal == "ack"
    if action.plugin_type == "notice":
        main, followers = _people(action.receivers), _people(action.followers)
        alert.assignee, alert.follower = _joined(alert.assignee, main), _joined(alert.follower, followers)
        if action.notice_type == UPGRADE:
            alert.supervisor = _joined(alert.supervisor, (*main, *followers))
        elif (appointed := main if named is action.receivers else _people(named)) and not turn.state.is_assigned:
            alert.appointee = appointed
    turn.put()


def _people(by_way: dict[str, list[object]]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for way, receivers_ in by_way.items():
        for entry in () if way in CHAT_WAYS else receivers_:
            if isinstance(entry, (list, tuple)):
                names.update(dict.fromkeys(entry))
            else:
                names[str(entry)] = None
    return tuple(names)


def _joined(known: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *more)))
