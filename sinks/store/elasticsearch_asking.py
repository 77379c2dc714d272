"""Asking Elasticsearch while indices come and go: one that was just made answers nothing for some moments."""

from collections.abc import Callable, Mapping
from typing import Any

from elasticsearch import ApiError, Elasticsearch

from sinks.store.cluster import explained

NOT_NOW = 503
WAITS = 5
STARTS_WITHIN = "5s"
"""Until the shards of an index have started, at most, each time."""
_Asked = dict[str, Any]


def search(client: Elasticsearch, index: str, *, what: str = "search", **asked: Any) -> Mapping[str, Any]:
    """Return what a search finds. Raises StoreError."""
    found: Mapping[str, Any] = _answered(
        client, client.search, what, {"index": index, "ignore_unavailable": True, **asked}
    )
    return found


def count(client: Elasticsearch, index: str, **asked: Any) -> int:
    """Return how many documents match. Raises StoreError."""
    given = {"index": index, "ignore_unavailable": True, **asked}
    return int(_answered(client, client.count, "search", given)["count"])


def document(client: Elasticsearch, index: str, name: str) -> Mapping[str, Any] | None:
    """Return one document, also one that a search does not find yet; None if there is none. Raises StoreError."""
    ask = client.options(ignore_status=404).get
    found: Mapping[str, Any] = _answered(client, ask, "reading a document", {"index": index, "id": name})
    return found["_source"] if found.get("found") else None


def _answered(client: Elasticsearch, ask: Callable[..., Any], what: str, asked: _Asked, waits: int = WAITS) -> Any:
    """Ask; where no shard answers, ask again once those that are starting have started.

    The first document of a kind, or of its month or day, makes an index, and an alias of nothing else answers 503 until it
    has started. Shards that nobody starts are not waited for: that is a cluster in trouble, and said at once.
    """
    with explained(what):
        try:
            return ask(**asked).body
        except ApiError as error:
            if error.meta.status != NOT_NOW or not waits:
                raise
        client.options(ignore_status=408).cluster.health(
            index=asked["index"], wait_for_no_initializing_shards=True, timeout=STARTS_WITHIN
        )
    return _answered(client, ask, what, asked, waits - 1)
