"""The messages of converge: a notice as planned, and the summaries of what was withheld."""

from collections.abc import Sequence

import msgspec

from operators.converge.model import Addressee, Child, Group, Member, Storm
from operators.converge.pending import PROBLEMS
from operators.model.alert import ABNORMAL, RECOVERED, Alert
from operators.model.records import Action, Message

ALONE, MERGED = "action", "converge"
"""Values of `collect_type`."""


def direct(action: Action, way: str, receivers: tuple[str, ...], now: int, *, followed: bool) -> Message:
    """Return one message for all receivers of one way of an action."""
    return Message(
        time=now,
        way=way,
        receivers=receivers,
        followed=followed,
        signal=action.signal,
        notice_type=action.notice_type,
        collect_type=ALONE,
        alert_ids=action.alert_ids,
        action_ids=(action.id,),
        relation_id=action.relation_id,
        strategy_id=action.strategy_id,
        bk_biz_id=action.bk_biz_id,
        severity=action.severity,
        execute_times=action.execute_times,
        mentions={chat: users for chat, users in action.mentions.items() if chat in receivers},
        config=action.config,
    )


def withheld(child: Child, place: int) -> Member:
    """Return what is kept of a child until its summary."""
    action = child.action
    return Member(
        place=place,
        action_id=action.id,
        alert_ids=action.alert_ids,
        strategy_id=action.strategy_id,
        relation_id=action.relation_id,
        notice_type=action.notice_type,
        followed=child.followed,
        mentioned=tuple(action.mentions.get(child.receiver, ())),
        execute_times=action.execute_times,
    )


def group_summary(group: Group, members: list[Member]) -> Message:
    """Return the level-1 summary: alerts of one subject, told like one alert."""
    return _summary(group.addressee, members, group.due, merged=False)


def storm_summary(storm: Storm, members: list[Member]) -> Message:
    """Return the business summary: alerts of many subjects."""
    return _summary(storm.addressee, members, storm.due, merged=True)


def as_ended(message: Message, alerts: Sequence[Alert]) -> Message:
    """Return a message about a problem as one about its end, if all its alerts have ended meanwhile (design.md 7.55)."""
    if message.signal not in PROBLEMS or not alerts or any(alert.status == ABNORMAL for alert in alerts):
        return message
    is_recovered = all(alert.status == RECOVERED for alert in alerts)
    return msgspec.structs.replace(message, signal="recovered" if is_recovered else "closed")


def _summary(addressee: Addressee, members: list[Member], due: int, *, merged: bool) -> Message:
    first = members[0]
    alert_ids = tuple(dict.fromkeys(alert_id for member in members for alert_id in member.alert_ids))
    return Message(
        time=due,
        way=addressee.way,
        receivers=(addressee.receiver,),
        followed=all(member.followed for member in members),
        signal=addressee.signal,
        notice_type=first.notice_type,
        collect_type=MERGED if merged and len(alert_ids) > 1 else ALONE,
        alert_ids=alert_ids,
        action_ids=tuple(dict.fromkeys(member.action_id for member in members)),
        relation_id=first.relation_id,
        strategy_id=first.strategy_id,
        bk_biz_id=addressee.bk_biz_id,
        severity=addressee.severity,
        execute_times=min(member.execute_times for member in members),
        mentions={addressee.receiver: list(first.mentioned)} if first.mentioned else {},
    )
