"""From planned actions to notices: noise reduction, merging, words (spec/notices.md 2, 8; design.md 7.25, 7.29)."""

from collections.abc import Iterable
from typing import NamedTuple

from operators.converge.message import as_ended
from operators.limits.noise import is_reducible
from operators.model.alert import TARGET_DIMENSIONS, Alert, document
from operators.model.handover import Planned
from operators.model.identity import digest, notice_id
from operators.model.reason import OpType, Reason
from operators.model.records import Action, LogEntry, Message, Notice
from operators.state.scene import Scene
from operators.state.turn import Turn, replace

PLANNED = {
    "normal": Reason.PLANNED,
    "unshielded": Reason.UNSHIELD_PLANNED,
    "upgrade": Reason.ESCALATED,
    "flapping": Reason.FLAP_PLANNED,
}


def dimension_hash(alert: Alert) -> str:
    """Return the hash of an alert's non-target dimensions: hosts of one strategy fall together."""
    pairs = ((dimension.key.removeprefix("tags."), dimension.value) for dimension in alert.dimensions)
    return digest(sorted([key, str(value)] for key, value in pairs if key not in TARGET_DIMENSIONS and value))


def hand_out(turn: Turn, action: Action, detail: str = "") -> Action:
    """Take an action as far as it goes now: into the hands of noise reduction, or on its way."""
    alert, scene = turn.current(), turn.scene
    strategy = turn.strategy
    if action.status != "received" or strategy is None or not is_reducible(action, strategy):
        return send(turn, action, detail)
    held = scene.noise.hold(action, strategy, alert, turn.now)
    _log(turn, held, detail)
    scene.say(held)
    return held


def send(turn: Turn, action: Action, detail: str = "") -> Action:
    """Say an action, log it, and say the notices that leave at once."""
    notices: list[Notice] = []
    if action.status == "received":
        outcome = turn.scene.converge.fold(action, turn.now)
        action = outcome.actions[-1]
        notices = [_in_words(turn, message) for message in outcome.messages]
    _log(turn, action, detail)
    # no document shows the addresses of webhooks and queues: they may hold secrets
    turn.scene.say(replace(action, config=None))
    if action.status == "received":
        turn.scene.say(Planned(document(turn.current()), action))
    for notice in notices:
        turn.scene.say(notice)
    return action


def _log(turn: Turn, action: Action, detail: str) -> None:
    is_upgrade = action.notice_type == "upgrade"
    reason = Reason(action.reason) if action.reason else PLANNED[action.notice_type]
    if action.status == "success" or not action.reason:
        reason = PLANNED[action.notice_type]
        if action.execute_times > 1 and reason is Reason.PLANNED:
            reason = Reason.REPEAT_PLANNED
    text = f"{action.plugin_type} {action.signal}: {_who(action)}"
    turn.log(OpType.UPGRADE if is_upgrade else OpType.ACTION, reason, f"{text} ({detail})" if detail else text)


def _who(action: Action) -> str:
    """Return the receivers of an action in words."""
    parts = []
    for role, by_way in (("", action.receivers), ("following ", action.followers)):
        for way, names in by_way.items():
            people = ", ".join("+".join(name) if isinstance(name, (list, tuple)) else str(name) for name in names)
            parts.append(f"{role}{way} to {people}")
    return "; ".join(parts) or action.status


def _in_words(turn: Turn, message: Message) -> Notice:
    alert = turn.current()
    alerts = [alert if name == alert.id else turn.scene.find(name) for name in message.alert_ids]
    notice, error = word(turn.scene, message, [known for known in alerts if known is not None])
    if error:
        turn.log(OpType.ACTION, Reason.RENDER_FAILED, error)
    return notice


def word(scene: Scene, message: Message, alerts: list[Alert]) -> tuple[Notice, str | None]:
    """Put a message into words; return the notice and what went wrong in a user's template."""
    message = as_ended(message, alerts)
    strategy = scene.strategy(message.strategy_id) if message.strategy_id else None
    rendered = scene.render(message, alerts, strategy, scene.book, message.time)
    shield = message.shield or {}
    occasion = shield.get("shield", {}).get("id"), shield.get("edge"), shield.get("time")
    notice = Notice(
        id=notice_id(message.action_ids, message.way, message.receivers, message.collect_type, *occasion),
        time=message.time,
        way=message.way,
        receivers=message.receivers,
        followed=message.followed,
        signal=message.signal,
        notice_type=message.notice_type,
        collect_type=message.collect_type,
        alert_ids=message.alert_ids,
        action_ids=message.action_ids,
        title=rendered.title,
        content=rendered.content,
        mentions=message.mentions,
        bk_biz_id=message.bk_biz_id,
        severity=message.severity,
        config=rendered.config if message.config is not None else None,
    )
    return notice, rendered.error


class Note(NamedTuple):
    """What the log of an alert has yet to say."""

    alert_id: str
    reason: Reason
    text: str


def say_messages(scene: Scene, messages: Iterable[Message]) -> list[Note]:
    """Say summaries and shield notices as notices; return notes on those whose templates failed."""
    failed = []
    for message in messages:
        alerts = [alert for name in message.alert_ids if (alert := scene.find(name)) is not None]
        notice, error = word(scene, message, alerts)
        scene.say(notice)
        if error and message.alert_ids:
            failed.append(Note(message.alert_ids[0], Reason.RENDER_FAILED, error))
    return failed


def note_entry(alert: Alert, note: Note, now: int) -> LogEntry:
    """Return the log entry of a note; it changes nothing in the alert, so its id hangs on no revision of it."""
    return LogEntry(
        id=f"{alert.id}-{note.reason}-{now}-{digest(note.text)[:8]}",
        time=now,
        alert_id=alert.id,
        dedupe_md5=alert.dedupe_md5,
        op_type=OpType.ACTION,
        reason=note.reason,
        description=note.text,
        severity=alert.severity,
        status=alert.status,
    )
