"""Alerts, events, strategies and checks for tests, with one thing about them said at a time."""

from typing import Any

from operators.check.results import fold_check
from operators.model.alert import NO_DATA_TAG, Alert, Extra
from operators.model.check import CheckResult
from operators.model.event import Event, Tag
from operators.model.memory import EMPTY, CheckMemory
from operators.model.settings import CoreSettings
from operators.rules.ask.look import Look
from operators.rules.book import RuleBook
from operators.rules.index import hosts_by_address
from operators.rules.shapes.model import (
    Detect,
    Host,
    Item,
    NoDataConfig,
    QueryConfig,
    RecoveryConfig,
    Strategy,
    TriggerConfig,
)

T0 = 1_700_000_000
NO_DATA = (Tag(NO_DATA_TAG, "1"),)


def event(time: int = T0, **changes: Any) -> Event:
    given = {"strategy_id": "1", "severity": 2, "alert_name": "CPU usage", "status": "ABNORMAL", "data_type": "event"}
    named = {"event_id": f"e{time}", "plugin_id": "p", "category": "os", "time": time, "anomaly_time": time}
    return Event(**(given | named | changes))


def alert(time: int = T0, *, is_recovering: bool = False, no_data: bool = False, **changes: Any) -> Alert:
    top = changes.pop("event", None) or event(time, tags=NO_DATA if no_data else ())
    given = {
        "id": f"{time}000000000000",
        "seq_id": "000000000000",
        "dedupe_md5": "a" * 32,
        "strategy_id": top.strategy_id,
        "bk_biz_id": 2,
        "alert_name": top.alert_name,
        "status": "ABNORMAL",
        "severity": top.severity,
        "event": top,
        "create_time": time,
        "update_time": time,
        "begin_time": time,
        "latest_time": time,
        "first_anomaly_time": time,
        "extra_info": Extra(is_recovering=is_recovering),
    }
    return Alert(**(given | changes))


def detect(level: int = 2, *, count: int = 1, window: int = 5, recovery: int = 5, setter: str = "recovery") -> Detect:
    return Detect(level, TriggerConfig(count, window), RecoveryConfig(recovery, setter))


def item(*, data_type: str = "time_series", source: str = "bk_monitor", unit: int = 60, **changes: Any) -> Item:
    query = QueryConfig("cpu", source, data_type, unit, ("ip",), unit="%")
    no_data = NoDataConfig(is_enabled=True)
    return Item(**({"id": "1", "name": "cpu", "query_configs": (query,), "no_data_config": no_data} | changes))


def strategy(**changes: Any) -> Strategy:
    """A strategy with one item and one level unless said otherwise."""
    return Strategy(**({"id": "1", "name": "CPU usage", "items": (item(),), "detects": (detect(),)} | changes))


def book(*, hosts: tuple[Host, ...] = (), **kinds: Any) -> RuleBook:
    by_id = {host.bk_host_id: host for host in hosts}
    return RuleBook(version="1", hosts=by_id, hosts_by_ip=hosts_by_address(hosts), **kinds)


def normal(time: int, level: int | None = 2, value: Any = 1) -> CheckResult:
    return CheckResult(time=time, anomaly=False, level=level, value=value)


def anomaly(time: int, level: int | None = 2, value: Any = 99) -> CheckResult:
    return CheckResult(time=time, anomaly=True, level=level, value=value)


def remembered(*checks: CheckResult, by: Strategy | None = None, memory: CheckMemory = EMPTY) -> CheckMemory:
    for check in checks:
        memory = fold_check(memory, check, by or strategy())
    return memory


def look_at(
    of: Alert, memory: CheckMemory | None = None, by: Strategy | None = None, now: int = T0, *,
    rules: RuleBook | None = None, settings: CoreSettings | None = None, **more: Any,
) -> Look:  # fmt: skip
    """A look at an alert; the rules have its strategy unless said otherwise."""
    rules = rules or book(strategies={by.id: by} if by else {})
    return Look(of, by, rules, settings or CoreSettings(), now, memory=memory, **more)
