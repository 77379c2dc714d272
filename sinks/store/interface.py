"""The alert store: what every implementation takes and answers, and how it fails."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from operators.model.alert import Alert
from operators.model.command import CommandDocument
from operators.model.event import Event
from operators.model.notice import NoticeDocument
from operators.model.records import Action, DeadLetter, LogEntry, Receipt
from operators.model.shield import ShieldDocument
from operators.model.worker import WorkerDocument
from sinks.store.decisions import Concerned, Happened
from sinks.store.facets import BySeverity, Facets, Groups
from sinks.store.history import Archived
from sinks.store.over_time import EventCount, Trend
from sinks.store.query import ActionQuery, AlertQuery, CommandQuery, LogQuery, NoticeQuery, PastQuery

if TYPE_CHECKING:
    from sinks.store.changes import Changes

NEWEST = 10_000
"""At most so many log entries, actions or events of one alert are read: the newest."""


class StoreError(Exception):
    """The store cannot be used as it is; a person has to act (wrong place, wrong version, no permission)."""


class StoreUnavailableError(StoreError):
    """The store did not answer in time, retries included; starting again later may help."""


class Batch(msgspec.Struct, frozen=True, gc=False):
    """What is written at once, each kind in the order of its making."""

    alerts: Sequence[Alert] = ()
    logs: Sequence[LogEntry] = ()
    actions: Sequence[Action] = ()
    receipts: Sequence[Receipt] = ()
    events: Sequence[Event] = ()
    """For the archive; `at` is set."""
    shields: Sequence[ShieldDocument] = ()
    commands: Sequence[CommandDocument] = ()
    notices: Sequence[NoticeDocument] = ()
    workers: Sequence[WorkerDocument] = ()

    def __len__(self) -> int:
        return sum(len(getattr(self, kind)) for kind in self.__struct_fields__)


class Written(msgspec.Struct, frozen=True, gc=False):
    """How a write went. What is in neither number is durable."""

    conflicts: int = 0
    """Alert, action, receipt and notice documents of which the store already had a newer version."""
    refused: tuple[DeadLetter, ...] = ()
    """Records that the store can never take."""


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days to keep each kind; 0 = for ever."""

    alerts: int = 365
    logs: int = 365
    actions: int = 365
    """Receipts, notices and commands too."""
    events: int = 30


Told = Callable[[str, int], None]
"""Told a kind, and how many of it."""


def untold(_: str, __: int) -> None:
    """Nobody is told."""


class Store(Protocol):
    """Keeps documents under deterministic ids; a repeated write changes nothing.

    An implementation must not decide anything about an alert, must not return from `write` before the batch is
    durable, and must not answer a repeated write (the same id, version or count) with an error.
    """

    def write(self, batch: Batch) -> Written:
        """Make the batch durable. Raises StoreUnavailableError when that took too long."""
        ...

    def alert(self, alert_id: str) -> Alert | None:
        """Return the latest document of one alert."""
        ...

    def alerts(self, query: AlertQuery) -> list[Alert]:
        """Return the alerts that match, in the query's order."""
        ...

    def count(self, query: AlertQuery) -> int:
        """Return how many alerts match, whatever the query's limit; where words stand in it, perhaps a little more."""
        ...

    def by_severity(self, query: AlertQuery) -> BySeverity:
        """Return how many alerts match of each severity, quickly; where words stand in it, perhaps a little more."""
        ...

    def by_shield(self, query: AlertQuery) -> dict[str, int]:
        """Return how many of the alerts that match each shield keeps quiet; of very many, among some thousands."""
        ...

    def facets(self, query: AlertQuery) -> Facets:
        """Return counts of the alerts that match by what they have in common, whatever the query's limit."""
        ...

    def groups(self, query: AlertQuery, by: str) -> Groups:
        """Return the alerts that match as groups by one of GROUPED, from the query's offset on, up to its limit."""
        ...

    def logs(self, alert_id: str) -> list[LogEntry]:
        """Return the log of one alert, oldest first."""
        ...

    def actions(self, alert_id: str) -> list[Action]:
        """Return the actions planned for one alert, oldest first, with what their receipts made of them."""
        ...

    def events(self, dedupe_md5: str, since: int, until: int) -> list[Event]:
        """Return the archived events of one fingerprint that arrived from `since` to `until`, oldest first."""
        ...

    def archive(self, since: int, until: int, businesses: Collection[str] = ()) -> Iterator[Archived]:
        """Yield the archived events that arrived from `since` to `until`, in order of arrival, a few held at a time.

        Of the businesses named, where some are. One that retention drops meanwhile may be missing.
        """
        ...

    def archive_span(self) -> tuple[int, int] | None:
        """Return when the first and the last event that the archive holds arrived; None where it holds none."""
        ...

    def shields(self) -> list[ShieldDocument]:
        """Return the shields set by command, those that are over too; the newest change first."""
        ...

    def workers(self) -> list[WorkerDocument]:
        """Return what each worker last said of itself, also those that are gone; the newest word first."""
        ...

    def commands(self, query: CommandQuery) -> list[CommandDocument]:
        """Return the commands that match, newest first."""
        ...

    def notices(self, query: NoticeQuery) -> list[NoticeDocument]:
        """Return the notices that match, newest first."""
        ...

    def entries(self, query: LogQuery) -> list[LogEntry]:
        """Return the log entries of any alert that match, newest first."""
        ...

    def planned(self, query: ActionQuery) -> list[Action]:
        """Return the actions that match, newest first, with what their receipts made of them."""
        ...

    def happened(self, query: PastQuery, step: int) -> tuple[Happened, ...]:
        """Return how often what matches was decided, by steps of so many seconds, oldest first."""
        ...

    def concerned(self, query: PastQuery) -> tuple[Concerned, ...]:
        """Return the alerts that it was decided of: the worst first, of those that it concerns most often."""
        ...

    def changes(self, since: str = "") -> "Changes":
        """Return what was written behind a place, cheaply; without one, the place where we are now. `Watch` tells each once."""
        ...

    def event_counts(self, dedupe_md5: str, since: int, until: int, step: int) -> tuple[EventCount, ...]:
        """Return how many events of one fingerprint arrived in each step of so many seconds, oldest first."""
        ...

    def trend(self, query: AlertQuery, since: int, until: int, step: int) -> tuple[Trend, ...]:
        """Return how many alerts were opened, ended, and were open, by severity, at each step of time, oldest first.

        The query's own status, times and limit do not count.
        """
        ...

    def retain(self, now: int, retention: Retention, told: Told = untold) -> dict[str, int]:
        """Drop what is older than its days; count what went, by kind (SQLite: blocks of events). Open alerts stay.

        `told` hears on the way how many of a kind are gone.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
