"""Deadlines are computed, not polled: at which seconds the checkers look at an alert (design.md 4, 7.36)."""

from typing import Any

import pytest

from tests.replay.driver import RULES, T0, check, command, finished, lines_of, put, replay_of, strategy_event, tick

ITEM = {"id": 1, "query_configs": [{"metric_id": "m", "agg_interval": 60}]}
EVENTS = {**ITEM, "query_configs": [{"metric_id": "m", "agg_interval": 60, "data_type_label": "event"}]}
LEVEL = {"level": 2, "trigger_config": {"count": 1, "check_window": 5}, "recovery_config": {"check_window": 3}}
SILENT = {"notice": None}


def rules(more: dict[str, Any] | None = None, **strategy: Any) -> dict[str, Any]:
    given = {"id": 1, "name": "CPU usage", "items": [ITEM], "detects": [LEVEL], "notice": {"user_groups": ["ops"]}}
    boss = {"id": "boss", "name": "Boss", "users": ["bob"], "ways": ["mail"]}
    groups = [*RULES["user_groups"], boss]
    return {"strategies": [given | strategy], "user_groups": groups, **(more or {})}


def looks(book: dict[str, Any], lines: list[Any], until: int = 0, settings: dict[str, Any] | None = None) -> list[int]:
    """Seconds after T0 at which the checkers looked at an open alert."""
    driver = replay_of(book, settings)
    seen: list[int] = []
    finish = driver.worker.finish

    def counted(turn, *, looks):
        if looks and turn.is_open:
            seen.append(turn.now - T0)
        finish(turn, looks=looks)

    driver.worker.finish = counted
    for line in lines_of(lines):
        driver.fold(line)
    finished(driver, until)
    return seen


def notice(**changes: Any) -> dict[str, Any]:
    return {"user_groups": ["ops"], **changes}


REPEAT = notice(config={"notify_interval": 600})
ESCALATE = notice(
    options={"upgrade_config": {"is_enabled": True, "upgrade_interval": 10, "user_groups": ["boss", "ops"]}},
    config={"need_poll": False},
)
QUIET = notice(config={"need_poll": False})
SHIELD = {"id": 1, "category": "strategy", "begin_time": T0 + 300, "end_time": T0 + 500, "dimension_config": {"strategy_id": [1]}}  # fmt: skip
HOURS = {"time_ranges": [{"start": "00:00", "end": "22:20"}]}
"""T0 is 22:13:20, so the active time ends 460 s later."""


@pytest.mark.parametrize(
    ("book", "expected"),
    [
        (rules(notice=QUIET), [0, 1801]),
        (rules(notice=QUIET, items=[EVENTS]), [0, 300, 420]),
        (rules(notice=REPEAT), [0, 600, 1801]),
        (rules(notice=ESCALATE), [0, 600, 1200, 1801]),
        (rules({"shields": [SHIELD]}, notice=QUIET), [0, 300, 501, 1801]),
        (rules(notice=QUIET, detects=[{**LEVEL, "trigger_config": {"uptime": HOURS}}]), [0, 460]),
        (rules(notice=QUIET, detects=[{**LEVEL, "recovery_config": {"status_setter": "recovery-nodata"}}]), [0, 660]),
        (rules(items=[], detects=[], notice=QUIET, timeout=900), [0, 900]),
        (rules(items=[], detects=[], notice=QUIET), [0]),
    ],
)
def test_an_alert_is_looked_at_when_a_verdict_may_change_and_not_before(book, expected):
    ticks = [tick(at) for at in range(1, 4000)]
    assert looks(book, [strategy_event(0), *ticks], until=4000) == expected


def test_each_check_is_looked_at():
    lines = [strategy_event(0), *(check(at, anomaly=True, level=2) for at in range(60, 600, 60))]
    assert looks(rules(notice=QUIET), lines, until=600) == [0, *range(60, 600, 60)]


def test_a_repeat_that_changes_no_verdict_is_not_looked_at():
    lines = [strategy_event(at) for at in range(0, 1740, 20)]
    assert looks(rules(notice=QUIET), lines, until=1740) == [0]


def test_a_look_comes_at_its_second_and_not_with_the_repeats_before_it():
    lines = [strategy_event(at) for at in range(0, 3600, 20)]
    assert looks(rules(notice=QUIET), lines, until=3700) == [0, 1801, 3601]


@pytest.mark.parametrize(
    ("between", "expected"),
    [
        ([], []),
        ([check(10, anomaly=False, time=T0 + 100, dedupe_md5="a" * 32)], [10, 50]),
        ([command(10, "ack", dedupe_md5="a" * 32)], [10]),
        ([put(49, strategies=rules(notice=QUIET, labels=["x"])["strategies"])], [50]),
    ],
)
def test_a_repeat_is_looked_at_where_something_else_may_change(between, expected):
    """A newer check makes the event late; a new book is looked at within `check_interval`."""
    same = {"dedupe_md5": "a" * 32}
    lines = [strategy_event(0, **same), *between, strategy_event(50, **same)]
    assert looks(rules(notice=QUIET), lines, until=120)[1:] == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"tags": [{"key": "zone", "value": "b"}]},
        {"metric": ["other"]},
        {"plugin_id": "q", "dedupe_md5": "a" * 32},
        {"target": "10.0.0.2", "dedupe_md5": "a" * 32},
        {"extra_info": {"origin_alarm": {"data": {"dimensions": {"rack": "7"}}}}},
    ],
)
def test_a_repeat_that_rules_may_see_differently_is_looked_at(changes):
    first = {"dedupe_md5": "a" * 32} if "dedupe_md5" in changes else {}
    lines = [strategy_event(0, **first), strategy_event(60, **changes)]
    assert looks(rules(notice=QUIET), lines, until=60) == [0, 60]


def test_a_repeat_with_other_values_and_the_same_dimensions_is_not_looked_at():
    origin = {"data": {"dimensions": {"rack": "7"}, "value": 1}}
    other = {"data": {"dimensions": {"rack": "7"}, "value": 2}}
    lines = [
        strategy_event(0, extra_info={"origin_alarm": origin}),
        strategy_event(60, extra_info={"origin_alarm": other}),
    ]
    assert looks(rules(notice=QUIET), lines, until=60) == [0]
