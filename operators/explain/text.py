"""What every reason means in a sentence for people; `docs/reasons.md` is made from these tables."""

from collections.abc import Iterator, Mapping
from typing import Any

from operators.model.reason import DeadReason, DropReason, OpType, Reason

OP_TEXT: dict[OpType, str] = {
    OpType.CREATE: "alert opened",
    OpType.CONVERGE: "event folded in",
    OpType.SEVERITY_UP: "severity raised",
    OpType.EVENT_DROP: "event dropped",
    OpType.RECOVER: "alert recovered",
    OpType.CLOSE: "alert closed",
    OpType.DELAY_RECOVER: "recovery announced",
    OpType.ABORT_RECOVER: "recovery aborted",
    OpType.RECOVERING: "alert recovering",
    OpType.SYSTEM_RECOVER: "alert recovered by time",
    OpType.SYSTEM_CLOSE: "alert closed by time",
    OpType.ALERT_QOS: "alert blocked by flow control",
    OpType.ACTION_QOS: "signal held back by flow control",
    OpType.ACTION: "action decided",
    OpType.ACK: "alert acknowledged",
    OpType.UNACK: "acknowledgement ended",
    OpType.NOISE_REDUCE: "notice judged by noise reduction",
    OpType.SHIELD: "alert shielded",
    OpType.UNSHIELD: "shield ended",
    OpType.UPGRADE: "escalation decided",
    OpType.ASSIGN: "alert assigned",
    OpType.COMMENT: "comment added",
}
"""What happened, by the type of a log entry."""

REASON_TEXT: dict[Reason, str] = {
    Reason.OPENED: "An abnormal event came and no alert of its fingerprint was open.",
    Reason.REPEATED: "An abnormal event of the same severity came while the alert was open.",
    Reason.OUT_OF_ORDER: "An abnormal event older than the newest one came; it may move the begin, never the end.",
    Reason.MILDER: "The event is less severe than the open alert, so it changes nothing.",
    Reason.WORSE: "A more severe event came: this alert is closed and a successor takes over.",
    Reason.RECOVERED_BY_EVENT: "The source reported a recovery.",
    Reason.CLOSED_BY_EVENT: "The source reported that the alert is to be closed.",
    Reason.RECOVERY_DELAYED: "The source reported a recovery; setting `recover_delay` makes it wait for a relapse.",
    Reason.RECOVERY_ABORTED: "An abnormal event came while a reported recovery was waiting.",
    Reason.DELAY_OVER: "The reported recovery waited for `recover_delay` and no abnormal event came.",
    Reason.LEASE_OVER: "The source had said until when the problem holds (`until`), and nothing newer came.",
    Reason.TIMED_OUT: "No event came for setting `timeout`, and nothing else ends a third-party or blocked alert.",
    Reason.STRATEGY_TIMED_OUT: "No abnormal event came for the strategy's own `timeout`.",
    Reason.STRATEGY_GONE: "The strategy was deleted or disabled.",
    Reason.OUT_OF_ACTIVE_TIME: "The strategy is outside its active time.",
    Reason.CIRCUIT_BREAKING: "A circuit breaking rule matches.",
    Reason.METRIC_CHANGED: "The strategy watches another metric now.",
    Reason.DIMENSIONS_CHANGED: "The strategy groups its series by other dimensions now.",
    Reason.LEVEL_REMOVED: "The strategy no longer detects this severity.",
    Reason.CONDITIONS_CHANGED: "The conditions of the strategy's query no longer cover this series.",
    Reason.NO_DATA_DISABLED: "The strategy no longer alerts on missing data.",
    Reason.TARGET_LEFT: "The target left the scope of the strategy, or the inventory.",
    Reason.NO_DATA_EXPIRED: "A no-data alert heard nothing for setting `no_data_expiry`.",
    Reason.DATA_STOPPED: "The series has had no data for so long that nobody can tell whether the alert still holds.",
    Reason.PRIORITY: "A strategy of higher priority now watches the same series.",
    Reason.WINDOW_QUIET: "The newest window has fewer anomalies than trigger an alert; the windows before it must too.",
    Reason.ALL_WINDOWS_QUIET: "Every recovery window has fewer anomalies than trigger an alert.",
    Reason.NO_DATA_IN_WINDOW: "The recovery windows had no data, and the strategy counts that as recovered.",
    Reason.WINDOW_BROKEN: "The newest window has enough anomalies again, so the recovery starts over.",
    Reason.DATA_BACK: "The series that had no data has data again.",
    Reason.SHIELDED_BY_RULE: "A shield matches the alert and is in its time.",
    Reason.SHIELDED_GLOBALLY: "Setting `global_shield` silences every alert.",
    Reason.SHIELDED_BY_HOST_STATE: "The state of the host in the inventory says that it is not to alert.",
    Reason.UNSHIELDED: "No shield holds the alert any more.",
    Reason.ACKED: "An operator acknowledged the alert; of it, only the ack itself is told from now on.",
    Reason.ACK_RENEWED: "Whoever acknowledged the alert says anew until when.",
    Reason.UNACKED: "An operator took the acknowledgement back: the alert is told again.",
    Reason.ACK_OVER: "The acknowledgement held until then and was not renewed: the alert is told again.",
    Reason.CLOSED_BY_OPERATOR: "An operator closed the alert.",
    Reason.ASSIGNED_BY_OPERATOR: "An operator named who is responsible.",
    Reason.COMMENTED: "An operator left a comment.",
    Reason.DISPATCHED: "A dispatch rule matched and set severity, tags or people.",
    Reason.ALERT_QUOTA: "Too many alerts of this kind opened within a window: it is kept but signals nothing.",
    Reason.QUOTA_RELEASED: "Flow control let go: the blocked alert is closed, and the event opens an ordinary one.",
    Reason.ACTION_QUOTA: "Too many signals of this kind within a window; it is tried again when the window ends.",
    Reason.SIGNAL_NOT_WANTED: "The notice or action does not listen to this signal.",
    Reason.SIGNAL_MUTED_BY_ACK: "The alert is acknowledged, so only the ack itself is told.",
    Reason.SIGNAL_STALE: "The alert had moved on before the notice could leave.",
    Reason.TOO_OLD: "The alert had begun longer ago than the notice's `skip_delay` when it came to be told.",
    Reason.PLANNED: "The signal is wanted, nothing holds it back: the action was planned.",
    Reason.REPEAT_PLANNED: "The alert is still open, its interval is over and there is a newer anomaly: told again.",
    Reason.UNSHIELD_PLANNED: "The shield ended while the alert was open, and people had not been told without it.",
    Reason.UNSHIELD_WITHHELD: "The shield ended while the alert was recovering; people are told if it relapses.",
    Reason.ESCALATED: "Nobody acknowledged the alert in time: the next group was told.",
    Reason.NOBODY: "No group, rule or duty plan named anybody who can be reached now; a first notice waits until it does.",
    Reason.MERGED: "It is told in a summary together with others of its kind.",
    Reason.OUTSIDE_NOTICE_TIME: "It is outside the notice's time range or the strategy's active time; news waits for it.",
    Reason.NOISE_HELD: "Noise reduction holds the first notice until enough series are abnormal.",
    Reason.NOISE_RELEASED: "Enough series are abnormal: noise reduction let the notice go.",
    Reason.NOISE_SUPPRESSED: "Too few series were abnormal within the window of noise reduction.",
    Reason.FLAPPING: "Its alerts open and end again and again; people know, and are told when it has been quiet.",
    Reason.FLAP_PLANNED: "Alerts of its fingerprint opened and ended too often: this notice says so, the next ones wait.",
    Reason.FLAP_OVER: "It has been in one state for long enough: its state is told, and changes are counted anew.",
    Reason.INHIBITED: "Another open alert keeps it silent (rules `inhibits`); what is open when the last such alert ends is told then.",
    Reason.DELIVERED: "The provider took the message for every receiver.",
    Reason.WRITTEN_TO_FILE: "No channel delivers this way: the message was written to a file, and reached nobody.",
    Reason.PARTLY_DELIVERED: "The provider refused the message for some receivers.",
    Reason.NOT_DELIVERED: "The message reached nobody.",
    Reason.DIGESTED: "The courier came to it too late (setting `courier.stale`): a digest told it with what else waited.",
    Reason.STALE: "The courier came to this call or escalation too late: its alerts had ended.",
    Reason.VOICE_DUPLICATE: "The same people had been called about the same alert within the last two minutes.",
    Reason.RENDER_FAILED: "A template of the strategy failed, so the built-in text was sent instead.",
}
"""Why an alert changed, or did not."""

DEAD_TEXT: dict[DeadReason, str] = {
    DeadReason.TOO_LARGE: "The record is larger than the limit.",
    DeadReason.TOO_DEEP: "The record is nested more deeply than the limit.",
    DeadReason.NOT_JSON: "The bytes are no JSON document.",
    DeadReason.NOT_AN_OBJECT: "The JSON document is no object.",
    DeadReason.EMPTY: "The record has no bytes.",
    DeadReason.UNKNOWN_KIND: "`kind` names nothing that this job reads.",
    DeadReason.FOREIGN_KIND: "`kind` names something that this source does not carry: who sends events must not command.",
    DeadReason.MISSING_FIELD: "A field without which the record means nothing is missing.",
    DeadReason.WRONG_TYPE: "A field has a value of the wrong type.",
    DeadReason.BAD_VALUE: "A field has a value that cannot be.",
    DeadReason.FROM_THE_FUTURE: "A record of a file arrives later than now by more than setting `clock_skew`.",
    DeadReason.UNKNOWN_COMMAND: "`command` names no command.",
    DeadReason.UNKNOWN_ALERT: "The command names an alert that this job does not know.",
    DeadReason.ALERT_ENDED: "The command names an alert that has ended.",
    DeadReason.ALREADY_ACKED: "The alert was acknowledged before; the first operator stays.",
    DeadReason.NOT_ACKED: "Nobody has acknowledged the alert: there is nothing to take back.",
    DeadReason.INVALID_RULES: "The change would leave the rules invalid and does not apply, or no rule of kind `sources` reads the record.",
    DeadReason.UNKNOWN_SHIELD: "The command names a shield that does not exist.",
    DeadReason.UNKNOWN_NOTICE: "The receipt names a notice that this job does not know.",
    DeadReason.TOMBSTONE: "The record has a key but no value.",
    DeadReason.REFUSED_BY_STORE: "The store can never take the document.",
}
"""Why a record is in the dead letters."""

DROP_TEXT: dict[DropReason, str] = {
    DropReason.HOST_CONFLICT: "The event's address belongs to several hosts and nothing says to which.",
    DropReason.BUSINESS_UNKNOWN: "Nothing says to which business the event belongs.",
    DropReason.NOT_A_TOPO_NODE: "The event is about a topology node, and its target does not name object and instance.",
    DropReason.NOT_ON_WHITE_LIST: "Setting `third_party_whitelist` does not name the business of this event.",
    DropReason.UNKNOWN_STRATEGY: "The event's strategy is not in the rules, or is disabled: it opens no alert, and is kept in the archive.",
}
"""Why an event was dropped."""

_OPS = (
    "`op_type` says what happened. Three are names of the reference system that are never written here: a rise in severity"
    " closes the alert and opens its successor (no `SEVERITY_UP`); what the action quota holds back and what noise reduction"
    " decides are `ACTION` entries with reasons `action_quota`, `noise_held`, `noise_released` and `noise_suppressed` (no"
    " `ACTION_QOS`, no `NOISE_REDUCE`), as the reference writes them:"
)

_TABLES: tuple[tuple[str, str, Mapping[Any, str]], ...] = (
    ("Entries of an alert's log", _OPS, OP_TEXT),
    ("Reasons in the log and in actions", "`reason` says why an alert changed, was told, or was not:", REASON_TEXT),
    ("Reasons in the dead letters", "A record that cannot be used is kept with its bytes and one of these:", DEAD_TEXT),
    ("Events that are dropped", "Such events are counted and logged; they open no alert:", DROP_TEXT),
)


def reasons_page() -> str:
    """Return `docs/reasons.md`."""
    return "\n".join(_page())


def _page() -> Iterator[str]:
    yield "# Reasons"
    yield ""
    yield "Every decision of Tocsin carries a reason from a closed list: in the log of an alert, in its actions and in"
    yield "the dead letters. `tocsin explain ALERT` tells the story of one alert in these sentences."
    yield "This page is made from `operators/explain/text.py`; do not edit it here."
    for title, lead, table in _TABLES:
        yield from ("", f"## {title}", "", lead, "", "| name | meaning |", "| --- | --- |")
        yield from (f"| `{name.value}` | {text} |" for name, text in table.items())
    yield ""


def span(seconds: int) -> str:
    """Show a duration: `45s`, `12m`, `3h05m`, `2d4h`."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes == 0:
        return f"{seconds}s"
    if hours == 0:
        return f"{minutes}m"
    return f"{hours}h{minutes % 60:02}m" if days == 0 else f"{days}d{hours % 24}h"
