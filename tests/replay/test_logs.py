"""The alert log: runs, order, what an entry holds (replay.md Output; spec/lifecycle.md 2.10)."""

import pytest

from operators.model.moves import MOVES
from operators.model.reason import DeadReason, OpType, Reason
from tests.replay.driver import RULES, T0, command, event, put, replay, strategy_event, tick


def runs(out, op="CONVERGE"):
    """Rows (begin, time, count) of the runs, in seconds after T0."""
    return [(entry["begin"] - T0, entry["time"] - T0, entry["count"]) for entry in out.told(op)]


# --- runs


def test_a_run_of_repeats_is_one_entry():
    out = replay({}, [event(n) for n in (0, 10, 20, 30)])
    assert out.story() == [(0, "CREATE"), (30, "CONVERGE")]
    assert runs(out) == [(10, 30, 3)]


def test_a_run_tells_its_last_member():
    out = replay({}, [event(0), event(10, description="a"), event(20, time=T0 + 15, description="b")])
    (entry,) = out.told("CONVERGE")
    assert (entry["event_id"], entry["event_time"]) == (out.events[-1]["id"], T0 + 15)
    assert (entry["description"], entry["reason"], entry["severity"]) == ("b", "repeated", 2)


@pytest.mark.parametrize(
    ("last", "expected"),
    [(69, [(10, 69, 2)]), (70, [(10, 10, 1), (70, 70, 1)]), (71, [(10, 10, 1), (71, 71, 1)])],
)
def test_a_run_is_closed_sixty_seconds_after_its_first_member(last, expected):
    assert runs(replay({}, [event(0), event(10), event(last)])) == expected


def test_a_run_stays_open_however_short_its_gaps():
    assert runs(replay({}, [event(0), *(event(n) for n in range(10, 200, 10))])) == [
        (10, 60, 6), (70, 120, 6), (130, 180, 6), (190, 190, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("until", [None, 10, 69, 70, 1000])
def test_an_open_run_is_written_at_the_end(until):
    assert runs(replay({}, [event(0), event(10)], until)) == [(10, 10, 1)]


@pytest.mark.parametrize(
    "between",
    [command(15, "comment", message="hm", dedupe_md5="{}"), event(15, severity=3), command(15, "ack", dedupe_md5="{}")],
)
def test_any_other_entry_closes_a_run(between):
    md5 = replay({}, [event(0)]).alert["dedupe_md5"]
    line = {**between, **({"dedupe_md5": md5} if between.get("dedupe_md5") else {})}
    out = replay({}, [event(0), event(10), line, event(20)])
    assert runs(out) == [(10, 10, 1), (20, 20, 1)]
    assert [entry["time"] - T0 for entry in out.logs] == [0, 10, 15, 20]


def test_ticks_do_not_close_a_run():
    assert runs(replay({}, [event(0), event(10), tick(15), event(20)])) == [(10, 20, 2)]


def test_events_of_other_alerts_do_not_close_a_run():
    assert runs(replay({}, [event(0), event(10), event(12, target="other"), event(20)])) == [(10, 20, 2)]


def test_milder_events_make_runs_of_their_own():
    out = replay({}, [event(0), event(5, severity=3), event(10, severity=3), event(15), event(20, severity=3)])
    assert out.story("count") == [(0, "CREATE", 1), (10, "EVENT_DROP", 2), (15, "CONVERGE", 1), (20, "EVENT_DROP", 1)]


def test_a_dropped_event_is_told_with_its_own_severity():
    out = replay({}, [event(0, severity=1), event(5, severity=3)])
    (entry,) = out.told("EVENT_DROP")
    assert (entry["severity"], entry["reason"], entry["status"]) == (3, "milder", "ABNORMAL")


def test_late_repeats_belong_to_the_run():
    out = replay({}, [event(100), event(110), event(112, time=T0 + 50)])
    assert runs(out) == [(110, 112, 2)]
    assert out.told("CONVERGE")[0]["reason"] == "out_of_order"


def test_duplicates_do_not_count_in_a_run():
    assert runs(replay({}, [event(0), event(10), {**event(10), "at": T0 + 20}])) == [(10, 10, 1)]


def test_a_run_ends_with_its_alert():
    out = replay({}, [event(0), event(10), event(20, "CLOSED"), event(30), event(35)])
    assert out.story() == [(0, "CREATE"), (10, "CONVERGE"), (20, "CLOSE"), (30, "CREATE"), (35, "CONVERGE")]


# --- entries


def test_an_entry_names_its_alert_and_event():
    out = replay({}, [event(5, time=T0 + 3, description="d")])
    (entry,) = out.logs
    assert (entry["alert_id"], entry["dedupe_md5"]) == (out.alert["id"], out.alert["dedupe_md5"])
    assert (entry["event_id"], entry["event_time"], entry["time"]) == (out.events[0]["id"], T0 + 3, T0 + 5)
    assert (entry["description"], entry["severity"], entry["status"]) == ("d", 2, "ABNORMAL")
    assert (entry["next_status"], entry["next_status_time"]) == ("CLOSED", T0 + 3605)


@pytest.mark.parametrize(
    ("status", "op", "reason"), [("RECOVERED", "RECOVER", "recovered_by_event"), ("CLOSED", "CLOSE", "closed_by_event")]
)
def test_an_end_is_told_at_stream_time_with_its_event(status, op, reason):
    out = replay({}, [event(0), event(50, status, time=T0 - 10, description="well")])
    entry = out.logs[-1]
    assert (entry["time"] - T0, entry["op_type"], entry["reason"]) == (50, op, reason)
    assert (entry["event_id"], entry["event_time"]) == (out.events[-1]["id"], T0 - 10)
    assert (entry["description"], entry["status"]) == ("well", status)
    assert entry.get("next_status") is None


def test_a_supersede_is_a_close_and_a_create():
    out = replay({}, [event(0), event(10, severity=1)])
    assert out.story("reason", "severity") == [
        (0, "CREATE", "opened", 2), (10, "CLOSE", "worse", 2), (10, "CREATE", "opened", 1),
    ]  # fmt: skip
    assert out.logs[1]["event_id"] == out.logs[2]["event_id"] == out.events[-1]["id"]


def test_what_nobody_did_has_no_event():
    out = replay({}, [event(0)], 4000)
    assert out.logs[-1]["op_type"] == "SYSTEM_CLOSE"
    assert out.logs[-1].get("event_id") is None


# --- order


def test_entries_stand_in_the_order_of_time():
    out = replay(
        {},
        [event(0), event(1, target="b"), event(30), event(31, target="b"), event(40, "CLOSED", target="b"), event(50)],
        5000,
    )
    times = [entry["time"] for entry in out.logs]
    assert times == sorted(times)


def told_by_target(out, told):
    """Rows (target, what was told) of the second T0 + 9."""
    names = {alert["id"]: alert["event"]["target"] for alert in out.alerts}
    rows = [
        (one.get("alert_id") or one["alert_ids"][0], one.get("op_type") or one["signal"])
        for one in told
        if one["time"] == T0 + 9
    ]
    return [(names[alert_id], what) for alert_id, what in rows if what not in ("ACTION", "CONVERGE")]


def of_one_second(*lines):
    return replay(RULES, [strategy_event(0, target="a"), strategy_event(0, target="c"), *lines])


def test_within_a_second_ends_stand_before_openings_of_others():
    out = of_one_second(strategy_event(9, target="b"), strategy_event(9, "CLOSED", target="a"))
    assert told_by_target(out, out.logs) == [("a", "CLOSE"), ("b", "CREATE")]
    for told in (out.signals, out.actions):
        assert told_by_target(out, told) == [("a", "closed"), ("b", "abnormal")]


def test_what_opens_and_ends_within_a_second_stands_between():
    out = of_one_second(
        strategy_event(9, target="d", event_id="d"),
        strategy_event(9, target="b"),
        strategy_event(9, "CLOSED", target="b", event_id="x"),
        strategy_event(9, "CLOSED", target="a"),
        strategy_event(9, "RECOVERED", target="c"),
    )
    assert told_by_target(out, out.logs) == [
        ("a", "CLOSE"),
        ("c", "RECOVER"),
        ("b", "CREATE"),
        ("b", "CLOSE"),
        ("d", "CREATE"),
    ]


def test_a_supersede_closes_before_it_opens():
    out = of_one_second(strategy_event(9, target="b"), strategy_event(9, target="a", severity=1))
    assert told_by_target(out, out.logs) == [("a", "CLOSE"), ("b", "CREATE"), ("a", "CREATE")]
    assert told_by_target(out, out.signals) == [("a", "closed"), ("b", "abnormal"), ("a", "abnormal")]


def test_of_one_alert_entries_stand_as_they_were_made():
    out = replay(RULES, [strategy_event(0), strategy_event(9, event_id="x"), strategy_event(9, "CLOSED")])
    assert out.story(without=()) == [(0, "CREATE"), (0, "ACTION"), (9, "CONVERGE"), (9, "CLOSE"), (9, "ACTION")]


def test_an_end_by_circuit_breaking_stands_before_openings_too():
    cut = [{"id": 1, "module": "alert.builder", "conditions": [{"key": "strategy_id", "method": "eq", "value": ["1"]}]}]
    out = replay(RULES, [strategy_event(0), put(5, circuit_breaking=cut), event(9), strategy_event(9)])
    assert next((one["op_type"], one["status"]) for one in out.logs if one["time"] == T0 + 9) == ("ALERT_QOS", "CLOSED")


# --- closed lists


def test_every_entry_has_an_op_type_and_a_reason_of_the_closed_lists():
    lines = [
        strategy_event(n, status, severity=1 + n % 3)
        for n, status in enumerate(["ABNORMAL", "RECOVERED", "CLOSED"] * 10)
    ]
    for entry in replay(RULES, lines, 9000).logs:
        assert entry["op_type"] in set(OpType)
        assert entry["reason"] in set(Reason)


def test_every_move_is_possible_where_it_begins_and_told_by_one_op_type():
    for reason, move in MOVES.items():
        assert move.source in (None, "ABNORMAL")
        assert (move.source is None) == (reason is Reason.OPENED)
        assert move.target in ("ABNORMAL", "RECOVERED", "CLOSED")


def test_reasons_read_as_words():
    for name in (*Reason, *DeadReason):
        assert name.value == name.name.lower()


# --- documents


def test_revisions_rise_and_the_last_document_counts():
    out = replay(RULES, [strategy_event(0), strategy_event(10), strategy_event(20, "CLOSED")])
    assert out.alert["revision"] == 2  # the opening, and the end with the repeat before it
    assert out.alert["generation"] == T0


def test_a_noisy_alert_writes_its_document_once_a_minute():
    out = replay({}, [event(n) for n in range(0, 120, 2)])
    assert out.alert["revision"] == 3
    assert out.alert["event_count"] == 60
