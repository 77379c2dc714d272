"""Retention in Elasticsearch: whole indices go by the end of their period."""

from elasticsearch import Elasticsearch

from operators.model.alert import ABNORMAL
from sinks.store.indices import DAY, index_end
from sinks.store.interface import Retention, Told


def retain(client: Elasticsearch, prefix: str, now: int, retention: Retention, told: Told) -> dict[str, int]:
    """Drop indices whose whole period is older than its days, unless an alert in it is open or ended since."""
    days = {
        "alerts": ("alert", retention.alerts),
        "logs": ("alert_log", retention.logs),
        "actions": ("action", retention.actions),
        "receipts": ("receipt", retention.actions),
        "commands": ("command", retention.actions),
        "notices": ("notice", retention.actions),
        "events": ("event", retention.events),
    }
    dropped = {}
    for name, (kind, keep) in days.items():
        if keep:
            dropped[name] = _drop(client, prefix, kind, now - keep * DAY)
            told(name, dropped[name])
    return dropped


def _drop(client: Elasticsearch, prefix: str, kind: str, before: int) -> int:
    present = client.indices.get(index=f"{prefix}{kind}_*", features="aliases", allow_no_indices=True)
    dropped = 0
    for index in present.body:
        end = index_end(index, prefix, kind)
        if end is not None and end <= before and not (kind == "alert" and _is_needed(client, index, before)):
            dropped += client.count(index=index)["count"]
            client.indices.delete(index=index)
    return dropped


def _is_needed(client: Elasticsearch, index: str, before: int) -> bool:
    late = [{"term": {"status": ABNORMAL}}, {"range": {"end_time": {"gte": str(before)}}}]
    found = client.count(index=index, query={"bool": {"should": late, "minimum_should_match": 1}})
    return bool(found["count"])
