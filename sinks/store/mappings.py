"""What Elasticsearch knows of our documents: strict mappings, one template a kind (spec/storage.md 4.3 to 4.5)."""

from typing import Any

from sinks.store.indices import PERIODS

VERSION = 4
"""Of the templates; those of a newer version are left alone and refused."""

Mapping = dict[str, Any]

# Longer texts are kept but not indexed, where plain keywords would make the server refuse the document.
_LONGEST_KEYWORD = 8191
_KEYWORD: Mapping = {"type": "keyword", "ignore_above": _LONGEST_KEYWORD}
_LONG: Mapping = {"type": "long"}
_INTEGER: Mapping = {"type": "integer"}
_BOOLEAN: Mapping = {"type": "boolean"}
_DATE: Mapping = {"type": "date", "format": "epoch_second"}
_WRITTEN: Mapping = {"type": "date", "format": "epoch_millis"}
_TEXT: Mapping = {"type": "text"}
_NAME: Mapping = {"type": "text", "fields": {"raw": _KEYWORD}}
_STORED: Mapping = {"type": "object", "enabled": False}
"""Kept as it is, neither parsed nor indexed."""
_TAGS: Mapping = {
    "type": "nested",
    "dynamic": "strict",
    "properties": {
        "key": _KEYWORD,
        "value": {"type": "text", "fields": {"raw": {"type": "keyword", "ignore_above": 256}}},
        "display_key": _KEYWORD,
        "display_value": _STORED,
    },
}


def _fields(kind: Mapping, *names: str) -> Mapping:
    return dict.fromkeys(names, kind)


_EVENT: Mapping = {
    **_fields(
        _KEYWORD, "bk_tenant_id", "id", "event_id", "plugin_id", "strategy_id", "target_type", "target", "assignee"
    ),
    **_fields(_KEYWORD, "status", "metric", "category", "data_type", "dedupe_keys", "dedupe_md5", "kind"),
    **_fields(
        _KEYWORD, "bk_biz_id", "ip", "ipv6", "bk_cloud_id", "bk_service_instance_id", "bk_host_id", "bk_topo_node"
    ),
    **_fields(_DATE, "time", "anomaly_time", "bk_ingest_time", "bk_clean_time", "create_time", "at", "until"),
    "alert_name": _NAME,
    "description": _TEXT,
    "severity": _INTEGER,
    "tags": _TAGS,
    "extra_info": _STORED,
}
_ALERT: Mapping = {
    **_fields(
        _KEYWORD, "bk_tenant_id", "id", "seq_id", "dedupe_md5", "strategy_id", "bk_biz_id", "status", "next_status"
    ),
    **_fields(
        _KEYWORD, "labels", "shield_id", "handle_stage", "ack_operator", "incident_id", "issue_id", "rules_version"
    ),
    **_fields(_KEYWORD, "assignee", "appointee", "supervisor", "follower"),
    **_fields(_DATE, "create_time", "update_time", "begin_time", "end_time", "latest_time", "first_anomaly_time"),
    **_fields(_DATE, "next_status_time"),
    **_fields(_LONG, "duration", "ack_duration", "shield_left_time", "event_count", "generation", "revision"),
    **_fields(_BOOLEAN, "is_blocked", "is_shielded", "is_handled", "is_ack", "is_ack_noticed"),
    "alert_name": _NAME,
    "severity": _INTEGER,
    "event": {"dynamic": "strict", "properties": _EVENT},
    "assign_tags": _TAGS,
    "dimensions": _STORED,
    "extra_info": _STORED,
    "words": {"type": "text", "norms": False},
    "written": _WRITTEN,
    "people": _KEYWORD,
}
_LOG: Mapping = {
    **_fields(
        _KEYWORD, "id", "alert_id", "dedupe_md5", "op_type", "reason", "event_id", "status", "next_status", "operator"
    ),
    **_fields(_DATE, "time", "begin", "event_time", "next_status_time"),
    "severity": _INTEGER,
    "count": _LONG,
    "description": _TEXT,
    "bk_biz_id": _KEYWORD,
}
_ACTION: Mapping = {
    **_fields(
        _KEYWORD, "id", "alert_ids", "strategy_id", "relation_id", "plugin_type", "signal", "notice_type", "status"
    ),
    **_fields(_KEYWORD, "reason", "failure_type", "bk_biz_id", "dimension_hash", "real_status"),
    **_fields(_STORED, "receivers", "followers", "mentions", "config", "deliveries"),
    **_fields(_LONG, "execute_times", "revision"),
    "time": _DATE,
    "severity": _INTEGER,
    "alert_name": _NAME,
    "need_biz_converge": _BOOLEAN,
    "written": _WRITTEN,
    "people": _KEYWORD,
}
_RECEIPT: Mapping = {
    **_fields(_KEYWORD, "notice_id", "action_ids", "way"),
    "results": _STORED,
    "time": _DATE,
    "attempt": _LONG,
    "final": _BOOLEAN,
}
_SHIELD: Mapping = {
    **_fields(_KEYWORD, "id", "operator"),
    **_fields(_DATE, "time", "ended", "ends"),
    "shield": _STORED,
    "written": _WRITTEN,
    "message": _TEXT,
}
_COMMAND: Mapping = {
    **_fields(
        _KEYWORD, "id", "command", "operator", "alert_id", "dedupe_md5", "shield_id", "outcome", "reason", "origin"
    ),
    **_fields(_TEXT, "message", "detail"),
    **_fields(_DATE, "time", "until"),
    "written": _WRITTEN,
}
_NOTICE: Mapping = {
    **_fields(_KEYWORD, "id", "way", "receivers", "signal", "notice_type", "collect_type", "alert_ids", "action_ids"),
    **_fields(_KEYWORD, "bk_biz_id", "state", "reason"),
    **_fields(_STORED, "content", "results"),
    **_fields(_DATE, "time", "created", "updated", "due"),
    **_fields(_LONG, "attempt", "cut"),
    "title": _TEXT,
    "severity": _INTEGER,
    "followed": _BOOLEAN,
    "written": _WRITTEN,
}
_WORKER: Mapping = {
    **_fields(_KEYWORD, "id", "job", "rules_version", "unit"),
    **_fields(_LONG, "worker", "workers", "waits"),
    **_fields(_DATE, "time", "rules_since", "clock"),
    "rules_trouble": _TEXT,
}

PROPERTIES: dict[str, Mapping] = {
    "alert": _ALERT,
    "alert_log": _LOG,
    "action": _ACTION,
    "receipt": _RECEIPT,
    "event": _EVENT,
    "shield": _SHIELD,
    "command": _COMMAND,
    "notice": _NOTICE,
    "worker": _WORKER,
}
"""Kind -> every field its documents may have."""

_SOUGHT = {
    "alert": ("words", "people", "written"), "action": ("people", "written"), "alert_log": ("bk_biz_id",),
    "notice": ("written",), "shield": ("written",), "command": ("written",),
}  # fmt: skip
"""Kind -> fields beside those of its record, to be searched by."""

# What is read seldom is refreshed seldom and packed tightly.
_QUIET = {"refresh_interval": "5s", "codec": "best_compression"}
_SETTINGS: dict[str, Mapping] = {"alert_log": _QUIET, "event": _QUIET}


def mapping(kind: str) -> Mapping:
    """Return the mapping of a kind. Some fields are there to be searched, not to be kept."""
    hidden = list(_SOUGHT.get(kind, ()))
    return {
        "dynamic": "strict",
        "properties": PROPERTIES[kind],
        **({"_source": {"excludes": hidden}} if hidden else {}),
    }


def template(kind: str, prefix: str, shards: int, replicas: str) -> Mapping:
    """Return the index template of a kind: dated indices under one alias."""
    settings = {"number_of_shards": shards, "auto_expand_replicas": replicas, "refresh_interval": "1s"}
    # `alert_*` covers `alert_log_*` too: the longer name comes first.
    return {
        "index_patterns": [f"{prefix}{kind}_*"],
        "priority": 200 + len(kind),
        "template": {
            "settings": {"index": {**settings, **_SETTINGS.get(kind, {})}},
            "mappings": mapping(kind),
            "aliases": {f"{prefix}{kind}": {}},
        },
        "version": VERSION,
        "_meta": {"made_by": "tocsin"},
    }


KINDS = tuple(PERIODS)
