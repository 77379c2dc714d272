"""What of a replay's documents two replays are compared by; everything else in them is passed over."""

from typing import Any

import msgspec

from operators.model.reason import OpType, Reason


class EventSeen(msgspec.Struct, frozen=True, gc=False):
    """Of an alert's representative event."""

    plugin_id: str = ""
    target: str | None = None


class ExtraSeen(msgspec.Struct, frozen=True, gc=False):
    """Of an alert's `extra_info`."""

    severity_source: str = ""
    matched_rule_info: dict[str, Any] | None = None


class AlertSeen(msgspec.Struct, frozen=True, gc=False):
    """The last document of an alert; versions of rules are no part of it."""

    id: str
    dedupe_md5: str
    status: str
    severity: int
    begin_time: int
    end_time: int | None = None
    strategy_id: str = ""
    alert_name: str = ""
    bk_biz_id: str | int | None = None
    is_blocked: bool = False
    event: EventSeen = EventSeen()
    extra_info: ExtraSeen = ExtraSeen()


class EntrySeen(msgspec.Struct, frozen=True, gc=False):
    """An entry of an alert's log."""

    time: int
    alert_id: str
    op_type: str
    reason: str = ""
    description: str = ""
    operator: str | None = None
    severity: int | None = None


class NoticeSeen(msgspec.Struct, frozen=True, gc=False):
    """One message that was handed to a channel."""

    time: int
    way: str
    receivers: tuple[str, ...]
    signal: str = ""
    notice_type: str = ""
    alert_ids: tuple[str, ...] = ()


IGNORED = frozenset({OpType.CONVERGE, OpType.EVENT_DROP})
"""Entries that say only that an event came again; a lean replay has none of them."""
UNWORDED = frozenset({Reason.RENDER_FAILED})
"""Reasons of entries about the words of a notice, which a lean replay does not make."""


def tells(entry: EntrySeen) -> bool:
    """Return True for an entry that belongs to the story of an alert, however much of it was written."""
    return entry.op_type not in IGNORED and entry.reason not in UNWORDED
