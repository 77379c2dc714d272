"""What may become of a signal: which relations listen, whether an action may go, and why not (spec/notices.md 1.4, 1.5)."""

import msgspec

from operators.check.shield import Shielding
from operators.model.alert import is_no_data
from operators.model.reason import Reason
from operators.people.called import Receivers
from operators.people.dispatch import Dispatch, Relation, default_groups
from operators.rules.ask.circuit import circuit_broken
from operators.rules.ask.look import Look
from operators.rules.shapes.model import ActionRelation, NoticeRelation, Strategy
from operators.rules.times.windows import active, in_day_range

OPENING = frozenset({"abnormal", "no_data"})
ENDS = frozenset({"recovered", "closed"})
"""Signals of the beginning and of the end of an alert."""
NORMAL, UNSHIELDED, UPGRADE, FLAPPING = "normal", "unshielded", "upgrade", "flapping"
"""Types of notices (spec/notices.md 1.1, design.md 7.54)."""
BLOCKED = "blocked"
"""Status and failure type of what circuit breaking holds back."""

Groups = tuple[tuple[str, ...], tuple[str, ...]]
"""Ids of the user groups that receive, and of those that follow."""


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """How far an action may go: `received` = on its way."""

    status: str
    reason: Reason | None = None
    detail: str = ""

    @property
    def failure_type(self) -> str:
        """Of spec/notices.md 1.7."""
        return BLOCKED if self.status == BLOCKED else ""


GO = Verdict("received")


def plugin_of(relation: Relation) -> str:
    """Return the plugin type of a relation."""
    return "notice" if isinstance(relation, NoticeRelation) else relation.plugin_type


def groups_of(relation: NoticeRelation, strategy: Strategy | None, found: Dispatch | None) -> Groups:
    """Return the user groups of the dispatch rules that matched, else the strategy's own."""
    return (default_groups(strategy, relation), ()) if found is None else (found.main, found.follower)


def unwanted_by(look: Look, relation: Relation, signal: str, *, first: bool) -> Reason | None:
    """Tell why a relation does not listen to a signal, if it does not."""
    alert = look.alert
    if signal not in relation.signal:
        return Reason.SIGNAL_NOT_WANTED
    is_push = plugin_of(relation) == "message_queue"
    if signal in ENDS and is_no_data(alert) and not is_push:
        return Reason.SIGNAL_NOT_WANTED
    if alert.is_ack and signal != "ack" and not is_push:
        return Reason.SIGNAL_MUTED_BY_ACK
    if first and signal in OPENING and isinstance(relation, NoticeRelation):
        delay = relation.options.skip_delay
        if delay and look.now - alert.begin_time > delay:
            return Reason.TOO_OLD
    return None


def judge(look: Look, relation: Relation, shield: Shielding, who: Receivers) -> Verdict:
    """Return how far an action may go: shields first, then its time, circuit breaking, and whether there is anybody."""
    plugin = plugin_of(relation)
    if shield.is_shielded and not (
        isinstance(relation, ActionRelation) and plugin == "message_queue" and relation.config.push_shielded
    ):
        return Verdict("skipped" if plugin == "notice" else "shield", shield.why, ", ".join(shield.ids))
    if not in_time(look, relation):
        return Verdict("shield", Reason.OUTSIDE_NOTICE_TIME)
    rule = circuit_broken("action", look.alert, look.strategy, look.book, plugin_type=plugin)
    if rule is not None:
        return Verdict(BLOCKED, Reason.CIRCUIT_BREAKING, f"rule {rule}")
    if plugin == "notice" and not (who.main or who.followers):
        return Verdict("skipped", Reason.NOBODY)
    return GO


def in_time(look: Look, relation: Relation) -> bool:
    """Return True if now lies in a relation's time range and in its strategy's active time (design.md 7.24)."""
    zone, strategy = look.zone, look.strategy
    if isinstance(relation, NoticeRelation):
        options = relation.options
        if not in_day_range(options.start_time, options.end_time, zone, look.now):
            return False
    if strategy is None or not strategy.detects:
        return True
    return active(strategy.detects[0].trigger_config.uptime, look.book, zone, look.now)[0]
