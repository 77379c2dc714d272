"""A small world for tests of people: two businesses, a host, groups to order."""

from datetime import datetime
from zoneinfo import ZoneInfo

from operators.model.alert import Alert
from operators.model.event import Event, Tag
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from operators.rules.index import hosts_by_address
from operators.rules.shapes.model import (
    AlertNotice,
    Business,
    Duty,
    DutyArrange,
    DutyArrangement,
    DutyTime,
    Host,
    NoticeWay,
    NotifyConfig,
    ServiceInstance,
    UserGroup,
    UserRef,
)

SETTINGS = CoreSettings()
UTC = ZoneInfo("UTC")
HOST = Host("1", ip="10.0.0.1", bk_biz_id="2", operator=("hank",), bk_bak_operator=("hilda",))
SHOP = Business("2", time_zone="Asia/Shanghai", roles={"operator": ("olga",), "bk_biz_maintainer": ("mia", "max")})


def second(text: str, zone: str = "UTC") -> int:
    """The Unix second of a local time; an offset in the text counts before the zone."""
    moment = datetime.fromisoformat(text)
    return int(moment.replace(tzinfo=moment.tzinfo or ZoneInfo(zone)).timestamp())


NOON = second("2026-01-05 12:00:00")


def refs(names: str) -> tuple[UserRef, ...]:
    """`alice @operator`: a person and a role."""
    entries = (("group", name[1:]) if name.startswith("@") else ("user", name) for name in names.split())
    return tuple(UserRef(kind, name) for kind, name in entries)


def ways(names: str) -> tuple[NoticeWay, ...]:
    """`mail wxwork-bot=c1,c2`."""
    pairs = (name.partition("=") for name in names.split())
    return tuple(NoticeWay(name, tuple(filter(None, chats.split(",")))) for name, _, chats in pairs)


def all_day(names: str) -> tuple[AlertNotice, ...]:
    return (AlertNotice("00:00--23:59", tuple(NotifyConfig(level, ways(names)) for level in (1, 2, 3))),)


def group(name: str, users: str = "", by: str = "mail", **rest) -> UserGroup:
    """A group of one arrangement, all day, every severity, unless told otherwise."""
    ready = {"duty_arranges": (DutyArrange(refs(users)),), "alert_notice": all_day(by)} | rest
    return UserGroup(name, name, **ready)


def rota(name: str, *teams: str, category: str = "handoff", hours: str = "00:00--23:59", **rest) -> Duty:
    """A daily duty since the first of January 2026, a Thursday."""
    users = tuple(refs(team) for team in teams)
    arrangement = DutyArrangement((DutyTime(work_time=(hours,)),), users)
    ready = {"effective_time": "2026-01-01 00:00:00", "duty_arranges": (arrangement,)} | rest
    return Duty(name, name, category, **ready)


def book(*things: UserGroup | Duty | Business | Host | ServiceInstance) -> RuleBook:
    def named(shape):
        return {thing.id: thing for thing in things if isinstance(thing, shape)}

    hosts = [thing for thing in things if isinstance(thing, Host)]
    return RuleBook(
        version="test",
        user_groups=named(UserGroup),
        duties=named(Duty),
        businesses=named(Business),
        service_instances=named(ServiceInstance),
        hosts={host.bk_host_id: host for host in hosts},
        hosts_by_ip=hosts_by_address(hosts),
    )


def alert(
    severity: int = 2, biz: str | int | None = 0, tags: dict[str, str] | None = None, appointee=(), **event
) -> Alert:
    """An open alert; `event` are fields of its event."""
    seen = Event(
        event_id="e", plugin_id="p", alert_name="CPU", severity=severity, data_type="event", status="ABNORMAL",
        category="os", time=NOON, anomaly_time=NOON, tags=tuple(Tag(key, value) for key, value in (tags or {}).items()),
        **event,
    )  # fmt: skip
    return Alert(
        id="1", seq_id="1", dedupe_md5="0" * 32, alert_name="CPU", status="ABNORMAL", severity=severity, event=seen,
        create_time=NOON, update_time=NOON, begin_time=NOON, latest_time=NOON, first_anomaly_time=NOON,
        bk_biz_id=biz, appointee=tuple(appointee),
    )  # fmt: skip
