"""Whom an action goes to: those whom the rules name, and of an end those who were told of the problem too.

Design.md 7.56, 7.60: who heard of a problem hears how it ended, by the same ways, whoever the rules name by then.
"""

from collections.abc import Collection

from operators.model.memory import Told
from operators.model.records import Action
from operators.model.records import Receivers as ByWay
from operators.people.called import Receivers, used, without
from operators.people.dispatch import Dispatch
from operators.people.receivers import receivers
from operators.plan.judge import ENDS, UPGRADE, Groups, groups_of
from operators.rules.ask.look import Look
from operators.rules.shapes.model import NoticeRelation
from operators.state.turn import Turn, replace


def addressed(
    look: Look, relation: NoticeRelation, signal: str, notice_type: str, found: Dispatch | None,
    groups: Groups | None = None,
) -> Receivers:  # fmt: skip
    """Return whom the rules name for a notice of a signal now; `groups`: whom an escalation tells."""
    exclude = _excluded(relation, signal)
    main, follower = groups or groups_of(relation, look.strategy, found)
    is_upgrade = notice_type == UPGRADE
    who = receivers(main, follower, look.alert, look.book, look.settings, look.now, exclude=exclude, upgrade=is_upgrade)
    return _in_one_call(who) if relation.config.voice_notice == "serial" else who


def with_told(turn: Turn, relation: NoticeRelation, signal: str, named: Receivers) -> Receivers:
    """Return whom a notice goes to: besides those whom the rules name, of an end, who was told of the problem."""
    told = turn.state.told
    return named if told is None or signal not in ENDS else _with_told(named, told, _excluded(relation, signal))


def hears_end(turn: Turn, relation: NoticeRelation, signal: str) -> bool:
    """Return True if somebody hears of an end although a shield holds: who was told of the problem."""
    if not turn.scene.settings.tell_ends_under_shield:
        return False
    who = with_told(turn, relation, signal, Receivers())
    return bool(who.main or who.followers)


def told_more(told: Told | None, action: Action) -> Told:
    """Return who was told of a problem, now that an action tells of it; an escalation is nobody's first notice."""
    known = told or Told("", "")
    is_upgrade = action.notice_type == UPGRADE
    return Told(
        known.alert_id if is_upgrade else action.alert_ids[0],
        known.notice_type if is_upgrade else action.notice_type,
        joined(known.main, action.receivers),
        joined(known.followers, action.followers),
    )


def _excluded(relation: NoticeRelation, signal: str) -> Collection[str]:
    return relation.options.exclude_notice_ways.get(signal, ())  # type: ignore[call-overload, no-any-return]


def _with_told(who: Receivers, told: Told, exclude: Collection[str]) -> Receivers:
    main = joined(who.main, used(told.main, exclude))
    followers = joined(who.followers, used(told.followers, exclude))
    return Receivers(main, without(followers, main), who.mentions)


def joined(known: ByWay, more: ByWay) -> ByWay:
    """Return the receivers of both, each once."""
    if not known or not more or known == more:
        return known or more
    return {
        way: [*known.get(way, ()), *(one for one in more.get(way, ()) if one not in known.get(way, ()))]
        for way in dict.fromkeys((*known, *more))
    }


def _in_one_call(who: Receivers) -> Receivers:
    """Return the receivers with the voice lists of each side put into one: serial calling."""
    return replace(who, main=_serial(who.main), followers=_serial(who.followers))


def _serial(by_way: ByWay) -> ByWay:
    if "voice" not in by_way:
        return by_way
    return {**by_way, "voice": [list(dict.fromkeys(name for names in by_way["voice"] for name in names))]}
