"""An action on its way: into the hands of noise reduction or of the stage by business, or to its end (spec/notices.md 8)."""

from functools import lru_cache

from operators.intake.handover import Planned
from operators.limits.noise import is_reducible
from operators.model.alert import TARGET_DIMENSIONS, Alert, document
from operators.model.identity import digest
from operators.model.reason import OpType, Reason
from operators.model.records import Action
from operators.rules.ask.inhibition import sides_of
from operators.state.turn import Turn, replace

# Looked up once: Python 3.11 takes as long for a member of an enum as for three calls.
ACTION, PLAIN, REPEAT_PLANNED = OpType.ACTION, Reason.PLANNED, Reason.REPEAT_PLANNED

NOTICE = "notice"
"""Plugin type of what is told to people."""
PLANNED = {
    "normal": PLAIN,
    "unshielded": Reason.UNSHIELD_PLANNED,
    "upgrade": Reason.ESCALATED,
    "flapping": Reason.FLAP_PLANNED,
}


def dimension_hash(alert: Alert) -> str:
    """Return the hash of an alert's non-target dimensions: hosts of one strategy fall together."""
    pairs = []
    for dimension in alert.dimensions:
        key, value = dimension.key.removeprefix("tags."), dimension.value
        if key not in TARGET_DIMENSIONS and value:
            pairs.append((key, str(value)))
    pairs.sort()
    return _hash_of(tuple(pairs))


@lru_cache(maxsize=4096)
def _hash_of(pairs: tuple[tuple[str, str], ...]) -> str:
    return digest(pairs)


def hand_out(turn: Turn, action: Action, detail: str = "") -> Action:
    """Take an action as far as it goes now: into the hands of noise reduction, or on its way."""
    strategy, scene = turn.strategy, turn.scene
    if action.status != "received" or strategy is None or not is_reducible(action, strategy):
        return send(turn, action, detail)
    held = scene.noise.hold(action, strategy, turn.current(), turn.now)
    _log(turn, held, detail)
    scene.say(held)
    return held


def send(turn: Turn, action: Action, detail: str = "") -> Action:
    """Hand an action that is on its way to the stage by business, which says what became of it; say any other."""
    if action.status == "received":
        _hand_over(turn, action)
        return action
    _log(turn, action, detail)
    turn.scene.say(shown(action))
    return action


def shown(action: Action) -> Action:
    """Return an action as its document: none shows the addresses of webhooks and queues, for they may hold secrets."""
    return action if action.config is None else replace(action, config=None)


def _hand_over(turn: Turn, action: Action) -> None:
    alert, scene, name = turn.current(), turn.scene, action.strategy_id
    retired = scene.strategy(name) if name and name not in scene.book.strategies else None
    entry = turn.entry_to_come(op_type_of(action))
    target = sides_of(alert, scene.book).target if scene.book.inhibit_index and action.plugin_type == NOTICE else ()
    told = turn.state.told if target else None
    scene.hand(Planned(document(alert), action, turn.now, entry, retired, target, told))


def _log(turn: Turn, action: Action, detail: str) -> None:
    text = text_of(action)
    turn.log(op_type_of(action), reason_of(action), f"{text} ({detail})" if detail else text)


def op_type_of(action: Action) -> OpType:
    """Return the type of the log entry that tells of an action."""
    return OpType.UPGRADE if action.notice_type == "upgrade" else ACTION


def reason_of(action: Action) -> str:
    """Return the reason of the log entry that tells of an action."""
    if action.reason and action.status != "success":
        return action.reason
    reason = PLANNED[action.notice_type]
    return REPEAT_PLANNED if action.execute_times > 1 and reason is PLAIN else reason


def text_of(action: Action) -> str:
    """Return an action in words, as the log tells it."""
    return f"{action.plugin_type} {action.signal}: {_who(action)}"


def _who(action: Action) -> str:
    """Return the receivers of an action in words."""
    parts = []
    for role, by_way in (("", action.receivers), ("following ", action.followers)):
        for way, names in by_way.items():
            people = ", ".join(["+".join(name) if isinstance(name, (list, tuple)) else str(name) for name in names])
            parts.append(f"{role}{way} to {people}")
    return "; ".join(parts) or action.status
