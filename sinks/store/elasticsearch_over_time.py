"""Counts over time in the language of Elasticsearch: what is asked, and what its answer says."""

from collections.abc import Iterator, Mapping
from typing import Any

from operators.model.alert import ABNORMAL
from sinks.store.decisions import MOST_COUNTS
from sinks.store.over_time import EventCount, Moved, Span, Trend, trend_of


def _steps(field: str, step: int, *others: str) -> dict[str, Any]:
    time = {"time": {"date_histogram": {"field": field, "fixed_interval": f"{step}s"}}}
    sources = [time, *({other: {"terms": {"field": other}}} for other in others)]
    return {"composite": {"size": MOST_COUNTS, "sources": sources}}


def event_aggregations(step: int) -> dict[str, Any]:
    """Return what is asked to count events."""
    return {"steps": _steps("at", step, "severity", "status")}


def event_counts_of(answer: Mapping[str, Any]) -> tuple[EventCount, ...]:
    """Return what an answer says of events."""
    buckets = answer.get("aggregations", {}).get("steps", {}).get("buckets", ())
    found = ((one["key"], one["doc_count"]) for one in buckets)
    return tuple(sorted(EventCount(key["time"] // 1000, key["severity"], key["status"], count) for key, count in found))


def trend_aggregations(span: Span) -> dict[str, Any]:
    """Return what is asked to count what was opened and ended, and what is open now."""

    def since(field: str) -> dict[str, Any]:
        times = {"range": {field: {"gte": str(span.since)}}}
        return {"filter": times, "aggs": {"steps": _steps(field, span.step, "severity")}}

    now = {"filter": {"term": {"status": ABNORMAL}}, "aggs": {"severity": {"terms": {"field": "severity"}}}}
    return {"opened": since("begin_time"), "ended": since("end_time"), "open": now}


def trend_in(answer: Mapping[str, Any], span: Span) -> tuple[Trend, ...]:
    """Return what an answer says of a span of time."""
    found = answer.get("aggregations")
    if not found:  # there is no index yet
        return ()
    now = {int(one["key"]): int(one["doc_count"]) for one in found["open"]["severity"]["buckets"]}
    return trend_of(now, Moved(_moves(found["opened"]), _moves(found["ended"])), span)


def _moves(found: Mapping[str, Any]) -> Iterator[tuple[int, int, int]]:
    for one in found["steps"]["buckets"]:
        yield one["key"]["time"] // 1000, one["key"]["severity"], one["doc_count"]
