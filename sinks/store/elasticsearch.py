"""The alert store in Elasticsearch: dated indices, full documents, external versions, the plain server's features."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import msgspec

from operators.model.alert import Alert
from operators.model.command import CommandDocument
from operators.model.event import Event
from operators.model.notice import NoticeDocument
from operators.model.records import Action, LogEntry, Receipt
from operators.model.shield import ShieldDocument
from operators.model.worker import WorkerDocument
from sinks.store import elasticsearch_asking as asking
from sinks.store.bulk import Bulk
from sinks.store.changes import Changes
from sinks.store.cluster import check, connect, explained, prepare, read_address
from sinks.store.cursor import cursor, read_cursor
from sinks.store.decisions import Concerned, Happened, concerned
from sinks.store.elasticsearch_changes import WATCHED_KINDS, changes_of, changes_request
from sinks.store.elasticsearch_documents import documents
from sinks.store.elasticsearch_facets import (
    GROUP_FIELDS,
    SEVERITY_AGGREGATION,
    SHIELD_AGGREGATION,
    by_severity_of,
    by_shield_of,
    facet_aggregations,
    facets_of,
    group_aggregations,
    group_values_of,
    groups_of,
    page_aggregations,
)
from sinks.store.elasticsearch_over_time import event_aggregations, event_counts_of, trend_aggregations, trend_in
from sinks.store.elasticsearch_pages import has_words, now, numbers, place_after, sorted_after, sorted_clause, sorting
from sinks.store.elasticsearch_past import (
    PAST,
    alert_aggregations,
    happened_of,
    often_of,
    step_aggregations,
)
from sinks.store.elasticsearch_query import alert_clause, arrived, command_clause, past_clause
from sinks.store.elasticsearch_retain import retain
from sinks.store.facets import BySeverity, Facets, Groups
from sinks.store.history import Archived
from sinks.store.indices import alert_index
from sinks.store.interface import NEWEST, Batch, Retention, Told, Written, untold
from sinks.store.outcome import with_receipts
from sinks.store.over_time import EventCount, Span, Trend
from sinks.store.query import ActionQuery, AlertQuery, CommandQuery, LogQuery, NoticeQuery, PastQuery
from sinks.store.refusal import UNENCODABLE, Record, refusal

PAGE = 1000
ARCHIVE_PAGE = 5000
"""Archived events a page: a month of them is read at once, and they are small."""
MILLISECONDS = 1000
T = TypeVar("T", bound=Record)
_Clause = dict[str, Any]
_encode = msgspec.json.Encoder().encode


class ElasticsearchStore:
    """Keeps each kind in indices of its own; found through one alias a kind."""

    def __init__(self, dsn: str, *, prepares: bool = True) -> None:
        """Connect to the cluster named by an address (see `read_address`); put the templates unless told not to."""
        arguments, settings = read_address(dsn)
        self._client, self._prefix = connect(arguments), settings.prefix
        self._bulk = Bulk(self._client, patience=settings.patience, request_seconds=settings.timeout)
        if prepares:
            prepare(self._client, settings)
        else:
            check(self._client)

    def write(self, batch: Batch) -> Written:
        """Write the batch; it is in the translog of every shard when this returns."""
        ready, refused = documents(batch, self._prefix, now())
        tally = self._bulk.send(ready)
        conflicts = sum(
            isinstance(document.record, Alert | Action | Receipt | NoticeDocument) for document in tally.conflicts
        )
        return Written(conflicts, (*refused, *(refusal(document.record, text) for document, text in tally.poison)))

    def alert(self, alert_id: str) -> Alert | None:
        """Return the latest document of one alert; also one that a search does not find yet."""
        try:
            index = self._prefix + alert_index(alert_id)
        except UNENCODABLE:
            return None
        found = asking.document(self._client, index, alert_id)
        return None if found is None else msgspec.convert(found, Alert)

    def alerts(self, query: AlertQuery) -> list[Alert]:
        """Return the alerts that match, in the query's order. Raises CursorError."""
        # Words find a little more than is asked for.
        size = (query.offset + query.limit) * (2 if query.words else 1)
        clause, order = sorted_clause(alert_clause(query)), sorting(query.sort)
        found = self._search("alert", Alert, clause, *order, size=size, after=sorted_after(query))
        # Tokens find a little more than the text itself, `a-b` for `a b`; the words decide.
        exact = (alert for alert in found if has_words(alert, query.words))
        return list(islice(exact, query.offset, query.offset + query.limit))

    def count(self, query: AlertQuery) -> int:
        """Return how many alerts match; words find a little more than the text itself."""
        return asking.count(self._client, f"{self._prefix}alert", query=alert_clause(query))

    def by_severity(self, query: AlertQuery) -> BySeverity:
        """Return how many alerts match of each severity; words find a little more than the text itself."""
        return by_severity_of(self._counted("alert", alert_clause(query), SEVERITY_AGGREGATION))

    def by_shield(self, query: AlertQuery) -> dict[str, int]:
        """Return how many of the alerts that match each shield keeps quiet."""
        return by_shield_of(self._counted("alert", alert_clause(query), SHIELD_AGGREGATION))

    def facets(self, query: AlertQuery) -> Facets:
        """Return counts of the alerts that match; words find a little more than the text itself."""
        return facets_of(self._counted("alert", alert_clause(query), facet_aggregations(), track_total_hits=True))

    def groups(self, query: AlertQuery, by: str) -> Groups:
        """Return the alerts that match as groups, from the query's offset on."""
        clause = alert_clause(query)
        total, values = group_values_of(
            self._counted("alert", clause, group_aggregations(by, query.offset + query.limit)), query.offset
        )
        if not values:
            return Groups(total, ())
        of_page = {"bool": {"filter": [clause, {"terms": {GROUP_FIELDS[by]: values}}]}}
        return Groups(total, groups_of(self._counted("alert", of_page, page_aggregations(by, values)), values))

    def logs(self, alert_id: str) -> list[LogEntry]:
        """Return the log of one alert, oldest first; of one second, as made."""
        clause = {"term": {"alert_id": alert_id}}
        found = islice(self._search("alert_log", LogEntry, clause, {"time": "desc"}, {"id": "desc"}), NEWEST)
        return sorted(found, key=lambda entry: (entry.time, numbers(entry.id.removeprefix(alert_id))))

    def actions(self, alert_id: str) -> list[Action]:
        """Return the actions of one alert, oldest first."""
        clause = {"term": {"alert_ids": alert_id}}
        found = islice(self._search("action", Action, clause, {"time": "desc"}, {"id": "desc"}), NEWEST)
        return self._with_receipts(sorted(found, key=lambda action: (action.time, action.execute_times)))

    def events(self, dedupe_md5: str, since: int, until: int) -> list[Event]:
        """Return the archived events of one fingerprint that arrived from `since` to `until`, oldest first."""
        clause = arrived(dedupe_md5, since, until)
        return list(islice(self._search("event", Event, clause, {"at": "desc"}, {"id": "desc"}), NEWEST))[::-1]

    def archive(self, since: int, until: int, businesses: Collection[str] = ()) -> Iterator[Archived]:
        """Yield the archived events that arrived from `since` to `until`, in order of arrival; of one second, of their time."""
        arrived = {"range": {"at": {"gte": str(since), "lte": str(until)}}}
        clause = {"bool": {"filter": [arrived, *([{"terms": {"bk_biz_id": list(businesses)}}] if businesses else [])]}}
        order = ({"at": "asc"}, {"time": "asc"}, {"id": "asc"})
        for page in self._pages("event", clause, order, size=ARCHIVE_PAGE):
            for hit in page:
                source = hit["_source"]
                yield Archived(source.get("at", source["time"]), _encode(source))

    def archive_span(self) -> tuple[int, int] | None:
        """Return when the first and the last event that the archive holds arrived."""
        bounds = {"first": {"min": {"field": "at"}}, "last": {"max": {"field": "at"}}}
        found = self._counted("event", {"match_all": {}}, bounds).get("aggregations", {})
        first, last = (found.get(name, {}).get("value") for name in ("first", "last"))
        return None if first is None or last is None else (int(first) // MILLISECONDS, int(last) // MILLISECONDS)

    def shields(self) -> list[ShieldDocument]:
        """Return the shields set by command, the newest change first."""
        return self._all("shield", ShieldDocument)

    def workers(self) -> list[WorkerDocument]:
        """Return what each worker last said of itself, the newest word first."""
        return self._all("worker", WorkerDocument)

    def commands(self, query: CommandQuery) -> list[CommandDocument]:
        """Return the commands that match, newest first."""
        found = self._search("command", CommandDocument, command_clause(query), {"time": "desc"}, {"id": "desc"})
        return list(islice(found, query.limit))

    def notices(self, query: NoticeQuery) -> list[NoticeDocument]:
        """Return the notices that match, newest first."""
        return self._newest("notice", NoticeDocument, query)

    def entries(self, query: LogQuery) -> list[LogEntry]:
        """Return the log entries of any alert that match, newest first."""
        return self._newest("alert_log", LogEntry, query)

    def planned(self, query: ActionQuery) -> list[Action]:
        """Return the actions that match, newest first."""
        return self._with_receipts(self._newest("action", Action, query))

    def happened(self, query: PastQuery, step: int) -> tuple[Happened, ...]:
        """Return how often what matches was decided, by steps of so many seconds, oldest first."""
        kind = PAST[type(query)]
        return happened_of(self._counted(kind.name, past_clause(query), step_aggregations(kind, step)))

    def concerned(self, query: PastQuery) -> tuple[Concerned, ...]:
        """Return the alerts that it was decided of, the worst first."""
        kind = PAST[type(query)]
        often = often_of(self._counted(kind.name, past_clause(query), alert_aggregations(kind)))
        by_id = {"terms": {"id": [one.alert_id for one in often]}}
        return concerned(often, self._search("alert", Alert, by_id, {"id": "desc"}), query.limit)

    def changes(self, since: str = "") -> Changes:
        """Return what was written behind a place."""
        place = int(read_cursor(since, (int,))[0]) if since else now()
        if not since:
            return Changes(cursor(place))
        kinds = ",".join(self._prefix + kind for kind in WATCHED_KINDS)
        answer = asking.search(self._client, kinds, what="changes", **changes_request(place))
        return changes_of(answer, self._prefix, place)

    def event_counts(self, dedupe_md5: str, since: int, until: int, step: int) -> tuple[EventCount, ...]:
        """Return how many events of one fingerprint arrived in each step."""
        return event_counts_of(self._counted("event", arrived(dedupe_md5, since, until), event_aggregations(step)))

    def trend(self, query: AlertQuery, since: int, until: int, step: int) -> tuple[Trend, ...]:
        """Return how many alerts were opened, ended, and were open at each step."""
        asked = msgspec.structs.replace(query, status=(), since=None, until=None)
        span = Span(since, until, step)
        return trend_in(self._counted("alert", alert_clause(asked), trend_aggregations(span)), span)

    def retain(self, now: int, retention: Retention, told: Told = untold) -> dict[str, int]:
        """Drop indices whose whole period is older than its days, unless an alert in it is open or ended since."""
        with explained("retention"):
            return retain(self._client, self._prefix, now, retention, told)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _all(self, kind: str, shape: type[T]) -> list[T]:
        """Read a kind of few documents, the newest first."""
        found = self._search(kind, shape, {"match_all": {}}, {"time": "desc"}, {"id": "asc"})
        return list(islice(found, NEWEST))

    def _newest(self, kind: str, shape: type[T], query: PastQuery) -> list[T]:
        """Read what matches, newest first, from the query's place on."""
        order = ({"time": "desc"}, {"id": "desc"})
        after = place_after(query.after, int, str)
        found = self._search(kind, shape, past_clause(query), *order, size=query.limit, after=after)
        return list(islice(found, query.limit))

    def _with_receipts(self, actions: Sequence[Action]) -> list[Action]:
        receipts = self._receipts([action.id for action in actions])
        return [with_receipts(one, (r for r in receipts if one.id in r.action_ids)) for one in actions]

    def _receipts(self, action_ids: Sequence[str]) -> list[Receipt]:
        """Return the receipts of actions; an earlier attempt may lie in the index of the month before."""
        found: list[Receipt] = []
        for first in range(0, len(action_ids), PAGE):
            clause = {"terms": {"action_ids": list(action_ids[first : first + PAGE])}}
            found += self._search("receipt", Receipt, clause, {"time": "asc"}, {"notice_id": "asc"})
        return found

    def _search(
        self, kind: str, shape: type[T], clause: _Clause, *sort: dict[str, str], size: int = PAGE,
        after: list[Any] | None = None,
    ) -> Iterator[T]:  # fmt: skip
        """Read hit after hit, in pages of so many; the first page begins at `after`."""
        for page in self._pages(kind, clause, sort, size=max(1, min(size, PAGE)), after=after):
            yield from (msgspec.convert(hit["_source"], shape) for hit in page)

    def _pages(
        self, kind: str, clause: _Clause, sort: Sequence[dict[str, str]], *, size: int, after: list[Any] | None = None
    ) -> Iterator[list[dict[str, Any]]]:
        """Read page after page, each beginning after the last hit of the one before."""
        while True:
            answer = asking.search(
                self._client, self._prefix + kind, query=clause, sort=list(sort), size=size, search_after=after,
                track_total_hits=False,
            )  # fmt: skip
            hits = answer["hits"]["hits"]
            yield hits
            if len(hits) < size:
                return
            after = hits[-1]["sort"]

    def _counted(self, kind: str, clause: _Clause, aggregations: _Clause, **more: Any) -> Mapping[str, Any]:
        """Ask for aggregations over a kind, and for no document."""
        return asking.search(self._client, self._prefix + kind, query=clause, size=0, aggs=aggregations, **more)
