"""Who is yet to be told of an alert because it was inhibited, and whether they can be told now (design.md 7.48, 7.66)."""

from typing import NamedTuple

import msgspec

from operators.check.action import repeat_due
from operators.check.waiting import waiting_verdict
from operators.intake.handover import Planned
from operators.model.alert import ABNORMAL, Alert, CycleRecord
from operators.model.memory import CALM, Waiting
from operators.model.reason import Reason
from operators.model.records import Action, LogEntry, Receivers
from operators.people.called import without
from operators.people.dispatch import dispatch, notice_of
from operators.plan.addressed import addressed, joined
from operators.plan.judge import FLAPPING, NORMAL, UPGRADE, in_time, unwanted_by
from operators.rules.ask.circuit import ACTION, circuit_broken
from operators.rules.ask.inhibition import Side
from operators.rules.ask.look import Look
from operators.rules.shapes.model import NoticeRelation

replace = msgspec.structs.replace


class Owed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A notice that is yet to be told; with the entry that has yet to say what became of it, a repeat that came too soon."""

    action: Action
    entry: LogEntry | None = None


class Untold(msgspec.Struct, frozen=True):
    """What is remembered of an alert of which a notice was inhibited."""

    alert: Alert
    """As it last stood."""
    target: tuple[Side, ...] = ()
    owed: tuple[Owed, ...] = ()
    missed: Receivers = {}
    """Who never heard what the lifecycle handed over for them."""
    reached: Receivers = {}
    """Who heard of it late instead."""
    due: int | None = None
    """When to try again; None: once a source ends or the alert changes."""
    repeats_from: int | None = None
    """Repeats count from the late notice: until then none is told."""
    until: int | None = None
    """Of an alert that has ended: how long its end may wait."""
    before: str = ""
    """The alert of the fingerprint before this one; a word of it that comes again changes nothing."""

    @property
    def matters(self) -> bool:
        """Return True if there is anything to remember."""
        return bool(self.owed or self.missed or self.reached or self.repeats_from is not None)

    @property
    def owes_first(self) -> bool:
        """Return True if people are yet to hear of the alert at all."""
        return any(one.entry is None and one.action.notice_type != UPGRADE for one in self.owed)

    def now_known(self, alert: Alert, target: tuple[Side, ...], until: int) -> "Untold":
        """Return it as its alert now stands, or as another alert of the fingerprint has opened; `until`: should it have ended."""
        is_open = alert.status == ABNORMAL
        if alert.id == self.alert.id:
            owed = self.owed if is_open else ()
            return replace(self, alert=alert, target=target, owed=owed, until=None if is_open else until)
        if not is_open or alert.id == self.before:
            return self
        return Untold(alert, target, missed=self.missed, reached=self.reached, before=self.alert.id)

    def told_by(self, action: Action) -> "Untold":
        """Return it once a notice that nothing keeps back tells of the alert."""
        told = joined(action.receivers, action.followers)
        is_upgrade = action.notice_type == UPGRADE
        owed = self.owed if is_upgrade else tuple(one for one in self.owed if one.action.notice_type == UPGRADE)
        since = self.repeats_from if is_upgrade else None
        return replace(self, owed=owed, missed=without(self.missed, told), repeats_from=since)

    def holding(self, planned: Planned, *, is_first: bool) -> "Untold":
        """Return it with an inhibited notice: the first of its alert and escalations are told later, repeats are not."""
        action, told = planned.action, planned.told
        knows = joined(told.main, told.followers) if told is not None else {}
        missed = joined(self.missed, without(joined(action.receivers, action.followers), knows))
        owed = self.owed
        if action.notice_type == UPGRADE or (is_first and not self.owes_first):
            owed = (*owed, _kept_back(action))
        elif action.notice_type == NORMAL and action.execute_times == 1:  # it flaps no more: that is what they hear
            owed = tuple(_kept_back(action) if one.action.notice_type == FLAPPING else one for one in owed)
        return replace(self, target=planned.target, owed=owed, missed=missed)

    def is_too_soon(self, planned: Planned) -> bool:
        """Return True for a repeat that comes sooner behind a late notice than repeats are apart; the end of an ack is none."""
        is_repeat = again(planned.action) and planned.alert.extra_info.ack_over != planned.action.time
        return is_repeat and self.repeats_from is not None and planned.action.time < self.repeats_from


def _kept_back(action: Action) -> Owed:
    """Return an action as its document says: skipped, and told by a later revision."""
    return Owed(action.moved("skipped", Reason.INHIBITED))


def again(action: Action) -> bool:
    """Return True for a notice that tells a problem once more."""
    return action.notice_type == NORMAL and action.execute_times > 1


class Attempt(NamedTuple):
    """What became of a try to tell what is owed."""

    told: tuple[Owed, ...]
    """Addressed to those who can be reached now."""
    left: Untold


def attempt(untold: Untold, look: Look) -> Attempt:
    """Tell what is owed of an open alert that nothing inhibits, if it may be told and people can be reached."""
    alert, signal = untold.alert, untold.owed[0].action.signal
    look.remember(None, None, Waiting(signal, NORMAL, 1), CALM)
    relation = notice_of(look)
    rests = replace(untold, due=None)
    if (
        relation is None
        or alert.is_shielded
        or circuit_broken(ACTION, alert, look.strategy, look.book, plugin_type="notice")
    ):
        return Attempt((), rests)
    if unwanted_by(look, relation, signal, first=False) is not None:
        return Attempt((), rests)
    if not in_time(look, relation):
        return Attempt((), replace(rests, due=_again(look)))
    return _told(rests, look, relation)


def _again(look: Look) -> int:
    return max(waiting_verdict(look).next_look or 0, look.now + 1)


def _told(untold: Untold, look: Look, relation: NoticeRelation) -> Attempt:
    told, left = list[Owed](), list[Owed]()
    for one in untold.owed:
        action = _readdressed(one.action, look, relation)
        (told if action.receivers or action.followers else left).append(Owed(action, one.entry))
    untold = replace(untold, owed=tuple(left), due=_again(look) if left else None)
    for one in told:
        heard = joined(one.action.receivers, one.action.followers)
        missed, reached = without(untold.missed, heard), joined(untold.reached, heard)
        untold = replace(untold, missed=missed, reached=reached)
        if one.action.notice_type != UPGRADE:
            record = CycleRecord(
                look.now, is_shielded=False, latest_anomaly_time=0, execute_times=one.action.execute_times
            )
            untold = replace(untold, repeats_from=repeat_due(relation.config, record))
    return Attempt(tuple(told), untold)


def _readdressed(action: Action, look: Look, relation: NoticeRelation) -> Action:
    """Return an action that is told now: to those who can be reached; an escalation to whom it was planned for."""
    on_its_way = replace(action, time=look.now, status="received", reason="", failure_type="")
    if action.notice_type == UPGRADE:
        return on_its_way
    who = addressed(look, relation, action.signal, action.notice_type, dispatch(look))
    return replace(on_its_way, receivers=who.main, followers=who.followers, mentions=who.mentions)
