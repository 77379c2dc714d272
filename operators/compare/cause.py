"""What differs between two lives of one alert, and because of what: which rule, which reason."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

import msgspec

from operators.compare.pairing import end_of, overlap
from operators.compare.shapes import AlertSeen, EntrySeen, NoticeSeen, tells
from operators.model.reason import NOT_TOLD, OpType, Reason


class Kind(StrEnum):
    """What differs."""

    ONLY_OLD = "only_old"
    ONLY_NEW = "only_new"
    SEVERITY = "severity"
    TOLD_MORE = "told_more"
    TOLD_FEWER = "told_fewer"
    TOLD_OTHERS = "told_others"
    ENDED = "ended"


class Why(StrEnum):
    """Because of what, as far as the two stories show it; `detail` of a cause names the rule or reason."""

    NO_SUCH_STRATEGY = "no_such_strategy"
    """The other side has no alert of this strategy at all."""
    NO_ALERT = "no_alert"
    """The other side has no alert of this fingerprint at that time."""
    ONE_ALERT = "one_alert"
    """The other side has one alert that lasts as long as several here."""
    DISPATCH = "dispatch"
    """Other dispatch rules matched."""
    WITHHELD = "withheld"
    """One side withheld more; the reason is one of docs/reasons.md."""
    OTHER_SEVERITY = "other_severity"
    EVENT = "event"
    """The events said so: other ones opened the alert, or a worse one was folded."""
    ESCALATION = "escalation"
    REPEATS = "repeats"
    LIFE = "life"
    """It began or ended at another time."""
    RECEIVERS = "receivers"
    """The same was told to others, or by other ways."""
    RULES = "rules"
    """The rules, in no way that the story shows."""


DECISIONS = frozenset(
    {OpType.ACTION, OpType.UPGRADE, OpType.ACTION_QOS, OpType.ALERT_QOS, OpType.NOISE_REDUCE, OpType.CLOSE}
)
"""Entries that may say so."""


class Cause(msgspec.Struct, frozen=True, gc=False, order=True):
    """What many differences have in common."""

    kind: Kind
    why: Why
    detail: str
    strategy_id: str
    subject: str
    """Name of the strategy's alerts, or of those of a plugin."""


class Life(NamedTuple):
    """An alert of one side, and what it knows of it."""

    alert: AlertSeen
    entries: Sequence[EntrySeen]
    notices: Sequence[NoticeSeen]

    def told(self) -> Counter[tuple[str, str]]:
        """Return how often each person was told of it by each way."""
        return Counter((person, one.way) for one in self.notices for person in one.receivers)


class Difference(NamedTuple):
    """One way in which two lives differ. At least one of them is there."""

    cause: Cause
    old: Life | None
    new: Life | None
    messages: int
    """Messages to one person by one way that only one side has."""


def alone(life: Life, *, is_old: bool, others: Iterable[AlertSeen], strategies: frozenset[str]) -> Difference:
    """Return the difference that an alert makes which only one side has.

    `others` are the alerts of its fingerprint on the other side, `strategies` those that have any alert there.
    """
    alert = life.alert
    if alert.strategy_id and alert.strategy_id not in strategies:
        why = Why.NO_SUCH_STRATEGY
    else:
        why = Why.ONE_ALERT if any(overlap(alert, other) for other in others) else Why.NO_ALERT
    cause = _cause(Kind.ONLY_OLD if is_old else Kind.ONLY_NEW, why, "", alert)
    return Difference(cause, life if is_old else None, None if is_old else life, life.told().total())


def between(old: Life, new: Life) -> list[Difference]:
    """Return how two lives of one alert differ; nothing if in nothing that is compared."""
    found = []
    if old.alert.severity != new.alert.severity:
        why, detail = _of_severity(old.alert, new.alert)
        found.append(Difference(_cause(Kind.SEVERITY, why, detail, new.alert), old, new, 0))
    before, after = old.told(), new.told()
    more, fewer = (after - before).total(), (before - after).total()
    if more or fewer:
        kind = Kind.TOLD_MORE if more > fewer else Kind.TOLD_FEWER if fewer > more else Kind.TOLD_OTHERS
        why, detail = _of_telling(old, new, kind)
        found.append(Difference(_cause(kind, why, detail, new.alert), old, new, more + fewer))
    if _end(old.alert) != _end(new.alert):
        detail = f"{_ending(old)} -> {_ending(new)}"
        found.append(Difference(_cause(Kind.ENDED, Why.LIFE, detail, new.alert), old, new, 0))
    return found


def _cause(kind: Kind, why: Why, detail: str, alert: AlertSeen) -> Cause:
    """Return a cause: a rule or shield that its detail names is one whatever the alerts, others go by strategy or name."""
    if why == Why.DISPATCH or "(shield " in detail:
        return Cause(kind, why, detail, "", "")
    if why in TELLING and not alert.strategy_id and alert.extra_info.matched_rule_info:
        return Cause(kind, why, detail or _rules_of(alert), "", "")
    return Cause(kind, why, detail, alert.strategy_id, alert.alert_name or alert.event.plugin_id)


TELLING = frozenset({Why.RECEIVERS, Why.REPEATS, Why.ESCALATION, Why.RULES})
"""Reasons to tell others that lie with the rule that says whom to tell."""


def _end(alert: AlertSeen) -> tuple[str, int]:
    return alert.status, end_of(alert)


def _ending(life: Life) -> str:
    """Return why an alert ended: the reason of its last entry with that status, else its status."""
    if life.alert.end_time is None:
        return "open"
    reasons = (
        one.reason for one in reversed(life.entries) if one.op_type in ENDINGS and one.time >= end_of(life.alert)
    )
    return next(reasons, life.alert.status.lower())


ENDINGS = frozenset({OpType.RECOVER, OpType.CLOSE, OpType.SYSTEM_RECOVER, OpType.SYSTEM_CLOSE, OpType.ALERT_QOS})


def _of_severity(old: AlertSeen, new: AlertSeen) -> tuple[Why, str]:
    change = f"{old.severity} -> {new.severity}"
    if _rules_of(old) != _rules_of(new):
        return Why.DISPATCH, f"{change} ({_rules_of(old)} -> {_rules_of(new)})"
    return Why.EVENT, change


def _rules_of(alert: AlertSeen) -> str:
    """Return the dispatch rules that matched, as text; of no rule a dash."""
    info = alert.extra_info.matched_rule_info or {}
    ids = ", ".join(map(str, info.get("rules") or ()))
    return f"{info.get('group_name') or info.get('group_id') or ''}: {ids}" if ids else "no rule"


def _of_telling(old: Life, new: Life, kind: Kind) -> tuple[Why, str]:
    """Return why others were told, or more or fewer: the first question whose answer differs decides."""
    if (rules := (_rules_of(old.alert), _rules_of(new.alert))) and rules[0] != rules[1]:
        return Why.DISPATCH, f"{rules[0]} -> {rules[1]}"
    before, after = _withheld(old), _withheld(new)
    gained = (before - after) if kind == Kind.TOLD_MORE else (after - before)
    if gained:
        return Why.WITHHELD, _named(_largest(gained), old if kind == Kind.TOLD_MORE else new)
    if old.alert.severity != new.alert.severity:
        return Why.OTHER_SEVERITY, f"{old.alert.severity} -> {new.alert.severity}"
    if _count(old, "upgrade") != _count(new, "upgrade"):
        return Why.ESCALATION, ""
    if _end(old.alert) != _end(new.alert) or old.alert.begin_time != new.alert.begin_time:
        return Why.LIFE, f"{_ending(old)} -> {_ending(new)}"
    if len(old.notices) == len(new.notices):
        return Why.RECEIVERS, ""
    return (Why.REPEATS, "") if _has_repeats(old) != _has_repeats(new) else (Why.RULES, "")


def _withheld(life: Life) -> Counter[str]:
    return Counter(one.reason for one in life.entries if one.op_type in DECISIONS and one.reason in NOT_TOLD)


def _named(reason: str, life: Life) -> str:
    """Return a reason with the shield that it names, if it is one."""
    shields = (one.description for one in life.entries if one.op_type == OpType.SHIELD and one.reason == reason)
    shield = next(shields, "")
    return f"{reason} ({shield.rpartition(', ')[0] or shield})" if shield else reason


def _largest(counts: Mapping[str, int]) -> str:
    return min(counts, key=lambda name: (-counts[name], name))


def _count(life: Life, notice_type: str) -> int:
    return sum(one.notice_type == notice_type for one in life.notices)


def _has_repeats(life: Life) -> int:
    return sum(one.reason == Reason.REPEAT_PLANNED for one in life.entries if tells(one))
