"""What is new in the store: asked once a second by one process for all of its pages."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from sinks.store.interface import Batch

MOST_CHANGED = 1000
"""Alerts that are told at once; of more, look at everything anew."""
REMEMBERED = 50_000
"""Marks that a watch keeps."""


class Changes(msgspec.Struct, frozen=True):
    """What was written behind a place."""

    cursor: str
    """Ask again from here."""
    alerts: Mapping[str, int] = {}
    """Alert id -> a mark of what was written of it last: the alert itself, an action, a notice or a command. The same mark may
    be told again."""
    kinds: frozenset[str] = frozenset()
    """Fields of a Batch of which something was written; in Elasticsearch also what was told in the last seconds."""
    is_complete: bool = True
    """False: more was written than is told here."""


class Changing(Protocol):
    """A store, as far as this file needs it."""

    def changes(self, since: str = "") -> Changes:
        """Return what was written behind a place."""
        ...


class Watch:
    """Follows the changes of a store and tells each change of an alert once. Not for several threads."""

    def __init__(self, store: Changing) -> None:
        self._store = store
        self._cursor = store.changes().cursor
        self._marks: dict[str, int] = {}

    def news(self) -> Changes:
        """Return what was written since the last call. Raises StoreError; the next call tells what this one did not."""
        found = self._store.changes(self._cursor)
        self._cursor = found.cursor
        new = {name: mark for name, mark in found.alerts.items() if self._marks.get(name) != mark}
        for name, mark in new.items():
            self._marks.pop(name, None)
            self._marks[name] = mark
        for name in list(self._marks)[: max(0, len(self._marks) - REMEMBERED)]:
            del self._marks[name]
        return msgspec.structs.replace(found, alerts=new)


def alerts_of(batch: Batch) -> Iterable[str]:
    """Return the ids of the alerts of which a batch writes something, each once. Log entries come with their alert."""
    ids = [one.id for one in batch.alerts]
    ids += [alert_id for action in batch.actions for alert_id in action.alert_ids]
    ids += [alert_id for notice in batch.notices for alert_id in notice.alert_ids]
    ids += [command.alert_id for command in batch.commands if command.alert_id]
    return dict.fromkeys(ids)


WATCHED = ("alerts", "actions", "notices", "shields", "commands")
"""Kinds whose writing is told."""


def kinds_of(batch: Batch) -> list[str]:
    """Return the watched kinds of which a batch writes something."""
    return [kind for kind in WATCHED if getattr(batch, kind)]
