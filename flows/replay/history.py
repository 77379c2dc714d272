"""History as the lines of a replay: the event archive of a store."""

from collections.abc import Collection, Iterator

from flows.replay.replay import Line
from sinks.store.interface import Store

ARCHIVE = "archive"


def archived(store: Store, since: int, until: int, businesses: Collection[str] = ()) -> Iterator[Line]:
    """Yield the events that arrived in a range of time, in order of arrival, each as it lies in the archive."""
    for number, one in enumerate(store.archive(since, until, businesses), 1):
        yield Line(ARCHIVE, number, one.document, "event", one.at)
