"""A notice as a document: as it was worded, for whom, and what became of it."""

from enum import StrEnum

import msgspec

from operators.model.records import ReceiverResult


class NoticeState(StrEnum):
    """How a notice stands."""

    DELIVERED = "delivered"
    """Taken by the provider for everybody."""
    WRITTEN_TO_FILE = "written_to_file"
    """A file took it: no channel delivers its way, so nobody was told."""
    PARTLY_DELIVERED = "partly_delivered"
    """Some were reached, the others never will be."""
    FAILED = "failed"
    """Not everybody was reached; it is tried again at `due`."""
    GIVEN_UP = "given_up"
    GATHERED = "gathered"
    """Told in a digest instead."""
    WITHHELD = "withheld"
    """Not sent on purpose; the reason says why."""


class NoticeDocument(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The newest form of one; the later `attempt` counts. Times are Unix seconds."""

    id: str
    time: int
    """When what it tells was decided; never changes."""
    way: str
    receivers: tuple[str, ...] = ()
    """People or chats; of a call, those that it rings together."""
    followed: bool = False
    signal: str = ""
    notice_type: str = ""
    collect_type: str = ""
    alert_ids: tuple[str, ...] = ()
    action_ids: tuple[str, ...] = ()
    bk_biz_id: str | int | None = None
    severity: int = 3
    title: str = ""
    content: str = ""
    """The text as it was handed to the channel, cut to a bounded length."""
    cut: int = 0
    """Characters of the text that are left out here; they were sent."""
    state: str
    reason: str = ""
    """Why it was given up, gathered or withheld."""
    created: int = 0
    """When it came into the outbox."""
    attempt: int = 1
    updated: int = 0
    """The time of the last attempt, or when it was given up."""
    due: int | None = None
    """The next attempt."""
    results: dict[str, ReceiverResult] = {}
    """Receiver -> the provider's answer."""
