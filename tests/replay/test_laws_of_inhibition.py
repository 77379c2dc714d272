"""Laws of inhibition: whom it keeps silent and who is told late, in any history and whatever drives the stages (design 7.66)."""

import json
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.batch import key_of
from operators.converge.in_one_order import InOneOrder
from operators.intake.handover import Party, Planned, read_handed, time_of
from operators.intake.intake import Intake
from operators.intake.name import InForce
from operators.intake.poll import Polled, Raw
from operators.lifecycle.worker import Worker
from operators.model.alert import ABNORMAL
from operators.model.records import Notice
from operators.model.slot import SHARED
from tests.replay.driver import (
    T0,
    _prepared,
    command,
    delete,
    event,
    finished,
    lines_of,
    put,
    replay,
    replay_of,
    restarted,
    tick,
)

RULE = {
    "id": "host",
    "source": [{"field": "kind", "value": ["host"]}],
    "target": [{"field": "alert.severity", "value": ["2", "3"]}],
    "equal": ["instance"],
}
SITE = {
    "id": "site",
    "source": [{"field": "alert.name", "value": ["host h1"]}, {"field": "alert.severity", "value": ["1"]}],
    "target": [{"field": "kind", "value": ["service"]}],
}
NOTICE = {"signal": ["abnormal", "recovered", "closed", "ack"], "config": {"notify_interval": 120}}
UPGRADE = {"is_enabled": True, "upgrade_interval": 4, "user_groups": ["leads"]}
BOOK: dict[str, Any] = {
    "inhibits": [RULE],
    "strategies": [{"id": 1, "name": "watched", "notice": {**NOTICE, "user_groups": ["ops"], "options": {"upgrade_config": UPGRADE, "need_biz_converge": False}}}],
    "dispatch": [
        {
            "id": 1,
            "rules": [
                {
                    "id": 1,
                    "conditions": [{"field": "alert.event_source", "value": ["plain"]}],
                    "user_groups": ["ops"],
                    "actions": [{"action_type": "notice"}],
                }
            ],
        }
    ],
    "user_groups": [
        {"id": "ops", "name": "Ops", "users": ["alice", "bob"], "ways": ["mail"]},
        {"id": "leads", "name": "Leads", "users": ["lea"], "ways": ["mail"]},
    ],
}  # fmt: skip
SETTINGS = {
    "converge": {"window": 0, "delay": 0, "business_threshold": 1000},
    "default_notice": {**NOTICE, "options": {"need_biz_converge": False}},
    "flap": {"changes": 0},
}
END = 3000
AT = st.integers(0, 900)


def an_event(at: int, kind: str, instance: int, severity: int, status: str, strategy: int | None) -> dict[str, Any]:
    name = f"{kind} h{instance}"
    return event(
        at,
        status,
        event_id=f"{at}-{name}-{severity}-{status}-{strategy}",
        alert_name=name,
        target=f"{name} {strategy}",
        plugin_id="plain" if strategy is None else "p",
        severity=severity,
        strategy_id=strategy,
        tags=[{"key": "kind", "value": kind}, {"key": "instance", "value": f"h{instance}"}],
    )


EVENTS = st.builds(
    an_event,
    AT,
    st.sampled_from(["host", "service", "service"]),
    st.integers(1, 2),
    st.integers(1, 3),
    st.sampled_from(["ABNORMAL"] * 3 + ["RECOVERED"]),
    st.sampled_from([None, 1]),
)
HISTORY = st.lists(EVENTS, min_size=1, max_size=25).map(lambda lines: sorted(lines, key=lambda line: line["at"]))
SHIELD = {
    "category": "dimension",
    "dimension_config": {"dimension_conditions": [{"key": "kind", "value": ["service"]}]},
}
CHANGES = st.lists(
    st.one_of(
        st.builds(lambda at: put(at, inhibits=[SITE]), AT),
        st.builds(lambda at, names: put(at, inhibits=[{**RULE, "equal": names}]), AT, st.sampled_from([[], ["kind"], ["instance"]])),
        st.builds(lambda at, name: delete(at, inhibits=[name]), AT, st.sampled_from(["host", "site"])),
        st.builds(
            lambda at, begin, length: command(at, "shield", shield={**SHIELD, "id": "s", "begin_time": T0 + begin, "end_time": T0 + begin + length}),
            AT, AT, st.integers(0, 300),
        ),
    ),
    max_size=3,
)  # fmt: skip


def mixed(*parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted((line for part in parts for line in part), key=lambda line: line["at"])


def acked(lines: list[dict[str, Any]], places: list[int]) -> list[dict[str, Any]]:
    """Let bob acknowledge some of the alerts that the lines open, each ten seconds after its opening."""
    alerts = replay(BOOK, lines, settings=SETTINGS).alerts
    chosen = {place % len(alerts) for place in places} if alerts else set()
    acks = [command(alerts[one]["create_time"] - T0 + 10, "ack", alert_id=alerts[one]["id"]) for one in chosen]
    return mixed(lines, acks)


ACKS = st.lists(st.integers(0, 9), max_size=2)


def who_heard_what(notices: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    return {
        (one["time"], one["way"], who, one["signal"], alert)
        for one in notices
        for who in one["receivers"]
        for alert in one["alert_ids"]
    }


class Jobs:
    """Intake, workers of the job of alerts with slots of their own, and the job of notices, with bytes between them.

    A topic between jobs knows no order within a second: what the last worker wrote comes first.
    """

    def __init__(self, workers: int) -> None:
        self.settings, words, book = _prepared(json.dumps(BOOK), json.dumps(SETTINGS))
        self.intake = Intake(self.settings, lambda: book)
        self.reading = Intake(self.settings, lambda: book)
        """Of the job of notices; what it would say of the rules comes by the other one here."""
        self.reading.take(Polled())
        self.workers = [Worker(self.settings) for _ in range(workers)]
        self.notices = InOneOrder(self.settings, words)
        self.between: list[tuple[int, int, Any]] = []
        self.said: list[Any] = []
        for record in self.intake.take(Polled()).records:
            self.fold(record)

    def fold(self, record: Any) -> None:
        if isinstance(record.body, InForce):
            self.deliver(record.at)
            self.said += self.notices.take(record.body)
        key = key_of(record)
        for number, worker in enumerate(self.workers):
            of_this = key is None or (0 if key == SHARED else int(key, 16) % len(self.workers)) == number
            worker.speaks = number == 0
            if of_this:
                worker.fold(record)
            else:
                worker.advance(record.at)
            self.collect(number, worker)
        self.deliver(record.at)

    def collect(self, number: int, worker: Worker) -> None:
        for thing in worker.drain().handed:
            if not isinstance(thing, InForce):
                raw = msgspec.json.encode(thing)
                self.between.append((time_of(thing), -number, raw))

    def deliver(self, before: int) -> None:
        """Hand over what lies before a second: no worker writes there any more."""
        ready = sorted((one for one in self.between if one[0] < before), key=lambda one: one[:2])
        self.between = [one for one in self.between if one[0] >= before]
        for at, _, raw in ready:
            for thing in self.reading.take(Polled([Raw(at, "planned", "0:0", raw, "planned")])).handed:
                self.said += self.notices.take(thing)
        self.said += self.notices.advance(before) if before else []

    def run(self, lines: list[dict[str, Any]], until: int) -> list[dict[str, Any]]:
        for number, line in enumerate(lines, 1):
            raw = Raw(None, "input", str(number), json.dumps(line).encode(), "mixed")
            self.fold(self.intake.record(raw, floor=max(worker.clock for worker in self.workers)))
        for number, worker in enumerate(self.workers):
            worker.advance(T0 + until)
            worker.close()
            self.collect(number, worker)
        self.deliver(T0 + until + 1)
        self.said += self.notices.close()
        return [msgspec.to_builtins(one) for one in self.said if isinstance(one, Notice)]


@settings(max_examples=40, deadline=None)
@given(HISTORY, CHANGES, ACKS)
def test_three_jobs_and_two_workers_tell_the_same_people_the_same(lines, changes, places):
    lines = acked(mixed(lines, changes), places)
    alone = who_heard_what(replay(BOOK, lines, until=END, settings=SETTINGS).notices)
    assert who_heard_what(Jobs(1).run(lines, END)) == alone
    assert who_heard_what(Jobs(2).run(lines, END)) == alone


@settings(max_examples=40, deadline=None)
@given(HISTORY, CHANGES, ACKS, st.lists(st.integers(0, END), max_size=30))
def test_ticks_change_nothing(lines, changes, places, ticks):
    lines = acked(mixed(lines, changes), places)
    plain = replay(BOOK, lines, until=END, settings=SETTINGS)
    ticked = replay(BOOK, mixed(lines, [tick(at) for at in ticks]), until=END, settings=SETTINGS)
    for name in plain.bytes.keys() - {"dead_letters.jsonl"}:
        assert plain.bytes[name] == ticked.bytes[name], name


@settings(max_examples=40, deadline=None)
@given(HISTORY, CHANGES, ACKS, st.sets(st.integers(0, 30)))
def test_a_job_that_restarts_tells_what_one_that_never_stopped_tells(lines, changes, places, restarts):
    lines = acked(mixed(lines, changes), places)
    unbroken, broken = replay_of(BOOK, SETTINGS), replay_of(BOOK, SETTINGS)
    for number, line in enumerate(lines_of(lines)):
        unbroken.fold(line)
        if number in restarts:
            broken = restarted(broken, BOOK, SETTINGS)
        broken.fold(line)
    assert finished(broken, END).bytes == finished(unbroken, END).bytes


def open_at(alert: dict[str, Any], ends: dict[str, int], second: int) -> bool:
    return alert["create_time"] <= second < ends.get(alert["id"], second + 1)


def is_source(alert: dict[str, Any]) -> bool:
    return any(tag["key"] == "kind" and tag["value"] == "host" for tag in alert["event"]["tags"])


def is_target(alert: dict[str, Any]) -> bool:
    return alert["severity"] in (2, 3)


def instance_of(alert: dict[str, Any]) -> str:
    return next(tag["value"] for tag in alert["event"]["tags"] if tag["key"] == "instance")


def keeps_silent(source: dict[str, Any], target: dict[str, Any]) -> bool:
    both = is_source(source) and is_target(source), is_source(target) and is_target(target)
    return (
        is_source(source) and is_target(target) and instance_of(source) == instance_of(target) and both != (True, True)
    )


def is_told_as_ended(alert: dict[str, Any], ends: dict[str, int]) -> bool:
    """Return True if an alert ends while its first notice waits for what else its second brings (design.md 7.55)."""
    return is_target(alert) and ends[alert["id"]] == alert["create_time"]


@settings(max_examples=60, deadline=None)
@given(HISTORY, ACKS)
def test_nobody_hears_of_a_problem_while_it_is_inhibited_and_nobody_is_left_untold(lines, places):
    out = replay(BOOK, acked(lines, places), until=END, settings={**SETTINGS, "timeout": 86400})
    alerts = {one["id"]: one for one in out.alerts}
    ends = {one["alert_id"]: one["time"] for one in out.logs if one["op_type"] in ("RECOVER", "CLOSE")}
    told: dict[str, set[str]] = {}
    for notice in out.notices:
        for alert in (alerts[name] for name in notice["alert_ids"]):
            if notice["signal"] == "abnormal":
                sources = [
                    one for one in alerts.values() if keeps_silent(one, alert) and open_at(one, ends, notice["time"])
                ]
                assert not sources, "told while a source was open"
                told.setdefault(alert["dedupe_md5"], set()).update(notice["receivers"])
            elif notice["signal"] in ("recovered", "closed") and not is_told_as_ended(alert, ends):
                assert set(notice["receivers"]) <= told.get(alert["dedupe_md5"], set()), (
                    "an end of which nobody heard the problem"
                )
    for alert in alerts.values():
        silent = any(keeps_silent(one, alert) and one["status"] == ABNORMAL for one in alerts.values())
        if alert["status"] == ABNORMAL and not silent and not alert["is_ack"]:
            assert {"alice", "bob"} <= told.get(alert["dedupe_md5"], set()), "left untold"


def test_a_history_has_parties_and_plans_that_may_be_inhibited():
    """Else the laws above would hold of nothing."""
    jobs = Jobs(2)
    lines = [an_event(0, "host", 1, 1, "ABNORMAL", None), an_event(1, "service", 1, 2, "ABNORMAL", 1)]
    kinds = []
    collect = jobs.collect

    def seen(number: int, worker: Worker) -> None:
        before = len(jobs.between)
        collect(number, worker)
        kinds.extend(type(read_handed(raw, "planned")) for _, _, raw in jobs.between[before:])

    jobs.collect = seen  # type: ignore[method-assign]
    jobs.run(lines, 10)
    assert {Party, Planned} <= set(kinds)
