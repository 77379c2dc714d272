"""What the core says: every kind of record that leaves it (replay.md, Output)."""

from typing import Any

import msgspec

from operators.model.reason import Reason

Receivers = dict[str, list[Any]]
"""Way -> people or chats in order; for `voice` a list of lists of people, one list a call."""


class LogEntry(msgspec.Struct, frozen=True, gc=False):
    """One entry of an alert's log. `op_type` and `reason` come from closed lists (operators/model/reason.py)."""

    id: str
    time: int
    alert_id: str
    dedupe_md5: str
    op_type: str
    reason: str
    description: str = ""
    event_id: str | None = None
    event_time: int | None = None
    severity: int | None = None
    status: str | None = None
    next_status: str | None = None
    next_status_time: int | None = None
    operator: str | None = None
    count: int = 1
    begin: int | None = None
    """Time of the first member of a run."""


class Signal(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A change of an alert that may be told: abnormal, recovered, closed, no_data, ack."""

    time: int
    alert_id: str
    strategy_id: str
    signal: str
    notice_type: str
    """normal, unshielded or upgrade."""
    severity: int


class ReceiverResult(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How a delivery went for one receiver, as an action document shows it."""

    result: bool
    message: str = ""
    message_id: str = ""


class Receipt(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The outcome of a notice, all its receivers so far included."""

    notice_id: str
    action_ids: tuple[str, ...]
    way: str
    results: dict[str, ReceiverResult]
    time: int
    attempt: int = 1
    """Counted from 1; a later attempt speaks for the earlier ones too."""
    final: bool = True
    """False while another attempt is planned."""


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """What an action remembers of the receipt of one of its notices."""

    way: str
    attempt: int
    time: int
    final: bool
    results: dict[str, ReceiverResult]


class Action(msgspec.Struct, frozen=True, gc=False):
    """One planned deed for one alert: a notice (with its children by way), a webhook or a queue push."""

    id: str
    time: int
    alert_ids: tuple[str, ...]
    strategy_id: str
    relation_id: str
    plugin_type: str
    """notice, webhook or message_queue."""
    signal: str
    notice_type: str
    execute_times: int
    status: str
    """A status of spec/notices.md 1.7."""
    reason: str = ""
    failure_type: str = ""
    """Of spec/notices.md 1.7: execute_failure (by receipts), system_abort (a call left out) or blocked."""
    receivers: Receivers = {}
    followers: Receivers = {}
    mentions: dict[str, list[str]] = {}
    """Chat -> users to mention."""
    bk_biz_id: str | int | None = None
    severity: int = 3
    dimension_hash: str = ""
    """Hash of the alert's non-target dimensions: hosts of one strategy fall together (spec/notices.md 2.4)."""
    alert_name: str = ""
    need_biz_converge: bool = True
    config: dict[str, Any] | None = None
    """Of a webhook or push: its configuration."""
    deliveries: dict[str, Delivery] = {}
    """Notice id -> its latest receipt."""
    real_status: str = ""
    """Of an action that was merged: how the summary went (spec/notices.md 1.6)."""
    revision: int = 1

    def moved(self, status: str, reason: Reason | None, failure_type: str = "") -> "Action":
        """Return the action as it goes on."""
        why = reason or ""
        return msgspec.structs.replace(
            self, status=status, reason=why, failure_type=failure_type, revision=self.revision + 1
        )


class Message(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A notice before it has words: who gets it, by which way, about which alerts."""

    time: int
    way: str
    receivers: tuple[str, ...]
    followed: bool
    signal: str
    notice_type: str
    collect_type: str
    """action, or converge for a business summary of more than one alert."""
    alert_ids: tuple[str, ...]
    """The representative alert first."""
    action_ids: tuple[str, ...]
    relation_id: str = ""
    strategy_id: str = ""
    bk_biz_id: str | int | None = None
    severity: int = 3
    execute_times: int = 1
    """Of a summary: the least of those it tells."""
    mentions: dict[str, list[str]] = {}
    shield: dict[str, Any] | None = None
    """Of a notice that a shield begins or ends: edge ("begin" | "end"), shield (its document), time."""
    config: dict[str, Any] | None = None
    """Of a webhook or push: its configuration."""


class Notice(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One message handed to a channel; `id` is its idempotency key."""

    id: str
    time: int
    way: str
    receivers: tuple[str, ...]
    followed: bool
    signal: str
    notice_type: str
    collect_type: str
    alert_ids: tuple[str, ...]
    action_ids: tuple[str, ...]
    title: str
    content: str
    mentions: dict[str, list[str]] = {}
    bk_biz_id: str | int | None = None
    severity: int = 3
    config: dict[str, Any] | None = None


class DeadLetter(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A refused record: where it stood, why, and its bytes (as text; undecodable bytes escaped)."""

    time: int
    source: str
    position: str
    """Line number or partition:offset."""
    reason: str
    detail: str
    raw: str
