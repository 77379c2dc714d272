"""Every shape of a rule file, as read: ids are text, lists are tuples, short forms are written out (rules.md)."""

from operators.rules.shapes.channel import Channel, Secret
from operators.rules.shapes.condition import Condition
from operators.rules.shapes.inventory import DynamicGroup, Host, RuleTest, ServiceInstance, TopoNode
from operators.rules.shapes.people import (
    AlertNotice,
    Business,
    Calendar,
    CalendarItem,
    CalendarRepeat,
    Duty,
    DutyArrange,
    DutyArrangement,
    DutyTime,
    NoticeWay,
    NotifyConfig,
    PeriodSettings,
    User,
    UserGroup,
    UserRef,
)
from operators.rules.shapes.silence import (
    CircuitBreaking,
    CycleConfig,
    DimensionConfig,
    DispatchAction,
    DispatchGroup,
    DispatchRule,
    DispatchTag,
    Inhibit,
    Shield,
    ShieldNotice,
)
from operators.rules.shapes.source import EventFields, Found, Source, SourceTest
from operators.rules.shapes.strategy import (
    ActionConfig,
    ActionRelation,
    Algorithm,
    Detect,
    FlapConfig,
    Item,
    NoDataConfig,
    NoiseReduceConfig,
    NoticeConfig,
    NoticeOptions,
    NoticeRelation,
    NoticeTemplate,
    QueryConfig,
    RecoveryConfig,
    RetryConfig,
    Strategy,
    TargetCondition,
    TimeRange,
    TriggerConfig,
    UpgradeConfig,
    Uptime,
)
from operators.rules.shapes.ways import CHAT_WAYS, WAYS
from operators.rules.shapes.words import FOREVER

__all__ = [
    "CHAT_WAYS", "FOREVER", "WAYS", "ActionConfig", "ActionRelation", "AlertNotice", "Algorithm", "Business",
    "Calendar", "CalendarItem", "CalendarRepeat", "Channel", "CircuitBreaking", "Condition", "CycleConfig", "Detect",
    "DimensionConfig", "DispatchAction", "DispatchGroup", "DispatchRule", "DispatchTag", "Duty", "DutyArrange",
    "DutyArrangement", "DutyTime", "DynamicGroup", "EventFields", "FlapConfig", "Found", "Host", "Inhibit", "Item", "NoDataConfig",
    "NoiseReduceConfig", "NoticeConfig", "NoticeOptions", "NoticeRelation", "NoticeTemplate", "NoticeWay",
    "NotifyConfig", "PeriodSettings", "QueryConfig", "RecoveryConfig", "RetryConfig", "RuleTest", "Secret",
    "ServiceInstance", "Shield", "ShieldNotice", "Source", "SourceTest", "Strategy", "TargetCondition", "TimeRange", "TopoNode",
    "TriggerConfig", "UpgradeConfig", "Uptime", "User", "UserGroup", "UserRef",
]  # fmt: skip
