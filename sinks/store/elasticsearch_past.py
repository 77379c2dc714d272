"""What was decided across alerts, in the language of Elasticsearch: what is asked, and what its answer says."""

from collections.abc import Mapping
from typing import Any

import msgspec

from sinks.store.decisions import CANDIDATES, MOST_COUNTS, Happened, Often
from sinks.store.query import ActionQuery, LogQuery, NoticeQuery


class Kind(msgspec.Struct, frozen=True):
    """Where decisions of one kind are, what their documents say, and how they lead to alerts."""

    name: str
    what: str
    alert_id: str


PAST: dict[type, Kind] = {
    LogQuery: Kind("alert_log", "op_type", "alert_id"),
    ActionQuery: Kind("action", "status", "alert_ids"),
    NoticeQuery: Kind("notice", "state", "alert_ids"),
}
# Only log entries count; a document of the others is one.
_TOTAL = {"total": {"sum": {"field": "count", "missing": 1}}}


def step_aggregations(kind: Kind, step: int) -> dict[str, Any]:
    """Return what is asked to count by steps of time, by what happened and why."""
    sources: list[dict[str, Any]] = [
        {"time": {"date_histogram": {"field": "time", "fixed_interval": f"{step}s"}}},
        {"what": {"terms": {"field": kind.what, "missing_bucket": True}}},
        {"reason": {"terms": {"field": "reason", "missing_bucket": True}}},
    ]
    return {"steps": {"composite": {"size": MOST_COUNTS, "sources": sources}, "aggs": _TOTAL}}


def happened_of(answer: Mapping[str, Any]) -> tuple[Happened, ...]:
    """Return what an answer says of steps."""
    buckets = answer.get("aggregations", {}).get("steps", {}).get("buckets", ())
    return tuple(
        Happened(one["key"]["time"] // 1000, one["key"]["what"] or "", one["key"]["reason"] or "", int(one["total"]["value"]))
        for one in buckets
    )  # fmt: skip


def alert_aggregations(kind: Kind) -> dict[str, Any]:
    """Return what is asked to get the alerts that it concerns most often."""
    order = [{"total": "desc"}, {"_key": "asc"}]
    inside = {**_TOTAL, "last": {"max": {"field": "time"}}}
    return {"alerts": {"terms": {"field": kind.alert_id, "size": CANDIDATES, "order": order}, "aggs": inside}}


def often_of(answer: Mapping[str, Any]) -> list[Often]:
    """Return what an answer says of alerts."""
    buckets = answer.get("aggregations", {}).get("alerts", {}).get("buckets", ())
    return [Often(one["key"], int(one["total"]["value"]), int(one["last"]["value"] // 1000)) for one in buckets]
