"""A notice that waits in the outbox or was given up, as it is shown: without what is secret in addresses."""

from typing import Any

from flows.telemetry.redaction import Redactor
from operators.deliver.delivery import pending
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
