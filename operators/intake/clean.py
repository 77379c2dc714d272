"""Cleaning: any JSON in an event's fields to an `Event`, or an error that names it (spec/lifecycle.md 1.1, 1.2)."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from operators.intake.words import MILDEST, severity_of, status_of
from operators.model.alert import ABNORMAL
from operators.model.bounds import MOST_DEDUPE_KEYS, MOST_TAGS, bounded, fits
from operators.model.event import SAID_SEVERITY, SAID_STATUS, Event
from operators.model.fields import FieldError, name_or_number, optional, required, short, text, texts, whole_number
from operators.model.reason import DeadReason
from operators.model.tags import clean_tags

if TYPE_CHECKING:
    from operators.intake.decode import Wire

CATEGORIES = frozenset(
    {
        "os", "host_process", "host_device", "component", "service_process", "service_module", "application_check",
        "uptimecheck", "apm", "hardware_device", "other_rt", "kubernetes",
    }
)  # fmt: skip
FINGERPRINT_LENGTH = 32
TARGET_TYPES = {"host": "HOST", "service": "SERVICE", "topo": "TOPO"}
LONGEST_WORD = 80
"""Letters that are kept of a word that was not understood."""


def clean_typed(event: Event) -> Event | None:
    """Return the cleaned form of an event whose fields came with the right types; None if it needs the long way."""
    if not (event.event_id and event.plugin_id and event.alert_name):
        return None
    if len(event.tags) > MOST_TAGS or len(event.dedupe_keys) > MOST_DEDUPE_KEYS:
        return None
    if event.dedupe_md5 and not _is_fingerprint(event.dedupe_md5):
        return None
    extra = event.extra_info
    if extra and not fits(extra):
        return None
    severity, status, target_type, data_type, category, are_read = _clean_words(
        event.severity, event.status, event.target_type, event.data_type, event.category
    )
    if extra and "origin_alarm" in extra:
        severity = _severity(event.severity, extra)
    if not are_read:
        extra = _with_unread(extra, event.status, event.severity)
    strategy_id = event.strategy_id
    return msgspec.structs.replace(
        event,
        kind=None,
        strategy_id=strategy_id if type(strategy_id) is str and strategy_id != "0" else _strategy_id(strategy_id),
        severity=severity,
        status=status,
        target_type=target_type,
        data_type=data_type,
        category=category,
        anomaly_time=event.time if event.anomaly_time < 0 else event.anomaly_time,
        extra_info=extra,
    )


@lru_cache(maxsize=256)
def _clean_words(
    severity: int | str, status: str, target_type: str, data_type: str, category: str
) -> tuple[int, str, str, str, str, bool]:
    """Return the words of an event, cleaned, and whether status and severity were understood.

    They come in few combinations, and equal ones share their memory.
    """
    return (
        _severity(severity, {}),
        _status(status),
        _target_type(target_type),
        _data_type(data_type),
        _category(category),
        not _with_unread({}, status, severity),
    )


def _unread(value: Any) -> str:
    """Return what is kept of a word that was not understood; "" for what is no word."""
    return value.strip()[:LONGEST_WORD] if isinstance(value, str) else ""


def _is_fingerprint(given: str) -> bool:
    """Return True if text is 32 hex digits (`fromhex` passes over blanks, which then are missing in its length)."""
    try:
        return len(given) == FINGERPRINT_LENGTH and len(bytes.fromhex(given)) == FINGERPRINT_LENGTH // 2
    except ValueError:
        return False


def clean_event(wire: "Wire") -> Event:
    """Return the cleaned event of a wire record; `id`, fingerprint and `create_time` come later. Raises FieldError."""
    time = _event_time(wire)
    extra = _extra(wire.extra_info)
    severity = _severity(wire.severity, extra)
    strategy_id = _strategy_id(wire.strategy_id)
    name = wire.alert_name
    return Event(
        event_id=required(wire.event_id, "event_id"),
        plugin_id=required(wire.plugin_id, "plugin_id"),
        strategy_id=strategy_id,
        alert_name=name if type(name) is str and name else _alert_name(name, strategy_id),
        description="" if wire.description is None else text(wire.description, "description"),
        severity=severity,
        data_type=_data_type(wire.data_type),
        tags=() if wire.tags is None else clean_tags(wire.tags),
        target_type="" if wire.target_type is None else _target_type(wire.target_type),
        target=None if wire.target is None else text(wire.target, "target"),
        assignee=() if wire.assignee is None else texts(wire.assignee, "assignee"),
        status=_status(wire.status),
        metric=() if not wire.metric else texts(wire.metric, "metric"),
        category=_category(wire.category),
        dedupe_keys=_dedupe_keys(wire.dedupe_keys),
        dedupe_md5="" if wire.dedupe_md5 in (None, "") else _fingerprint(wire.dedupe_md5),
        time=time,
        anomaly_time=time if wire.anomaly_time is None else whole_number(wire.anomaly_time, "anomaly_time"),
        until=optional(wire.until, "until", whole_number),
        bk_ingest_time=optional(wire.bk_ingest_time, "bk_ingest_time", whole_number),
        bk_clean_time=optional(wire.bk_clean_time, "bk_clean_time", whole_number),
        bk_biz_id=optional(wire.bk_biz_id, "bk_biz_id", name_or_number),
        ip=optional(wire.ip, "ip", text),
        ipv6=optional(wire.ipv6, "ipv6", text),
        bk_cloud_id=optional(wire.bk_cloud_id, "bk_cloud_id", name_or_number),
        bk_host_id=optional(wire.bk_host_id, "bk_host_id", name_or_number),
        bk_service_instance_id=optional(wire.bk_service_instance_id, "bk_service_instance_id", name_or_number),
        bk_topo_node=() if wire.bk_topo_node is None else texts(wire.bk_topo_node, "bk_topo_node"),
        extra_info=_with_unread(extra, wire.status, wire.severity),
        at=None if wire.at is None else whole_number(wire.at, "at"),
        bk_tenant_id="system" if wire.bk_tenant_id is None else text(wire.bk_tenant_id, "bk_tenant_id"),
    )


def _extra(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if type(value) is not dict:
        raise FieldError(DeadReason.WRONG_TYPE, "extra_info", "expected an object")
    known: dict[str, Any] = bounded(value)
    return known


def _with_unread(extra: dict[str, Any], status: Any, severity: Any) -> dict[str, Any]:
    """Return `extra_info` with the words of an event that were not understood."""
    unread = {}
    if status_of(status) is None and (word := _unread(status)):
        unread[SAID_STATUS] = word
    if severity_of(severity) is None and (word := _unread(severity)) and _dynamic_level(extra) is None:
        unread[SAID_SEVERITY] = word
    return {**extra, **unread} if unread else extra


def _event_time(wire: "Wire") -> int:
    if wire.time is not None:
        return whole_number(wire.time, "time")
    if wire.bk_ingest_time is not None:
        return whole_number(wire.bk_ingest_time, "bk_ingest_time")
    raise FieldError(DeadReason.MISSING_FIELD, "time", "missing, and no `bk_ingest_time` either")


def _alert_name(value: Any, strategy_id: str) -> str:
    if strategy_id and (value is None or value == ""):
        return ""  # enrichment takes the strategy's name
    return required(value, "alert_name")


def _strategy_id(value: Any) -> str:
    if value is None or value in (0, "", "0"):
        return ""
    return str(name_or_number(value, "strategy_id"))


def _severity(value: Any, extra: dict[str, Any]) -> int:
    level = _dynamic_level(extra) if "origin_alarm" in extra else None
    return level or severity_of(value) or MILDEST


def _dynamic_level(extra: dict[str, Any]) -> int | None:
    """Return the detector's own level, bounded like any other; any error in it is ignored (spec/lifecycle.md 1.2)."""
    try:
        said = extra["origin_alarm"]["data"]["values"]["extra_info"]
        return severity_of(msgspec.json.decode(said)["alert_level_msg"]["alert_level"])
    except (KeyError, TypeError, ValueError, IndexError, msgspec.DecodeError, RecursionError):
        return None


def _data_type(value: Any) -> str:
    word = value.lower() if isinstance(value, str) else ""
    return word if word in ("time_series", "log") else "event"


def _status(value: Any) -> str:
    return status_of(value) or ABNORMAL


def _category(value: Any) -> str:
    word = value.lower() if isinstance(value, str) else ""
    return word if word in CATEGORIES else "other_rt"


def _target_type(value: Any) -> str:
    word = text(value, "target_type")
    return TARGET_TYPES.get(word.lower(), word)


def _dedupe_keys(value: Any) -> tuple[str, ...]:
    if not value or not isinstance(value, list):
        return ()
    if len(value) > MOST_DEDUPE_KEYS:
        raise FieldError(DeadReason.TOO_LARGE, "dedupe_keys", f"{len(value)} keys; {MOST_DEDUPE_KEYS} are taken")
    return tuple(key if type(key) is str else text(key, f"dedupe_keys[{n}]") for n, key in enumerate(value))


def _fingerprint(value: Any) -> str:
    if isinstance(value, str) and _is_fingerprint(value):
        return value
    raise FieldError(DeadReason.BAD_VALUE, "dedupe_md5", f"expected 32 hex digits, got {short(value)}")
