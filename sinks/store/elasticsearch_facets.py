"""Facets and groups in the language of Elasticsearch: what is asked, and what its answer says."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from operators.model.alert import Alert
from sinks.store.facets import TOP, TOP_KEYS, TOP_VALUES, BySeverity, Facets, Group, told, yes_or_no

_FIELDS = {
    "status": "status", "severity": "severity", "strategy": "strategy_id", "biz": "bk_biz_id",
    "target_type": "event.target_type", "acked": "is_ack", "shielded": "is_shielded", "blocked": "is_blocked",
    "person": "people",
}  # fmt: skip
MOST_SHIELDS = 1000
MOST_GROUPS = 50_000
"""The server counts no more groups at once."""
_FLAGS = ("acked", "shielded", "blocked")
GROUP_FIELDS = {"name": "alert_name.raw", "target": "event.target", "strategy": "strategy_id"}


def _terms(field: str, size: int, **more: Any) -> dict[str, Any]:
    return {"terms": {"field": field, "size": size, **more}}


SEVERITY_AGGREGATION = {"severity": _terms("severity", TOP)}
SHIELD_AGGREGATION = {"shield": _terms("shield_id", MOST_SHIELDS)}


def by_severity_of(answer: Mapping[str, Any]) -> BySeverity:
    """Return what an answer says of severities."""
    buckets = answer.get("aggregations", {}).get("severity", {}).get("buckets", ())
    return BySeverity({int(one["key"]): int(one["doc_count"]) for one in buckets})


def by_shield_of(answer: Mapping[str, Any]) -> dict[str, int]:
    """Return what an answer says of shields."""
    buckets = answer.get("aggregations", {}).get("shield", {}).get("buckets", ())
    return {str(one["key"]): int(one["doc_count"]) for one in buckets}


def facet_aggregations() -> dict[str, Any]:
    """Return what is asked to get facets. One value more than is told: that of having none is left out."""
    values = {"values": _terms("event.tags.value.raw", TOP_VALUES)}
    tags = {"keys": {**_terms("event.tags.key", TOP_KEYS), "aggs": values}}
    plain = {name: _terms(field, TOP + 1) for name, field in _FIELDS.items()}
    return {**plain, "tags": {"nested": {"path": "event.tags"}, "aggs": tags}}


def facets_of(answer: Mapping[str, Any]) -> Facets:
    """Return what an answer says of facets."""
    total, found = int(answer["hits"]["total"]["value"]), answer.get("aggregations", {})
    counts = {name: Counter[str]() for name in _FIELDS}
    for name, counter in counts.items():
        for bucket in found.get(name, {}).get("buckets", ()):
            value = yes_or_no(bucket["key"]) if name in _FLAGS else str(bucket["key"])
            counter[value] += bucket["doc_count"]
    keys = found.get("tags", {}).get("keys", {}).get("buckets", ())
    tags = {f"tags.{one['key']}": _values(one["values"]["buckets"]) for one in keys}
    return Facets(total, {**told(counts), **told({key: values for key, values in tags.items() if values})}, total)


def _values(buckets: list[dict[str, Any]]) -> Counter[str]:
    return Counter({str(one["key"]): int(one["doc_count"]) for one in buckets})


def group_aggregations(by: str, upto: int) -> dict[str, Any]:
    """Return what is asked to get the values of the first groups: the worst first, of these the largest."""
    field = GROUP_FIELDS[by]
    order = [{"worst": "asc"}, {"_count": "desc"}, {"_key": "asc"}]
    worst = {"worst": {"min": {"field": "severity"}}}
    return {
        "groups": {**_terms(field, min(upto, MOST_GROUPS), order=order), "aggs": worst},
        "total": {"cardinality": {"field": field, "precision_threshold": 40_000}},
    }


def group_values_of(answer: Mapping[str, Any], offset: int) -> tuple[int, list[Any]]:
    """Return how many groups an answer says there are, and their values from an offset on."""
    found = answer.get("aggregations")
    if not found:  # there is no index yet
        return 0, []
    return int(found["total"]["value"]), [one["key"] for one in found["groups"]["buckets"][offset:]]


def page_aggregations(by: str, values: Sequence[Any]) -> dict[str, Any]:
    """Return what is asked to get groups whole: only those of a page, for an alert is read of each."""
    flags = {name: {"filter": {"term": {_FIELDS[name]: True}}} for name in _FLAGS}
    first = {"top_hits": {"size": 1, "sort": [{"severity": "asc"}, {"id": "desc"}]}}
    inside = {
        "worst": {"min": {"field": "severity"}}, "since": {"min": {"field": "create_time"}}, "first": first, **flags,
    }  # fmt: skip
    return {"groups": {**_terms(GROUP_FIELDS[by], len(values)), "aggs": inside}}


def groups_of(answer: Mapping[str, Any], values: Sequence[Any]) -> tuple[Group, ...]:
    """Return what an answer says of groups, in the order of their values; one that is gone meanwhile is left out."""
    buckets = {one["key"]: one for one in answer.get("aggregations", {}).get("groups", {}).get("buckets", ())}
    return tuple(_group(buckets[value]) for value in values if value in buckets)


def _group(bucket: Mapping[str, Any]) -> Group:
    (first,) = bucket["first"]["hits"]["hits"]
    acked, shielded, blocked = (int(bucket[name]["doc_count"]) for name in _FLAGS)
    return Group(
        value=str(bucket["key"]), count=int(bucket["doc_count"]), severity=int(bucket["worst"]["value"]),
        since=int(bucket["since"]["value"] // 1000), acked=acked, shielded=shielded, blocked=blocked,
        first=msgspec.convert(first["_source"], Alert),
    )  # fmt: skip
