"""Strategies: what is watched, when it is told, and to whom (rules.md)."""

from typing import Annotated, Any, Literal

import msgspec

from operators.model.settings import MOST_CHANGES
from operators.rules.shapes.channel import Secret
from operators.rules.shapes.queue import Queues
from operators.rules.shapes.words import (
    Amount,
    Count,
    DayTime,
    Id,
    Percent,
    Plain,
    Severity,
    Signal,
    Template,
    Way,
)


class QueryConfig(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Where one metric of an item comes from; `agg_interval` in seconds."""

    metric_id: str = ""
    data_source_label: str = "bk_monitor"
    data_type_label: str = "time_series"
    agg_interval: Count = 60
    agg_dimension: tuple[str, ...] = ()
    agg_condition: tuple[dict[str, Any], ...] = ()
    """Kept as given: compared, never evaluated."""
    unit: str = ""


class Algorithm(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A detection algorithm of the detector that sends the checks; `config` is kept as given."""

    type: str = "Threshold"
    level: Severity = 2
    config: Any = None


class TargetCondition(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One condition on where a strategy applies. Values are text: `ip|cloud`, ids, `obj|inst`."""

    field: Literal[
        "ip", "bk_target_ip", "bk_host_id", "bk_service_instance_id", "service_instance_id",
        "host_topo_node", "service_topo_node", "dynamic_group",
    ]  # fmt: skip
    method: Literal["eq", "neq"] = "eq"
    value: tuple[Any, ...] = ()


class NoDataConfig(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Whether a series that stops is an alert, after how many silent periods."""

    is_enabled: bool = False
    continuous: Count = 5


class Item(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a strategy watches. `target`: OR of groups, a group is AND of conditions."""

    id: Plain = ""
    name: str = ""
    query_configs: tuple[QueryConfig, ...] = ()
    algorithms: tuple[Algorithm, ...] = ()
    target: tuple[tuple[TargetCondition, ...], ...] = ()
    no_data_config: NoDataConfig = NoDataConfig()


class TimeRange(msgspec.Struct, frozen=True, gc=False):
    """A range of times of day, both ends included; wraps midnight when start > end."""

    start: DayTime = "00:00"
    end: DayTime = "23:59"


class Uptime(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """When a strategy is active. Calendars are given by id."""

    time_ranges: tuple[TimeRange, ...] = (TimeRange(),)
    calendars: tuple[Id, ...] = ()
    """Of rest."""
    active_calendars: tuple[Id, ...] = ()


class TriggerConfig(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`count` anomalies in `check_window` periods make an alert."""

    count: Count = 1
    check_window: Count = 5
    uptime: Uptime = Uptime()


class RecoveryConfig(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`check_window` quiet periods end an alert as `status_setter` says."""

    check_window: Count = 5
    status_setter: Literal["recovery", "close", "recovery-nodata"] = "recovery"


class Detect(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """When one severity begins and ends."""

    level: Severity = 2
    trigger_config: TriggerConfig = TriggerConfig()
    recovery_config: RecoveryConfig = RecoveryConfig()


class UpgradeConfig(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Escalation: every `upgrade_interval` minutes one more user group is told."""

    is_enabled: bool = False
    upgrade_interval: Count = 30
    user_groups: tuple[Id, ...] = ()


class NoiseReduceConfig(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Hold the first notice until `count` percent of the values of `dimensions` are abnormal."""

    is_enabled: bool = False
    dimensions: tuple[str, ...] = ()
    count: Percent = 10


class FlapConfig(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """When what is told flaps, and for how long it must be quiet; seconds. Null: as setting `flap` says."""

    changes: Annotated[int, msgspec.Meta(ge=0, le=MOST_CHANGES)] | None = None
    window: Amount | None = None
    quiet: Amount | None = None


class NoticeOptions(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Who decides the people, and when notices are kept back. `skip_delay` in seconds."""

    assign_mode: tuple[Literal["by_rule", "only_notice"], ...] = ("by_rule", "only_notice")
    upgrade_config: UpgradeConfig = UpgradeConfig()
    noise_reduce_config: NoiseReduceConfig = NoiseReduceConfig()
    start_time: DayTime = "00:00:00"
    end_time: DayTime = "23:59:59"
    exclude_notice_ways: dict[Signal, tuple[Way, ...]] = {}
    skip_delay: Amount = 0
    flap: FlapConfig | None = None
    need_biz_converge: bool = True


class NoticeTemplate(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The words of the notices of one signal; empty means the built-in ones."""

    signal: Signal = "abnormal"
    title_tmpl: Template = ""
    message_tmpl: Template = ""


class NoticeConfig(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How notices repeat and read. `notify_interval` in seconds."""

    need_poll: bool = True
    notify_interval: Amount = 7200
    interval_notify_mode: Literal["standard", "increasing", "linear"] = "standard"
    voice_notice: Literal["parallel", "serial"] = "parallel"
    template: tuple[NoticeTemplate, ...] = ()


class NoticeRelation(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Which signals of a strategy are told, to which user groups."""

    id: Id = "notice"
    signal: tuple[Signal, ...] = ("abnormal", "recovered", "closed", "no_data")
    user_groups: tuple[Id, ...] = ()
    options: NoticeOptions = NoticeOptions()
    config: NoticeConfig = NoticeConfig()


class RetryConfig(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How often a failed webhook is tried again; seconds between."""

    max_retry_times: Amount = 2
    retry_interval: Amount = 60


class ActionConfig(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a webhook calls (`url`, ...) or where a queue push goes (`dsn`). Seconds."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    url: Template | Secret = ""
    headers: dict[str, Template | Secret] = {}
    body: Template = ""
    timeout: Count = 10
    failed_retry: RetryConfig = RetryConfig()
    need_poll: bool = False
    notify_interval: Amount = 3600
    dsn: Queues = ()
    push_shielded: bool = True


class ActionRelation(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A webhook or a queue push beside the notice."""

    id: Id
    signal: tuple[Signal, ...] = ()
    plugin_type: Literal["webhook", "message_queue"] = "webhook"
    config: ActionConfig = ActionConfig()


class Strategy(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A rule of what is wrong and who hears of it. `timeout` in seconds, only without items."""

    id: Id
    name: str
    bk_biz_id: Id | None = None
    """As given, else setting `default_business`; None when that is none."""
    is_enabled: bool = True
    scenario: str = ""
    labels: tuple[Plain, ...] = ()
    timeout: Count | None = None
    priority: int | None = None
    priority_group_key: str = ""
    items: tuple[Item, ...] = ()
    detects: tuple[Detect, ...] = ()
    notice: NoticeRelation | None = None
    actions: tuple[ActionRelation, ...] = ()
