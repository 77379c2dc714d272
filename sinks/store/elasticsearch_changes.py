"""What is new in Elasticsearch, by the moment that each document carries at which it was written."""

from collections.abc import Mapping
from typing import Any

from sinks.store.changes import MOST_CHANGED, Changes
from sinks.store.cursor import cursor

WATCHED_KINDS = {
    "alert": "alerts", "action": "actions", "notice": "notices", "shield": "shields", "command": "commands",
}  # fmt: skip
"""Kind in the name of an index -> in a batch."""
OVERLAP = 5000
"""Milliseconds that are looked at again: until a refresh shows what was written, and as far as clocks of writers differ."""
_ALERT_FIELDS = {"alerts": "id", "actions": "alert_ids", "notices": "alert_ids", "commands": "alert_id"}


def changes_request(place: int) -> dict[str, Any]:
    """Return what is asked to learn what was written behind a place, the newest first."""
    return {
        "query": {"range": {"written": {"gte": place - OVERLAP, "format": "epoch_millis"}}},
        "sort": [{"written": {"order": "desc", "unmapped_type": "date"}}],
        "size": MOST_CHANGED + 1,
        "source": False,
        "docvalue_fields": ["id", "alert_id", "alert_ids"],
        "track_total_hits": False,
    }


def changes_of(answer: Mapping[str, Any], prefix: str, place: int) -> Changes:
    """Return what an answer says was written."""
    hits = answer["hits"]["hits"]
    alerts: dict[str, int] = {}
    kinds: set[str] = set()
    for hit in reversed(hits):
        kind = WATCHED_KINDS[hit["_index"].removeprefix(prefix).rpartition("_")[0]]
        kinds.add(kind)
        names = hit.get("fields", {}).get(_ALERT_FIELDS.get(kind, ""), ())
        alerts.update(dict.fromkeys(names, int(hit["sort"][0])))
    newest = max([place, *(int(hit["sort"][0]) for hit in hits[:1])])
    is_complete = len(hits) <= MOST_CHANGED and len(alerts) <= MOST_CHANGED
    return Changes(cursor(newest), alerts if is_complete else {}, frozenset(kinds), is_complete)
