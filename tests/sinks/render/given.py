"""Alerts, messages and a small rule book to be put into words."""

from typing import Any

import msgspec

from operators.model.alert import Alert, Dimension, Extra
from operators.model.event import Event, Tag
from operators.model.records import Message
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from operators.rules.shapes.model import (
    Business,
    Channel,
    Host,
    Item,
    NoticeConfig,
    NoticeRelation,
    NoticeTemplate,
    QueryConfig,
    Strategy,
    TopoNode,
)
from sinks.render import Rendered, Renderer

NOW = 1_700_000_060
SETTINGS = CoreSettings()

HOSTS = [
    Host(bk_host_id=str(n), ip=f"10.0.0.{n}", bk_biz_id="2", operator=("carol",), topo=("module|28", "set|26"))
    for n in range(1, 5)
]
BOOK = RuleBook(
    version="test",
    businesses={
        "2": Business(id="2", name="shop", time_zone="Asia/Shanghai", roles={"bk_biz_maintainer": ("bob", "eve")}),
        "3": Business(id="3", name="商店", time_zone="Asia/Shanghai", language="zh"),
    },
    hosts={host.bk_host_id: host for host in HOSTS},
    hosts_by_ip={host.ip: (host,) for host in HOSTS},
    topology={
        "module|28": TopoNode(bk_obj_id="module", bk_inst_id="28", name="web"),
        "set|26": TopoNode(bk_obj_id="set", bk_inst_id="26", name="prod"),
    },
)


def channels(**limits: int) -> RuleBook:
    """Return the book with channels that limit the length of their texts."""
    known = tuple(Channel(way=way.replace("_", "-"), max_length=limit) for way, limit in limits.items())
    return msgspec.structs.replace(BOOK, channels=known)


def event(number: int = 1, **changes: Any) -> Event:
    fields: dict[str, Any] = {
        "id": f"event{number}",
        "event_id": f"e{number}",
        "plugin_id": "p",
        "strategy_id": "1",
        "alert_name": "CPU usage",
        "description": "idle is 3%",
        "severity": 1,
        "data_type": "time_series",
        "tags": (Tag("device", "cpu0"),),
        "target_type": "HOST",
        "target": f"10.0.0.{number}|0",
        "ip": f"10.0.0.{number}",
        "status": "ABNORMAL",
        "category": "os",
        "time": 1_700_000_000,
        "anomaly_time": 1_699_999_870,
        "bk_biz_id": "2",
        "extra_info": {"origin_alarm": {"data": {"value": 3, "dimensions": {"device": "cpu0"}}}},
    }
    return Event(**{**fields, **changes})


def alert(number: int = 1, **changes: Any) -> Alert:
    """Return an open alert that began 130 s before its latest anomaly."""
    own = changes.pop("event", None) or event(number)
    fields: dict[str, Any] = {
        "id": f"1700000000{number:012x}",
        "seq_id": f"{number:012x}",
        "dedupe_md5": "0" * 32,
        "strategy_id": "1",
        "bk_biz_id": "2",
        "alert_name": own.alert_name,
        "status": "ABNORMAL",
        "severity": 1,
        "event": own,
        "create_time": 1_700_000_000,
        "update_time": 1_700_000_000,
        "begin_time": 1_699_999_870,
        "latest_time": 1_700_000_000,
        "first_anomaly_time": 1_699_999_870,
        "duration": 130,
        "dimensions": (
            Dimension("tags.mount", "/data", "mount point", "/data"),
            Dimension("tags.device", "cpu0", "device", "cpu0"),
        ),
        "extra_info": Extra(agg_dimensions=("mount",)),
        "appointee": ("dave",),
    }
    return Alert(**{**fields, **changes})


def message(way: str = "weixin", alerts: Any = (), **changes: Any) -> Message:
    fields: dict[str, Any] = {
        "time": NOW,
        "way": way,
        "receivers": ("alice", "bob"),
        "followed": False,
        "signal": "abnormal",
        "notice_type": "normal",
        "collect_type": "action",
        "alert_ids": tuple(one.id for one in alerts),
        "action_ids": ("act1",),
        "relation_id": "notice",
        "strategy_id": "1",
        "bk_biz_id": "2",
        "severity": 1,
    }
    return Message(**{**fields, **changes})


def strategy(*templates: NoticeTemplate) -> Strategy:
    query = QueryConfig(metric_id="bk_monitor.system.cpu.idle", unit="%")
    return Strategy(
        id="1",
        name="CPU usage",
        bk_biz_id="2",
        scenario="os",
        labels=("hot",),
        items=(Item(id="1", name="idle", query_configs=(query,)),),
        notice=NoticeRelation(config=NoticeConfig(template=templates)),
    )


def template(text: str, title: str = "", signal: Any = "abnormal") -> NoticeTemplate:
    return NoticeTemplate(signal=signal, title_tmpl=title, message_tmpl=text)


_RENDERERS: dict[int, tuple[CoreSettings, Renderer]] = {}


def renderer(settings: CoreSettings = SETTINGS) -> Renderer:
    """Return a renderer; one is made for each settings object."""
    known = _RENDERERS.get(id(settings))
    if known is None:
        known = _RENDERERS[id(settings)] = (settings, Renderer(settings))
    return known[1]


def say(
    *templates: NoticeTemplate,
    way: str = "weixin",
    alerts: Any = None,
    settings: CoreSettings = SETTINGS,
    book: RuleBook = BOOK,
    now: int = NOW,
    **changes: Any,
) -> Rendered:
    """Render a notice about one alert, or those given."""
    about = [alert()] if alerts is None else alerts
    return renderer(settings).render(message(way, about, **changes), about, strategy(*templates), book, now)
