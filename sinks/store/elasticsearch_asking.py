"""Asking Elasticsearch while indices come and go: one that was just made answers nothing for some moments."""

import time
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from elasticsearch import ApiError, Elasticsearch

from sinks.store.bulk import pauses_between
from sinks.store.cluster import explained

NOT_NOW = 503
AT_ONCE = (429, 502, 504)
"""What the client asks again for at once."""
WAITS = 4
"""Some five seconds in all."""
_Asked = dict[str, Any]


def search(client: Elasticsearch, index: str, *, what: str = "search", **asked: Any) -> Mapping[str, Any]:
    """Return what a search finds. Raises StoreError."""
    found: Mapping[str, Any] = _answered(
        _patient(client).search, what, {"index": index, "ignore_unavailable": True, **asked}
    )
    return found


def count(client: Elasticsearch, index: str, **asked: Any) -> int:
    """Return how many documents match. Raises StoreError."""
    given = {"index": index, "ignore_unavailable": True, **asked}
    return int(_answered(_patient(client).count, "search", given)["count"])


def document(client: Elasticsearch, index: str, name: str) -> Mapping[str, Any] | None:
    """Return one document, also one that a search does not find yet; None if there is none. Raises StoreError."""
    ask = _patient(client).options(ignore_status=404).get
    found: Mapping[str, Any] = _answered(ask, "reading a document", {"index": index, "id": name})
    return found["_source"] if found.get("found") else None


def _patient(client: Elasticsearch) -> Elasticsearch:
    return client.options(retry_on_status=AT_ONCE)


def _answered(ask: Callable[..., Any], what: str, asked: _Asked) -> Any:
    """Ask; where no shard answers, ask again with growing pauses.

    The first document of a kind, or of its month or day, makes an index, and an alias of nothing else answers 503 until it
    has started. The health of the cluster does not tell when: it calls an index yellow whose first shard nobody has yet.
    """
    with explained(what):
        for pause in islice(pauses_between(), WAITS):
            try:
                return ask(**asked).body
            except ApiError as error:
                if error.meta.status != NOT_NOW:
                    raise
            time.sleep(pause)
        return ask(**asked).body
