"""Laws: what holds for any history of events, commands, shields and rules (design.md 4; replay.md)."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.replay.driver import (
    RULES,
    T0,
    check,
    command,
    delete,
    finished,
    lines_of,
    put,
    replay,
    replay_of,
    restarted,
    strategy_event,
    tick,
)

GROUPS = [
    {"id": "ops", "name": "Ops", "users": ["alice", "bob"], "ways": ["mail", "voice"]},
    {"id": "lead", "name": "Lead", "users": ["lea"], "ways": ["mail"]},
]
NOTICE = {
    "signal": ["abnormal", "recovered", "closed", "no_data", "ack"],
    "user_groups": ["ops"],
    "config": {"notify_interval": 120, "interval_notify_mode": "increasing"},
    "options": {"upgrade_config": {"is_enabled": True, "upgrade_interval": 3, "user_groups": ["lead", "ops"]}},
}
NOISY = {**NOTICE, "options": {"noise_reduce_config": {"is_enabled": True, "dimensions": ["device"], "count": 50}}}
ITEMS = [{"id": 1, "query_configs": [{"metric_id": "cpu", "agg_interval": 60}]}]
DETECTS = [
    {"level": level, "trigger_config": {"count": 1, "check_window": 2}, "recovery_config": {"check_window": 3}}
    for level in (1, 2, 3)
]
BOOK = {
    "strategies": [
        {"id": 1, "name": "one", "notice": NOTICE, "items": ITEMS, "detects": DETECTS},
        {"id": 2, "name": "two", "notice": NOISY},
        {
            "id": 3,
            "name": "three",
            "notice": {"user_groups": ["ops"]},
            "actions": [{"id": 9, "signal": ["abnormal"], "config": {"url": "http://127.0.0.1/"}}],
        },
    ],
    "user_groups": GROUPS,
    "dispatch": [
        {
            "id": 1,
            "rules": [
                {
                    "id": 1,
                    "conditions": [{"field": "tags.device", "method": "eq", "value": ["d1"]}],
                    "user_groups": ["lead"],
                    "alert_severity": 3,
                    "actions": [
                        {
                            "action_type": "notice",
                            "upgrade_config": {"is_enabled": True, "upgrade_interval": 2, "user_groups": ["ops"]},
                        }
                    ],
                }
            ],
        }
    ],
}
SETTINGS = {
    "quota": {"action": {"threshold": 3, "window": 60}, "alert": {"threshold": 4}},
    "converge": {"business_threshold": 1},
    "noise_reduce": {"window": 90},
}

AT = st.integers(0, 900)


def an_event(at: int, strategy: int, device: int, severity: int, status: str) -> dict[str, Any]:
    fields = {"tags": [{"key": "device", "value": f"d{device}"}], "dedupe_keys": ["tags.device"]}
    return strategy_event(
        at,
        status,
        event_id=f"{at}-{strategy}-{device}-{severity}-{status}",
        strategy_id=strategy,
        severity=severity,
        **fields,
    )


def a_check(at: int, device: int, anomaly: bool) -> dict[str, Any]:
    return check(
        at, anomaly=anomaly, level=2, tags=[{"key": "device", "value": f"d{device}"}], dedupe_keys=["tags.device"]
    )


def a_shield(at: int, begin: int, length: int) -> dict[str, Any]:
    shield = {
        "id": 1,
        "begin_time": T0 + begin,
        "end_time": T0 + begin + length,
        "category": "scope",
        "scope_type": "biz",
    }
    return command(at, "shield", shield=shield)


def a_change(at: int, interval: int) -> dict[str, Any]:
    changed = {**NOTICE, "config": {"notify_interval": interval}}
    return put(at, strategies=[{"id": 1, "name": "one", "notice": changed, "items": ITEMS, "detects": DETECTS}])


EVENTS = st.builds(
    an_event,
    AT,
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from(["ABNORMAL"] * 4 + ["RECOVERED"]),
)
LINES = st.lists(
    st.one_of(
        EVENTS,
        EVENTS,
        EVENTS,
        st.builds(a_check, AT, st.integers(1, 3), st.booleans()),
        st.builds(a_shield, AT, AT, st.integers(0, 300)),
        st.builds(a_change, AT, st.sampled_from([60, 300])),
        st.builds(lambda at: delete(at, dispatch=[1]), AT),
    ),
    min_size=1,
    max_size=30,
).map(lambda lines: sorted(lines, key=lambda line: line["at"]))


def acked(lines: list[dict[str, Any]], places: list[int]) -> list[dict[str, Any]]:
    """Let bob acknowledge some of the alerts that the lines open, each ten seconds after its opening."""
    alerts = replay(BOOK, lines, settings=SETTINGS).alerts
    acks = [
        command(alert["create_time"] - T0 + 10, "ack", alert_id=alert["id"])
        for alert in alerts
        for place in places
        if alert is alerts[place % len(alerts)]
    ]
    return sorted([*lines, *acks], key=lambda line: line["at"]) if alerts else lines


@settings(max_examples=40)
@given(LINES, st.lists(st.integers(0, 5), max_size=2), st.lists(st.integers(0, 1500), max_size=40))
def test_ticks_change_nothing(lines, places, ticks):
    lines = acked(lines, places)
    ticking = sorted([*lines, *map(tick, ticks)], key=lambda line: line["at"])
    plain, ticked = (replay(BOOK, rows, until=1600, settings=SETTINGS) for rows in (lines, ticking))
    for name in plain.bytes.keys() - {"dead_letters.jsonl"}:
        assert plain.bytes[name] == ticked.bytes[name], name


@settings(max_examples=40)
@given(LINES, st.lists(st.integers(0, 5), max_size=2))
def test_a_prefix_says_what_the_whole_says_up_to_there(lines, places):
    lines = acked(lines, places)
    half = len(lines) // 2
    whole = replay(BOOK, lines, until=1600, settings=SETTINGS)
    horizon = lines[half]["at"]
    for name in ("signals", "notices"):
        begun = getattr(replay(BOOK, lines[:half], settings=SETTINGS), name)
        told = getattr(whole, name)
        assert [one for one in begun if one["time"] < horizon] == [one for one in told if one["time"] < horizon][
            : len(begun)
        ]


@settings(max_examples=40)
@given(LINES, st.lists(st.integers(0, 5), max_size=2), st.sets(st.integers(0, 30)))
def test_a_worker_that_restarts_tells_what_one_that_never_stopped_tells(lines, places, restarts):
    lines = acked(lines, places)
    unbroken, broken = replay_of(BOOK, SETTINGS), replay_of(BOOK, SETTINGS)
    for number, line in enumerate(lines_of(lines)):
        unbroken.fold(line)
        if number in restarts:
            broken = restarted(broken, BOOK, SETTINGS)
        broken.fold(line)
    assert finished(broken, 1600).bytes == finished(unbroken, 1600).bytes


@settings(max_examples=60)
@given(LINES, st.lists(st.integers(0, 5), max_size=2))
def test_what_is_told_fits_together(lines, places):
    out = replay(BOOK, acked(lines, places), until=1600, settings=SETTINGS)
    alerts = {one["id"]: one for one in out.alerts}
    actions = {one["id"]: one for one in out.actions}
    assert len(actions) == len(out.actions)
    assert len({one["id"] for one in out.notices}) == len(out.notices)
    assert len({one["id"] for one in out.logs}) == len(out.logs)
    told = set()
    for notice in out.notices:
        assert set(notice["alert_ids"]) <= alerts.keys()
        assert notice["receivers"]
        for action in map(actions.__getitem__, notice["action_ids"]):
            assert action["status"] in ("success", "skipped")
            assert action["time"] <= notice["time"]
            assert (action["signal"], action["notice_type"]) == (notice["signal"], notice["notice_type"]) or notice[
                "action_ids"
            ][0] != action["id"]
            for who in notice["receivers"]:
                place = (action["id"], notice["way"], who)
                assert place not in told or notice["way"] == "voice"
                told.add(place)
    for action in out.actions:
        if action["reason"] in ("shielded_by_rule", "nobody", "noise_held", "noise_suppressed", "signal_stale"):
            assert not [one for one in out.notices if action["id"] in one["action_ids"]]
    cycles: dict[tuple[str, str], int] = {}
    for action in out.actions:
        if action["signal"] in ("abnormal", "no_data") and action["notice_type"] != "upgrade":
            place = (action["alert_ids"][0], action["relation_id"])
            assert action["execute_times"] == cycles.get(place, 0) + 1
            cycles[place] = action["execute_times"]


@settings(max_examples=60)
@given(LINES)
def test_each_transition_signals_once(lines):
    out = replay(BOOK, lines, until=1600, settings=SETTINGS)
    for alert in out.alerts:
        said = [
            one["signal"] for one in out.signals if one["alert_id"] == alert["id"] and one["notice_type"] == "normal"
        ]
        ends = {"ABNORMAL": [], "RECOVERED": ["recovered"], "CLOSED": ["closed"]}[alert["status"]]
        assert said == ([] if alert["is_blocked"] else ["abnormal", *ends])


@settings(max_examples=40)
@given(
    at=st.integers(1, 300),
    interval=st.integers(1, 120),
    hosts=st.lists(st.integers(1, 250), min_size=1, max_size=6, unique=True),
)
def test_a_change_of_rules_is_felt_within_the_check_interval(at, interval, hosts):
    shield = {"id": 1, "begin_time": T0, "end_time": T0 + 10000, "dimension_config": {"strategy_id": [1]}}
    lines = [
        *(strategy_event(0, target=f"10.0.0.{host}", event_id=str(host)) for host in hosts),
        put(at, shields=[shield]),
    ]
    out = replay(RULES, lines, until=at + interval, settings={"check_interval": interval})
    times = [entry["time"] - T0 for entry in out.told("SHIELD")]
    assert len(times) == len(hosts)
    assert all(at <= time <= at + interval for time in times)
