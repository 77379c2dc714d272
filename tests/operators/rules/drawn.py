"""Rule books from documents as a file holds them, and alerts with one thing said about them at a time."""

from typing import Any

from msgspec.structs import replace

from operators.model.alert import Alert, Dimension, Extra
from operators.model.event import Event, Tag
from operators.rules.book import RuleBook
from operators.rules.read.documents import Sourced
from operators.rules.read.load import build

T0 = 1_700_000_000
"""2023-11-14T22:13:20Z, a Tuesday."""


def book(**kinds: list[dict[str, Any]]) -> RuleBook:
    """The book of documents by kind."""
    documents = [
        Sourced(kind, document, "rules.yaml", f"{kind}[{place}]")
        for kind, members in kinds.items()
        for place, document in enumerate(members)
    ]
    made, errors = build(documents)
    assert made is not None, [str(error) for error in errors]
    return made


def event(tags: dict[str, Any] | None = None, **changes: Any) -> Event:
    given = {"strategy_id": "1", "severity": 2, "alert_name": "CPU usage", "status": "ABNORMAL", "data_type": "event"}
    named = {"event_id": "e1", "plugin_id": "p", "category": "os", "time": T0, "anomaly_time": T0, "bk_biz_id": 2}
    seen = tuple(Tag(key, value) for key, value in (tags or {}).items())
    return Event(**(given | named | {"tags": seen} | changes))


def alert(dimensions: dict[str, Any] | None = None, raw: dict[str, Any] | None = None, **changes: Any) -> Alert:
    """An open alert of strategy 1 in business 2; `raw` are the dimensions of its origin."""
    top = changes.pop("event", None) or event()
    seen = tuple(Dimension(key, value, key, value) for key, value in (dimensions or {}).items())
    origin = {"data": {"dimensions": raw}} if raw is not None else None
    extra = replace(changes.pop("extra_info", Extra()), origin_alarm=origin)
    given = {
        "id": "1", "seq_id": "1", "dedupe_md5": "a" * 32, "strategy_id": top.strategy_id, "bk_biz_id": top.bk_biz_id,
        "alert_name": top.alert_name, "status": "ABNORMAL", "severity": top.severity, "event": top, "create_time": T0,
        "update_time": T0, "begin_time": T0, "latest_time": T0, "first_anomaly_time": T0, "dimensions": seen,
        "extra_info": extra,
    }  # fmt: skip
    return Alert(**(given | changes))
