"""Carrying out what Upgrade and Action say, and a signal that waited: who is told more, or again."""

from operators.check.action import ActionVerdict, repeat_due
from operators.check.upgrade import Escalation, Step, UpgradeVerdict, later_steps, next_step
from operators.check.verdict import Verdict
from operators.check.waiting import people_edge
from operators.limits.quota import action_key
from operators.model.alert import UpgradeRecord, opening_signal
from operators.people.dispatch import notice_of
from operators.plan.addressed import addressed
from operators.plan.judge import NORMAL, UPGRADE, Groups, in_time
from operators.plan.plan import plan
from operators.plan.signal import matched, passes_quota, retry, say_signal
from operators.rules.shapes.model import NoticeRelation
from operators.state.turn import Turn


def try_again(turn: Turn, _: Verdict) -> None:
    """Try a signal again that the quota held back, once its window has ended."""
    retry(turn)


def escalate(turn: Turn, verdict: UpgradeVerdict) -> None:
    """Tell the next group of each escalation that is due; a step counts once its notice was really planned."""
    for one in verdict.due:
        step = next_step(one.config, turn.extra().upgrades().get(one.key), turn.current())
        if step is not None and step.due > turn.now:  # two actions of one rule share a record
            turn.look(step.due)
        elif step is not None:
            _tell_next(turn, one, step)


def _tell_next(turn: Turn, one: Escalation, step: Step) -> None:
    alert, scene = turn.current(), turn.scene
    relation, signal = notice_of(turn.view()), alert.status.lower()
    if relation is None or signal not in relation.signal:
        return
    held = alert.is_shielded or not in_time(turn.view(), relation)
    if held or scene.action_quota.is_full(action_key(alert, signal), turn.now):
        turn.look(turn.now + scene.settings.check_interval)
        return
    steps = later_steps(one.config, step)
    reached = next((later for later in steps if _reaches(turn, relation, _groups(one, later))), None)
    if reached is None:
        turn.look(people_edge(turn.view(), tuple(later.group for later in steps)))
        return
    passes_quota(turn, signal, UPGRADE)
    say_signal(turn, signal, UPGRADE)
    told = turn.extra().upgrades()
    cycle = sum(record.last_group_index + 1 for record in told.values()) + 1
    plan(turn, signal, UPGRADE, matched(turn), only=relation.id, groups=_groups(one, reached), cycle=cycle)
    record = UpgradeRecord(reached.index, turn.now)
    if one.key:
        turn.put_extra(rule_snaps={**turn.extra().rule_snaps, one.key: record})
    else:
        turn.put_extra(upgrade_notice=record)
    following = next_step(one.config, record, alert)
    turn.look(following.due if following else None)


def _groups(one: Escalation, step: Step) -> Groups:
    return ((), (step.group,)) if one.is_follower else ((step.group,), ())


def _reaches(turn: Turn, relation: NoticeRelation, groups: Groups) -> bool:
    """Return True if somebody whom an escalation would tell can be reached now (design.md 7.47)."""
    who = addressed(turn.view(), relation, turn.current().status.lower(), UPGRADE, matched(turn), groups)
    return bool(who.main or who.followers)


def repeat(turn: Turn, verdict: ActionVerdict) -> None:
    """Plan the repeats that are due."""
    turn.state.repeat_waits = verdict.waits
    for relation in verdict.due:
        plan(turn, opening_signal(turn.current()), NORMAL, matched(turn), only=relation.id)
        turn.look(repeat_due(relation.config, turn.extra().cycle_handle_record[relation.id]))
