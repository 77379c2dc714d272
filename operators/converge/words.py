"""Messages in words, and what an alert's log says of them (design.md 7.29)."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from operators.model.alert import Alert
from operators.model.identity import digest, notice_id
from operators.model.reason import OpType, Reason
from operators.model.records import Action, LogEntry, Message, Notice
from operators.plan.send import op_type_of, reason_of, text_of
from operators.rules.book import RuleBook
from operators.rules.shapes.model import Strategy

replace = msgspec.structs.replace


class Rendered(Protocol):
    """A message in words; `error` says what went wrong in a user's template, `config` is that of a webhook or push."""

    @property
    def title(self) -> str: ...  # noqa: D102 - see the class

    @property
    def content(self) -> str: ...  # noqa: D102 - see the class

    @property
    def error(self) -> str | None: ...  # noqa: D102 - see the class

    @property
    def config(self) -> dict[str, Any] | None: ...  # noqa: D102 - see the class


class Render(Protocol):
    """Puts a message into words."""

    def __call__(
        self, message: Message, alerts: Sequence[Alert], strategy: Strategy | None, book: RuleBook, now: int
    ) -> Rendered:
        """Return title and content; `alerts` has the representative one first."""


def notice_of(message: Message, words: Rendered) -> Notice:
    """Return the notice of a message that was put into words."""
    shield = message.shield or {}
    occasion = shield.get("shield", {}).get("id"), shield.get("edge"), shield.get("time")
    return Notice(
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
        title=words.title,
        content=words.content,
        mentions=message.mentions,
        bk_biz_id=message.bk_biz_id,
        severity=message.severity,
        config=words.config if message.config is not None else None,
    )


def entry_of(entry: LogEntry, action: Action, why: str = "") -> LogEntry:
    """Return the log entry of an action, now that it is known what became of it."""
    text = text_of(action)
    return replace(entry, reason=reason_of(action), description=f"{text} ({why})" if why else text)


def late_entry(alert: Alert, action: Action) -> LogEntry:
    """Return the log entry of an action that is told long after it was planned; it too hangs on no revision."""
    return LogEntry(
        id=f"{alert.id}-{Reason.INHIBITED}-{action.time}-{digest(action.id)[:8]}",
        time=action.time,
        alert_id=alert.id,
        dedupe_md5=alert.dedupe_md5,
        op_type=op_type_of(action),
        reason="",
        severity=alert.severity,
        status=alert.status,
    )


def failure_entry(alert: Alert, error: str, now: int) -> LogEntry:
    """Return the log entry of a template that failed; it changes nothing in the alert, so its id hangs on no revision."""
    return LogEntry(
        id=f"{alert.id}-{Reason.RENDER_FAILED}-{now}-{digest(error)[:8]}",
        time=now,
        alert_id=alert.id,
        dedupe_md5=alert.dedupe_md5,
        op_type=OpType.ACTION,
        reason=Reason.RENDER_FAILED,
        description=error,
        severity=alert.severity,
        status=alert.status,
    )
