"""Small documents for the tests of the store."""

from typing import Any

from operators.model.alert import Alert, Dimension
from operators.model.command import CommandDocument
from operators.model.event import Event, Tag
from operators.model.notice import NoticeDocument
from operators.model.records import Action, LogEntry, Receipt, ReceiverResult
from operators.model.shield import ShieldDocument
from operators.model.worker import WorkerDocument

NOW = 1763900000
"""Sunday, 23 November 2025, 12:13:20 UTC."""
DAY = 86400


def event(**changed: Any) -> Event:
    values = {
        "id": "e1",
        "event_id": "e1",
        "plugin_id": "bkmonitor",
        "strategy_id": "1",
        "alert_name": "CPU usage",
        "description": "avg(usage) >= 80, current value 91.2%",
        "severity": 2,
        "data_type": "time_series",
        "tags": (Tag("device", "/dev/vda1"), Tag("mount", "根目录", "mount", "系统根目录"), Tag("ports", [80, 443])),
        "target_type": "HOST",
        "target": "10.0.0.1|0",
        "status": "ABNORMAL",
        "metric": ("bk_monitor.system.cpu_detail.idle",),
        "category": "os",
        "dedupe_keys": ("target", "tags.device"),
        "dedupe_md5": "a" * 32,
        "time": NOW,
        "anomaly_time": NOW,
        "bk_biz_id": 2,
        "ip": "10.0.0.1",
        "bk_cloud_id": 0,
        "bk_topo_node": ("biz|2", "module|7"),
        "extra_info": {"origin_alarm": {"data": {"value": 91.2}}},
    }
    return Event(**(values | changed))


def alert(number: int = 1, *, event_changes: dict[str, Any] | None = None, **changed: Any) -> Alert:
    """Make alert `number`, opened that many seconds after NOW."""
    second = changed.pop("opened", NOW + number)
    values = {
        "id": f"{second:010d}{number:012x}",
        "seq_id": f"{number:012x}",
        "dedupe_md5": f"{number:032x}",
        "strategy_id": "1",
        "bk_biz_id": 2,
        "alert_name": "CPU usage",
        "status": "ABNORMAL",
        "severity": 2,
        "event": event(dedupe_md5=f"{number:032x}", **(event_changes or {})),
        "create_time": second,
        "update_time": second,
        "begin_time": second,
        "latest_time": second,
        "first_anomaly_time": second,
        "dimensions": (Dimension("tags.device", "/dev/vda1", "device", "/dev/vda1"),),
        "generation": NOW,
        "revision": 1,
    }
    return Alert(**(values | changed))


def entry(of: Alert, position: int = 0, **changed: Any) -> LogEntry:
    values = {
        "id": f"{of.id}-{of.revision}-{position}",
        "time": of.update_time,
        "alert_id": of.id,
        "dedupe_md5": of.dedupe_md5,
        "op_type": "CREATE",
        "reason": "opened",
        "event_id": of.event.id,
    }
    return LogEntry(**(values | changed))


def action(of: Alert, **changed: Any) -> Action:
    values = {
        "id": f"action-{of.id}",
        "time": of.create_time,
        "alert_ids": (of.id,),
        "strategy_id": of.strategy_id,
        "relation_id": "notice",
        "plugin_type": "notice",
        "signal": "abnormal",
        "notice_type": "normal",
        "execute_times": 1,
        "status": "success",
        "receivers": {"mail": ["alice"], "voice": [["bob", "carol"]]},
    }
    return Action(**(values | changed))


def archived(**changed: Any) -> Event:
    return event(**({"at": NOW} | changed))


def receipt(of: Action, **changed: Any) -> Receipt:
    values = {
        "notice_id": f"notice-{of.id}",
        "action_ids": (of.id,),
        "way": "mail",
        "results": {"alice": ReceiverResult(result=True, message="250 OK")},
        "time": of.time + 2,
    }
    return Receipt(**(values | changed))


def shield(name: str = "s1", **changed: Any) -> ShieldDocument:
    document = {"id": name, "category": "dimension", "begin_time": NOW, "end_time": NOW + 3600}
    return ShieldDocument(
        **({"id": name, "time": NOW, "shield": document, "operator": "alice", "message": "why"} | changed)
    )


def worker(number: int = 0, **changed: Any) -> WorkerDocument:
    values = {"job": "all", "worker": number, "workers": 2, "rules_version": "v1", "clock": NOW, "waits": 7}
    return WorkerDocument(**({"id": f"all-{number}", "time": NOW, "unit": "records"} | values | changed))


def command(name: str = "c1", **changed: Any) -> CommandDocument:
    return CommandDocument(
        **({"id": name, "time": NOW, "command": "ack", "operator": "alice", "alert_id": "a1"} | changed)
    )


def sent(name: str = "n1", **changed: Any) -> NoticeDocument:
    values = {
        "id": name,
        "time": NOW,
        "way": "mail",
        "receivers": ("dora", "kai"),
        "signal": "abnormal",
        "alert_ids": (alert().id,),
        "action_ids": ("x1",),
        "bk_biz_id": 2,
        "title": "磁盘 full",
        "content": "<b>text</b>\n",
        "state": "delivered",
        "created": NOW + 1,
        "updated": NOW + 2,
        "results": {"dora": ReceiverResult(result=True, message="250 OK"), "kai": ReceiverResult(result=True)},
    }
    return NoticeDocument(**(values | changed))
