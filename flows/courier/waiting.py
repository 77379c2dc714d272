"""A notice as it is shown and kept: without what is secret in addresses."""

from typing import Any

from msgspec.structs import replace

from flows.telemetry.redaction import Redactor
from operators.deliver.delivery import pending
from operators.model.notice import NoticeDocument
from sinks.outbox import Entry

hidden = Redactor().hidden
"""Returns a text or document with secrets struck out."""


def document(entry: Entry) -> dict[str, Any]:
    """Return an entry for programs, without what is secret in addresses."""
    taken = entry.taken
    told: dict[str, Any] = hidden(
        {
            "id": taken.notice.id,
            "state": entry.state,
            "way": taken.notice.way,
            "receivers": pending(taken).receivers,
            "reached": [name for name, one in taken.results.items() if one.ok],
            "attempts": taken.attempt,
            "created": taken.created,
            "due": entry.due,
            "error": entry.error,
            "signal": taken.notice.signal,
            "title": taken.notice.title,
            "alert_ids": taken.notice.alert_ids,
            "action_ids": taken.notice.action_ids,
        }
    )
    return told


def without_secrets(notice: NoticeDocument) -> NoticeDocument:
    """Return the document of a notice without what is secret in the addresses of its receivers."""
    results = {hidden(name): one for name, one in notice.results.items()}
    return replace(notice, receivers=tuple(map(hidden, notice.receivers)), results=results)
