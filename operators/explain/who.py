"""Who would hear of an alert, by which rule, group and way: the job's own core decides it, on one event in a quiet world.

Nothing here knows the rules of telling: an event goes through a worker that has seen nothing else, so that the answer is
what the job does with the first event of a problem. What others do meanwhile (merging, quotas, noise, flapping) is not asked.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from operators.check.shield import shielding
from operators.check.upgrade import escalations
from operators.explain.case import why_text
from operators.explain.conditions import in_words
from operators.explain.text import DEAD_TEXT, DROP_TEXT
from operators.intake.clean import clean_event
from operators.intake.decode import Wire
from operators.intake.enrich.event import Dropped
from operators.intake.handover import Planned
from operators.intake.name import InForce, Record, identify
from operators.lifecycle.worker import Worker
from operators.model.alert import ABNORMAL, Alert
from operators.model.event import Event
from operators.model.fields import FieldError
from operators.model.reason import DropReason, Reason
from operators.model.records import Action, LogEntry, Receivers
from operators.model.settings import CoreSettings
from operators.people.dispatch import dispatch, notice_of
from operators.people.oncall import on_duty
from operators.people.receivers import receivers
from operators.plan.judge import groups_of
from operators.rules.ask.inhibition import Inhibitor, inhibited_among, sides_of
from operators.rules.ask.look import Look
from operators.rules.book import RuleBook
from operators.rules.shapes.model import Inhibit, UserGroup
from operators.state.scene import default_notice

MINUTE = 60
NAMED = 3
"""Alerts named of those that keep one silent by a rule."""

OpenAlerts = Callable[[int | str | None], Iterable[Alert]]
"""What returns the open alerts of a business."""


def _nothing_open(_: int | str | None) -> Iterable[Alert]:
    return ()


class Hearer(msgspec.Struct, frozen=True, gc=False):
    """Somebody who would be told by a way. Of a call, everybody whom it rings is one."""

    name: str
    way: str
    follows: bool


class Called(msgspec.Struct, frozen=True, gc=False):
    """A user group that a rule names."""

    group: str
    name: str
    follows: bool
    people: tuple[str, ...]
    """On duty then."""
    ways: tuple[str, ...]
    """For this severity at that time of day; nothing: it cannot be reached."""
    next_people: tuple[str, ...]
    handover: int | None
    """When they take over; Unix seconds."""


class Step(msgspec.Struct, frozen=True, gc=False):
    """A step of an escalation, where nobody acknowledges it."""

    after: int
    """Seconds from the beginning."""
    group: str
    people: tuple[str, ...]
    """On duty at that second."""


class Silent(msgspec.Struct, frozen=True, gc=False):
    """A rule of kind `inhibits` whose target it is: while another alert is open that is its source, nobody hears."""

    rule: str
    description: str
    source: str
    """What the rule asks of the other alert, in words."""
    equal: tuple[str, ...]
    """Tags in which both agree."""
    open_ids: tuple[str, ...] = ()
    """Alerts that are open and keep it silent now, the first few."""


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. Times are Unix seconds."""

    at: int
    severity: int
    """As a rule may have set it."""
    hearers: tuple[Hearer, ...] = ()
    rule: str = ""
    """What names the people: a dispatch rule, the strategy's notice; "" = nothing does."""
    groups: tuple[Called, ...] = ()
    escalation: tuple[Step, ...] = ()
    reason: str = ""
    """Why nobody would hear, from the closed lists."""
    why: str = ""
    detail: str = ""
    until: int | None = None
    """Of shields: when the last of them ends."""
    programs: tuple[str, ...] = ()
    """Webhooks and queues that would be told."""
    silent_while: tuple[Silent, ...] = ()


class OddError(ValueError):
    """What was asked about is no event; the message says why."""


def event_of(fields: Mapping[str, Any], book: RuleBook, settings: CoreSettings, at: int) -> Event | Dropped:
    """Return the event that fields describe, as intake would name it at a second. Raises OddError."""
    given = {"event_id": "who", "plugin_id": "who", "time": at, "status": ABNORMAL, **fields}
    try:
        return identify(clean_event(msgspec.convert(given, Wire)), book, settings, at)
    except FieldError as error:
        raise OddError(f"{error}: {DEAD_TEXT[error.reason]}") from error


def of_alert(alert: Alert, at: int) -> Event:
    """Return the event that would tell an alert anew at a second."""
    return msgspec.structs.replace(
        alert.event, id=f"{alert.event.id}-who", status=ABNORMAL, severity=alert.severity, time=at, anomaly_time=at,
        at=at, create_time=at, until=None, dedupe_md5=alert.dedupe_md5,
    )  # fmt: skip


def who_hears(
    event: Event | Dropped, book: RuleBook, settings: CoreSettings, at: int, open_alerts: OpenAlerts = _nothing_open
) -> Who:
    """Return who would hear of the first event of a problem that came at a second, while some alerts are open.

    `open_alerts` is asked for those of a business only where a rule of inhibition may keep the problem silent.
    """
    if isinstance(event, Dropped):
        why = f"{DROP_TEXT[event.reason]} {event.detail}"
        return Who(at=at, severity=0, reason=event.reason, why=why)
    if event.strategy_id and not _in_force(event.strategy_id, book):
        reason = DropReason.UNKNOWN_STRATEGY
        return Who(at=at, severity=event.severity, reason=reason, why=DROP_TEXT[reason])
    worker = Worker(settings)
    worker.fold(Record(at, InForce(book)))
    worker.fold(Record(at, event))
    said = worker.drain()
    alert = next(iter(worker.states.open()), None)
    actions = [one.action for one in said.handed if isinstance(one, Planned)]
    actions += [one for one in said.documents if isinstance(one, Action)]
    logs = [one for one in said.documents if isinstance(one, LogEntry)]
    found = _answer(alert, event, actions, logs, book, settings, at)
    return found if alert is None or not found.hearers else _inhibited(found, alert, book, open_alerts)


def _inhibited(found: Who, alert: Alert, book: RuleBook, open_alerts: OpenAlerts) -> Who:
    """Return the answer as inhibition leaves it."""
    rules = [side.rule for side in sides_of(alert, book).target]
    if not rules:
        return found
    others = (one for one in open_alerts(alert.bk_biz_id) if one.dedupe_md5 != alert.dedupe_md5)
    inhibitors = inhibited_among([*others, alert], book).get(alert.id, ())
    silent = tuple(_silent(book.inhibits[name], inhibitors) for name in rules)
    if not inhibitors:
        return msgspec.structs.replace(found, silent_while=silent)
    first = inhibitors[0]
    return msgspec.structs.replace(
        found, hearers=(), reason=Reason.INHIBITED, why=why_text(Reason.INHIBITED), silent_while=silent,
        detail=f"by alert {first.alert.id} ({first.alert.alert_name}), rule {first.rule}",
    )  # fmt: skip


def _silent(rule: Inhibit, inhibitors: Sequence[Inhibitor]) -> Silent:
    open_ids = tuple(one.alert.id for one in inhibitors if one.rule == rule.id)
    return Silent(rule.id, rule.description, in_words(rule.source), rule.equal, open_ids[:NAMED])


def _in_force(strategy_id: str, book: RuleBook) -> bool:
    strategy = book.strategies.get(strategy_id)
    return strategy is not None and strategy.is_enabled


def _answer(
    alert: Alert | None, event: Event, actions: Sequence[Action], logs: Sequence[LogEntry], book: RuleBook,
    settings: CoreSettings, at: int,
) -> Who:  # fmt: skip
    if alert is None:
        last = logs[-1] if logs else None
        reason = last.reason if last else ""
        return Who(
            at=at, severity=event.severity, reason=reason, why=why_text(reason), detail="no alert would stay open"
        )
    look = Look(
        alert, book.strategies.get(alert.strategy_id), book, settings, at, default_notice=default_notice(settings)
    )
    told = next((one for one in actions if one.plugin_type == "notice"), None)
    hearers = tuple(_hearers(told)) if told is not None and told.status == "received" else ()
    reason, detail = ("", "") if hearers else _why_not(told, logs)
    return Who(
        at=at, severity=alert.severity, hearers=hearers, rule=_rule(look), groups=tuple(_groups(look)),
        escalation=tuple(_escalation(look)), reason=reason,
        why=why_text(reason) if reason else "", detail=detail, until=_until(look, reason),
        programs=tuple(
            f"{one.plugin_type} {one.relation_id}"
            for one in actions if one.plugin_type != "notice" and one.status == "received"
        ),
    )  # fmt: skip


def _until(look: Look, reason: str) -> int | None:
    shield = shielding(look)
    return look.now + shield.left if reason == Reason.SHIELDED_BY_RULE and shield.left else None


def _hearers(action: Action) -> Iterator[Hearer]:
    for by_way, follows in ((action.receivers, False), (action.followers, True)):
        yield from (Hearer(name, way, follows) for way, name in named(by_way))


def named(by_way: Receivers) -> Iterator[tuple[str, str]]:
    """Yield the ways and names of receivers; of a call, everybody whom it rings."""
    for way, names in by_way.items():
        for one in names:
            yield from ((way, str(name)) for name in (one if isinstance(one, list | tuple) else (one,)))


def _why_not(told: Action | None, logs: Sequence[LogEntry]) -> tuple[str, str]:
    """Return why nobody hears: what became of the notice, else what the log says last, else that nothing listens."""
    entry = next((one for one in reversed(logs) if one.op_type in ("ACTION", "ALERT_QOS")), None)
    if told is not None:
        return told.reason, entry.description if entry else ""
    return (
        (entry.reason, entry.description)
        if entry
        else ("", "no rule listens: no dispatch rule matches, and no strategy's notice")
    )


def _rule(look: Look) -> str:
    found, strategy = dispatch(look), look.strategy
    if found is not None:
        plural = "s" if len(found.rule_ids) > 1 else ""
        return f"dispatch rule{plural} {', '.join(found.rule_ids)} of {found.group_name or found.group_id}"
    relation = notice_of(look)
    if relation is None or strategy is None:
        return ""
    return f"notice of strategy {strategy.id} ({strategy.name})" if groups_of(relation, strategy, None)[0] else ""


def _groups(look: Look) -> Iterator[Called]:
    relation = notice_of(look)
    if relation is None:
        return
    for ids, follows in zip(groups_of(relation, look.strategy, dispatch(look)), (False, True), strict=True):
        for group in filter(None, map(look.book.user_groups.get, ids)):
            yield _called(group, look, follows=follows)


def _called(group: UserGroup, look: Look, *, follows: bool) -> Called:
    alert = look.alert
    business = None if alert.bk_biz_id is None else str(alert.bk_biz_id)
    duty = on_duty(group, look.book, look.settings, look.now, business)
    found = receivers([group.id], [], alert, look.book, look.settings, look.now, upgrade=True)
    return Called(group.id, group.name, follows, duty.people, tuple(found.main), duty.next_people, duty.handover)


def _escalation(look: Look) -> Iterator[Step]:
    for one in escalations(look):
        if not one.config.is_enabled:
            continue
        for place, name in enumerate(one.config.user_groups, 1):
            after = place * one.config.upgrade_interval * MINUTE
            group = look.book.user_groups.get(name)
            people = on_duty(group, look.book, look.settings, look.now + after).people if group else ()
            yield Step(after, name, people)
