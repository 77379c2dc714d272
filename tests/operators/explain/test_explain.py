"""What `tocsin explain` tells: what happened, why people were not told, and what is next."""

from typing import Any

import msgspec
import pytest

from operators.check.results import fold_check
from operators.check.verdict import Verdict
from operators.explain.case import Window
from operators.explain.explain import Deadline, explain
from operators.explain.text import REASON_TEXT
from operators.lifecycle import checkers
from operators.lifecycle.checkers import Checker, everyone
from operators.model.alert import Alert, CycleRecord, Extra, UpgradeRecord
from operators.model.check import CheckResult
from operators.model.event import Event
from operators.model.memory import Anomaly, CheckMemory, Flapping, Retry, Waiting
from operators.model.reason import OpType, Reason
from operators.model.records import Action, Delivery, LogEntry, Notice, ReceiverResult
from operators.rules.ask.inhibition import Inhibitor
from operators.rules.book import RuleBook
from operators.rules.read.load import load
from operators.state.state import State

NOW = 1763900000
"""Sunday, 23 November 2025, 12:13:20 UTC."""


def event(**changed: Any) -> Event:
    values = {
        "id": "e1", "event_id": "e1", "plugin_id": "bkmonitor", "strategy_id": "1", "alert_name": "CPU usage", "severity": 2,
        "data_type": "time_series", "category": "os", "target": "10.0.0.1", "target_type": "", "status": "ABNORMAL",
        "time": NOW - 600, "anomaly_time": NOW - 600, "bk_biz_id": 2,
    }  # fmt: skip
    return Event(**(values | changed))


def alert(**changed: Any) -> Alert:
    values = {
        "id": f"{NOW - 600}0123456789ab", "seq_id": "0123456789ab", "dedupe_md5": "a" * 32, "strategy_id": "1", "bk_biz_id": 2,
        "alert_name": "CPU usage", "status": "ABNORMAL", "severity": 2, "event": event(), "create_time": NOW - 600,
        "update_time": NOW, "begin_time": NOW - 600, "latest_time": NOW - 60, "first_anomaly_time": NOW - 600, "is_handled": True,
    }  # fmt: skip
    return Alert(**(values | changed))


def entry(op_type: OpType, reason: Reason, time: int = NOW - 600, **changed: Any) -> LogEntry:
    values = {
        "id": "x",
        "time": time,
        "alert_id": alert().id,
        "dedupe_md5": "a" * 32,
        "op_type": op_type,
        "reason": reason,
    }
    return LogEntry(**(values | changed))


def action(**changed: Any) -> Action:
    values = {
        "id": "a1", "time": NOW - 600, "alert_ids": (alert().id,), "strategy_id": "1", "relation_id": "notice", "plugin_type": "notice",
        "signal": "abnormal", "notice_type": "normal", "execute_times": 1, "status": "success", "receivers": {"mail": ["alice"]},
    }  # fmt: skip
    return Action(**(values | changed))


STRATEGY = """
strategies:
  - id: 1
    name: CPU usage
    bk_biz_id: 2
    {items}
    notice: {notice}
user_groups:
  - {{id: ops, name: Ops, users: [alice], ways: [mail]}}
  - {{id: boss, name: Boss, users: [bob], ways: [mail]}}
{more}
"""
NOTICE = "{user_groups: [ops]}"


@pytest.fixture
def rules(tmp_path):
    def made(*, notice: str = NOTICE, items: str = "", more: str = ""):
        (tmp_path / "rules.yaml").write_text(STRATEGY.format(notice=notice, items=items, more=more))
        book, errors = load([tmp_path])
        assert not errors, errors
        return book

    return made


def test_the_headline_says_what_the_alert_is():
    assert explain(alert(), [], [], now=NOW).headline == "ABNORMAL warning: CPU usage on 10.0.0.1 (strategy 1, 1 event)"


def test_an_open_alert_in_recovery_is_called_recovering():
    recovering = alert(extra_info=Extra(is_recovering=True))
    assert explain(recovering, [], [], now=NOW).headline.startswith("RECOVERING ")


def test_a_third_party_alert_names_its_plugin():
    assert "(plugin bkmonitor, 1 event)" in explain(alert(strategy_id=""), [], [], now=NOW).headline


def test_every_log_entry_is_a_line_with_the_sentence_of_its_reason():
    lines = explain(alert(), [entry(OpType.CREATE, Reason.OPENED, description="91%")], [], now=NOW).lines
    assert [(line.time, line.what, line.why, line.detail) for line in lines] == [
        (NOW - 600, "alert opened", REASON_TEXT[Reason.OPENED], "91%")
    ]


def test_a_run_says_how_many_events_it_was():
    lines = explain(alert(), [entry(OpType.CONVERGE, Reason.REPEATED, count=7)], [], now=NOW).lines
    assert lines[0].what == "7 events folded in"


def test_runs_that_follow_each_other_are_one_line_and_another_entry_ends_it():
    logs = [
        entry(OpType.CONVERGE, Reason.REPEATED, NOW - 90, count=3, begin=NOW - 100),
        entry(OpType.CONVERGE, Reason.REPEATED, NOW - 50),
        entry(OpType.EVENT_DROP, Reason.MILDER, NOW - 40),
        entry(OpType.CONVERGE, Reason.REPEATED, NOW - 30),
    ]
    told = [(line.time, line.until, line.what) for line in explain(alert(), logs, [], now=NOW).lines]
    assert told == [
        (NOW - 100, NOW - 50, "4 events folded in"),
        (NOW - 40, None, "event dropped"),
        (NOW - 30, None, "event folded in"),
    ]


def test_entries_of_other_kinds_stand_alone():
    logs = [entry(OpType.COMMENT, Reason.COMMENTED, id="1"), entry(OpType.COMMENT, Reason.COMMENTED, id="2")]
    assert len(explain(alert(), logs, [], now=NOW).lines) == 2


def test_a_line_names_the_operator():
    lines = explain(alert(), [entry(OpType.ACK, Reason.ACKED, operator="bob", description="on it")], [], now=NOW).lines
    assert lines[0].detail == "on it; by bob"


def test_reasons_and_types_of_a_newer_version_are_shown_by_name():
    newer = msgspec.structs.replace(entry(OpType.CREATE, Reason.OPENED), op_type="TELEPORT", reason="moon_phase")
    line = explain(alert(), [newer], [], now=NOW).lines[0]
    assert (line.what, line.why) == ("TELEPORT", "moon_phase")


@pytest.mark.parametrize(
    ("results", "final", "what", "reason", "detail"),
    [
        (
            {"alice": ReceiverResult(True, "250 OK")},
            True,
            "notice of abnormal by mail",
            Reason.DELIVERED,
            "alice: 250 OK",
        ),
        (
            {"alice": ReceiverResult(True), "bob": ReceiverResult(False, "550")},
            True,
            "notice of abnormal by mail",
            Reason.PARTLY_DELIVERED,
            "alice; bob: 550",
        ),
        (
            {"alice": ReceiverResult(False, "451")},
            False,
            "notice of abnormal by mail, to be tried again",
            Reason.NOT_DELIVERED,
            "alice: 451",
        ),
    ],
)
def test_a_delivery_is_a_line_of_its_own(results, final, what, reason, detail):
    told = action(deliveries={"n1": Delivery("mail", 1, NOW - 598, final, results)})
    line = explain(alert(), [], [told], now=NOW).lines[0]
    assert (line.time, line.what, line.reason, line.detail) == (NOW - 598, what, reason, detail)


def test_what_became_of_an_action_later_is_a_line_and_what_the_log_told_already_is_not():
    logged = entry(OpType.ACTION, Reason.NOISE_HELD)
    suppressed = action(status="skipped", reason=Reason.NOISE_SUPPRESSED)
    lines = explain(alert(), [logged], [suppressed], now=NOW).lines
    assert [line.reason for line in lines] == [Reason.NOISE_HELD, Reason.NOISE_SUPPRESSED]
    assert len(explain(alert(), [logged], [action(status="received", reason=Reason.NOISE_HELD)], now=NOW).lines) == 1


def test_a_notice_says_whom_it_went_to_and_that_it_was_a_summary():
    summary = Notice(
        id="n1", time=NOW - 500, way="mail", receivers=("alice", "bob"), followed=False, signal="abnormal", notice_type="normal",
        collect_type="converge", alert_ids=(alert().id, "2", "3"), action_ids=("a1",), title="3 alerts", content="",
    )  # fmt: skip
    line = explain(alert(), [], [], notices=[summary], now=NOW).lines[0]
    assert (line.what, line.why) == ("notice by mail handed to alice, bob", "A summary of this and 2 more alerts.")


def test_lines_stand_in_order_of_time():
    logs = [entry(OpType.CREATE, Reason.OPENED), entry(OpType.CONVERGE, Reason.REPEATED, NOW - 10)]
    told = action(deliveries={"n1": Delivery("mail", 1, NOW - 598, True, {"alice": ReceiverResult(True)})})
    assert [line.time for line in explain(alert(), logs, [told], now=NOW).lines] == [NOW - 600, NOW - 598, NOW - 10]


def reasons(story) -> list[str]:
    return [found.reason for found in story.why_not]


def test_nothing_held_back_an_alert_that_was_told():
    logs = [entry(OpType.CREATE, Reason.OPENED), entry(OpType.ACTION, Reason.PLANNED)]
    assert explain(alert(), logs, [action()], now=NOW).why_not == ()


@pytest.mark.parametrize(
    ("op_type", "reason"),
    [
        (OpType.EVENT_DROP, Reason.MILDER),
        (OpType.ALERT_QOS, Reason.ALERT_QUOTA),
        (OpType.ACTION_QOS, Reason.ACTION_QUOTA),
        (OpType.ACTION, Reason.SIGNAL_NOT_WANTED),
        (OpType.ACTION, Reason.SIGNAL_MUTED_BY_ACK),
        (OpType.ACTION, Reason.TOO_OLD),
        (OpType.ACTION, Reason.SHIELDED_BY_RULE),
        (OpType.ACTION, Reason.SHIELDED_GLOBALLY),
        (OpType.ACTION, Reason.SHIELDED_BY_HOST_STATE),
        (OpType.ACTION, Reason.UNSHIELD_WITHHELD),
        (OpType.ACTION, Reason.NOBODY),
        (OpType.ACTION, Reason.MERGED),
        (OpType.ACTION, Reason.OUTSIDE_NOTICE_TIME),
        (OpType.ACTION, Reason.NOISE_HELD),
        (OpType.ACTION, Reason.VOICE_DUPLICATE),
        (OpType.ACTION, Reason.CIRCUIT_BREAKING),
        (OpType.UPGRADE, Reason.NOBODY),
    ],
)
def test_what_the_log_says_was_held_back_is_a_finding(op_type, reason):
    story = explain(
        alert(status="CLOSED", end_time=NOW), [entry(op_type, reason, description="so it was")], [], now=NOW
    )
    found = story.why_not[0]
    assert (found.reason, found.why, found.detail, found.since) == (reason, REASON_TEXT[reason], "so it was", NOW - 600)


def test_findings_of_one_reason_are_counted_together():
    logs = [
        entry(OpType.EVENT_DROP, Reason.MILDER, NOW - 100, count=3, begin=NOW - 150),
        entry(OpType.EVENT_DROP, Reason.MILDER, NOW - 20),
    ]
    found = explain(alert(), logs, [], now=NOW).why_not[0]
    assert (found.count, found.since, found.until) == (4, NOW - 150, NOW - 20)


@pytest.mark.parametrize(
    "reason",
    [Reason.NOISE_SUPPRESSED, Reason.SIGNAL_STALE, Reason.NOT_DELIVERED, Reason.PARTLY_DELIVERED, Reason.MERGED],
)
def test_what_only_the_action_knows_is_a_finding(reason):
    assert reasons(explain(alert(), [], [action(reason=reason)], now=NOW)) == [reason]


def test_what_log_and_action_both_know_is_one_finding():
    logs = [entry(OpType.ACTION, Reason.NOBODY)]
    assert [
        found.count
        for found in explain(alert(), logs, [action(status="skipped", reason=Reason.NOBODY)], now=NOW).why_not
    ] == [1]


def test_the_shielding_itself_is_no_missed_notice():
    ended = alert(status="RECOVERED", end_time=NOW)
    assert explain(ended, [entry(OpType.SHIELD, Reason.SHIELDED_BY_RULE)], [], now=NOW).why_not == ()


def test_a_blocked_alert_says_why_and_how_long():
    logs = [entry(OpType.ALERT_QOS, Reason.CIRCUIT_BREAKING, description="circuit breaking rule 9")]
    found = explain(alert(is_blocked=True, next_status="CLOSED", next_status_time=NOW + 99), logs, [], now=NOW).why_not[
        0
    ]
    assert (found.what, found.reason, found.until) == (
        "the alert is blocked and signals nothing",
        Reason.CIRCUIT_BREAKING,
        NOW + 99,
    )


def test_a_shielded_alert_names_its_shields_and_their_end_from_its_document():
    logs = [entry(OpType.SHIELD, Reason.SHIELDED_BY_RULE, NOW - 300)]
    shielded = alert(is_shielded=True, shield_id=("7", "8"), shield_left_time=900, update_time=NOW - 300)
    found = explain(shielded, logs, [], now=NOW).why_not[0]
    assert (found.what, found.since, found.until) == ("the alert is shielded by 7, 8", NOW - 300, NOW + 600)


def test_a_shield_set_by_command_is_told_although_the_rules_at_hand_lack_it(rules):
    logs = [entry(OpType.SHIELD, Reason.SHIELDED_BY_RULE, NOW - 300)]
    shielded = alert(is_shielded=True, shield_id=("work",), shield_left_time=900, update_time=NOW - 300)
    story = explain(shielded, logs, [], book=rules(), now=NOW)
    assert [(found.what, found.until) for found in story.why_not] == [("the alert is shielded by work", NOW + 600)]
    assert ("a shield of the alert may end", NOW + 601) in [(one.what, one.time) for one in story.next]


def test_a_shield_that_the_rules_at_hand_let_go_of_holds_no_longer(rules):
    ended = f"shields: [{{id: 7, bk_biz_id: 2, category: strategy, end_time: {NOW - 1}, dimension_config: {{strategy_id: [1]}}}}]"
    shielded = alert(is_shielded=True, shield_id=("7",), shield_left_time=900, update_time=NOW - 900)
    assert explain(shielded, [], [], book=rules(more=ended), now=NOW).why_not == ()


def test_with_rules_the_shield_is_told_as_it_now_stands(rules):
    shields = f"shields: [{{id: 7, bk_biz_id: 2, category: strategy, end_time: {NOW + 900}, dimension_config: {{strategy_id: [1]}}, description: disk swap}}]"
    story = explain(alert(), [], [], book=rules(more=shields), now=NOW)
    found = story.why_not[0]
    assert (found.what, found.reason, found.until, found.detail) == (
        "the alert is shielded by 7", Reason.SHIELDED_BY_RULE, NOW + 900, "disk swap",
    )  # fmt: skip
    assert ("a shield of the alert may end", NOW + 901) in [(one.what, one.time) for one in story.next]


def test_an_inhibited_alert_names_the_alert_and_the_rule_that_keep_it_silent(rules):
    host = alert(id=f"{NOW - 700}ba9876543210", alert_name="Host down")
    side = "[{field: alert.name, value: [a]}]"
    book = rules(more=f"inhibits: [{{id: host-down, source: {side}, target: {side}, description: what runs there}}]")
    logs, by = [entry(OpType.ACTION, Reason.INHIBITED)], [Inhibitor("host-down", host)]
    story = explain(alert(), logs, [], now=NOW, book=book, inhibitors=by)
    finding = story.why_not[0]
    assert (finding.what, finding.reason) == (f"the alert is inhibited by {host.id}: Host down", "inhibited")
    assert (finding.detail, finding.since) == ("rule host-down: what runs there", NOW - 600)
    assert story.next[-1].time is None
    assert host.id in story.next[-1].why


def test_an_acknowledged_alert_says_by_whom():
    found = explain(
        alert(is_ack=True, ack_operator="bob"), [entry(OpType.ACK, Reason.ACKED, NOW - 30)], [], now=NOW
    ).why_not[0]
    assert (found.what, found.since) == ("the alert is acknowledged by bob", NOW - 30)


def test_a_recovering_alert_says_that_it_does_not_repeat():
    assert reasons(explain(alert(extra_info=Extra(is_recovering=True)), [], [], now=NOW)) == [Reason.WINDOW_QUIET]


def test_what_holds_now_is_not_asked_of_an_alert_that_has_ended():
    ended = alert(status="CLOSED", end_time=NOW, is_ack=True, is_shielded=True, is_blocked=True)
    assert explain(ended, [], [], now=NOW).why_not == ()


@pytest.mark.parametrize(
    ("start", "end", "until"),
    [("13:00", "14:00", "13:00"), ("10:00", "12:12", "10:00"), ("12:13", "12:13", None), ("22:00", "12:14", None)],
)
def test_with_rules_a_notice_outside_its_hours_says_when_they_begin(rules, start, end, until):
    book = rules(notice=f'{{user_groups: [ops], options: {{start_time: "{start}", end_time: "{end}"}}}}')
    found = [
        one for one in explain(alert(), [], [], book=book, now=NOW).why_not if one.reason == Reason.OUTSIDE_NOTICE_TIME
    ]
    assert bool(found) == (until is not None)
    assert all(f"{one.until % 86400 // 3600}:00" == until and one.until > NOW for one in found)


def test_with_rules_a_strategy_out_of_its_active_time_is_told(rules):
    items = 'detects: [{level: 2, trigger_config: {uptime: {time_ranges: [{start: "01:00", end: "02:00"}]}}}]'
    story = explain(alert(), [], [], book=rules(items=items), now=NOW)
    assert Reason.OUT_OF_ACTIVE_TIME in reasons(story)


@pytest.mark.parametrize(
    ("notice", "strategy_id", "what"),
    [
        ("null", "1", "nobody listens"),
        ("{user_groups: [ops], options: {assign_mode: [by_rule]}}", "1", "nobody listens"),
        (NOTICE, "", "nobody listens"),
        (NOTICE, "99", "the strategy is not in the rules"),
    ],
)
def test_with_rules_an_alert_nobody_listens_to_says_so(rules, notice, strategy_id, what):
    story = explain(alert(strategy_id=strategy_id), [], [], book=rules(notice=notice), now=NOW)
    assert what in [found.what for found in story.why_not]


def test_a_told_strategy_alert_has_listeners(rules):
    assert explain(alert(), [], [], book=rules(), now=NOW).why_not == ()


@pytest.mark.parametrize(("age", "count"), [(86400, 0), (86401, 1)])
def test_archived_events_that_came_too_old_are_told(age, count):
    late = event(time=NOW - age, at=NOW)
    assert sum(found.count for found in explain(alert(), [], [], events=[late], now=NOW).why_not) == count


@pytest.mark.parametrize(("before_end", "count"), [(60, 0), (61, 1)])
def test_archived_events_from_before_the_end_that_came_after_it_are_told(before_end, count):
    ended = alert(status="RECOVERED", end_time=NOW - 100)
    late = event(time=NOW - 100 - before_end, at=NOW)
    assert sum(found.count for found in explain(ended, [], [], events=[late], now=NOW).why_not) == count


def following(story) -> dict[str, int | None]:
    return {one.what: one.time for one in story.next}


@pytest.mark.parametrize(("status", "what"), [("RECOVERED", "the alert recovers"), ("CLOSED", "the alert is closed")])
def test_a_timed_transition_is_next(status, what):
    assert following(explain(alert(next_status=status, next_status_time=NOW + 9), [], [], now=NOW)) == {what: NOW + 9}


def test_nothing_is_next_of_an_alert_that_has_ended(rules):
    ended = alert(status="CLOSED", end_time=NOW, next_status="RECOVERED", next_status_time=NOW)
    assert explain(ended, [], [], book=rules(), now=NOW).next == ()


@pytest.mark.parametrize(("ago", "told"), [(60, True), (61, False)])
def test_a_signal_held_back_by_the_quota_is_tried_again(ago, told):
    held = entry(OpType.ACTION_QOS, Reason.ACTION_QUOTA, NOW - ago)
    assert bool(explain(alert(), [held], [], now=NOW).next) == told


def test_a_notice_held_by_noise_reduction_is_decided_on_by_the_end_of_its_window():
    held = action(time=NOW - 10, status="received", reason=Reason.NOISE_HELD)
    assert list(following(explain(alert(), [], [held], now=NOW)).values()) == [NOW + 290]


def test_a_merged_notice_is_told_in_a_summary_soon():
    merged = action(time=NOW - 10, status="skipped", reason=Reason.MERGED)
    assert following(explain(alert(), [], [merged], now=NOW)) == {"its summary has left, at the latest": NOW + 170}


def record(**changed: Any) -> Extra:
    values = {"last_time": NOW - 600, "is_shielded": False, "latest_anomaly_time": NOW - 600, "execute_times": 1}
    return Extra(cycle_handle_record={"notice": CycleRecord(**(values | changed))})


@pytest.mark.parametrize(
    ("extra", "time"),
    [
        (record(), NOW - 600 + 7200),
        (record(last_time=NOW - 9000), NOW),
        (record(latest_anomaly_time=NOW - 60), NOW - 600 + 7200),
        (record(latest_anomaly_time=NOW - 60, last_time=NOW - 9000), None),
        (msgspec.structs.replace(record(), is_recovering=True), None),
    ],
)
def test_with_rules_the_next_repeat_is_told_and_whether_it_waits_for_an_anomaly(rules, extra, time):
    assert (
        following(explain(alert(extra_info=extra), [], [], book=rules(), now=NOW))["`notice` repeats (cycle 2)"] == time
    )


def test_an_acknowledged_alert_neither_repeats_nor_escalates(rules):
    book = rules(notice="{user_groups: [ops], options: {upgrade_config: {is_enabled: true, user_groups: [boss]}}}")
    assert following(explain(alert(extra_info=record(), is_ack=True), [], [], book=book, now=NOW)) == {}


@pytest.mark.parametrize(
    ("upgraded", "expected"),
    [
        (None, {"group boss is told as well": NOW - 600 + 1800}),
        (UpgradeRecord(0, NOW - 60), {"group ops is told as well": NOW - 60 + 1800}),
        (UpgradeRecord(0, NOW - 1800), {"group ops is told as well": None}),
        (UpgradeRecord(1, NOW - 60), {}),
    ],
)
def test_with_rules_the_next_escalation_is_told(rules, upgraded, expected):
    book = rules(notice="{user_groups: [ops], options: {upgrade_config: {is_enabled: true, user_groups: [boss, ops]}}}")
    assert following(explain(alert(extra_info=Extra(upgrade_notice=upgraded)), [], [], book=book, now=NOW)) == expected


ITEMS = "items: [{id: 1, query_configs: [{agg_interval: 60}]}]\n    detects: [{level: 2, trigger_config: {count: 3, check_window: 5}, recovery_config: {check_window: 2}}]"


def recovery(story) -> Deadline:
    return next(one for one in story.next if "As soon as" in one.why)


def kept(anomalies: tuple[int, ...] = (), **changed: Any) -> State:
    checks = CheckMemory(anomalies=tuple(Anomaly(time, 2) for time in anomalies), last_check=NOW)
    return State(**({"dedupe_md5": "a" * 32, "generation": NOW, "touched": NOW, "checks": checks} | changed))


def test_with_rules_a_recovery_says_what_it_waits_for(rules):
    assert recovery(explain(alert(), [], [], book=rules(items=ITEMS), now=NOW)).why == (
        "As soon as 2 windows in a row, each a period of 60 s apart, have fewer than 3 anomalies in 5 periods; 1 of 2 do."
        " An event counts for as many as trigger."
        " Counted from archived events: the job's memory of checks is not at hand."
    )


def test_with_the_state_a_recovery_says_how_many_anomalies_each_window_has_and_what_may_end_it(rules):
    state = kept((NOW - 420, NOW - 360, NOW - 300))
    state = msgspec.structs.replace(
        state, checks=fold_check(state.checks, CheckResult(time=NOW - 60, anomaly=False), None)
    )
    found = recovery(explain(alert(latest_time=NOW - 300), [], [], book=rules(items=ITEMS), state=state, now=NOW))
    assert found.windows == (Window(NOW - 359, NOW - 60, 1), Window(NOW - 419, NOW - 120, 2))
    assert "2 of 2 do." in found.why
    assert "archived" not in found.why
    assert (found.time, found.earliest) == (None, NOW - 60)


@pytest.mark.parametrize(
    ("anomalies", "quiet", "earliest"),
    [
        ((NOW - 420, NOW - 360, NOW - 300), 2, 0),
        ((NOW - 360, NOW - 300, NOW - 240), 2, 0),
        ((NOW - 300, NOW - 240, NOW - 180), 1, 60),
        ((NOW - 240, NOW - 180, NOW - 120), 0, 120),
        ((NOW - 180, NOW - 120, NOW - 60), 0, 180),
    ],
)
def test_a_recovery_counts_its_quiet_windows(rules, anomalies, quiet, earliest):
    state = kept(anomalies)
    state = msgspec.structs.replace(state, checks=fold_check(state.checks, CheckResult(time=NOW, anomaly=False), None))
    found = recovery(explain(alert(latest_time=anomalies[0]), [], [], book=rules(items=ITEMS), state=state, now=NOW))
    assert f"; {quiet} of 2 do." in found.why
    assert found.earliest == NOW + earliest


def test_without_the_state_archived_events_are_counted(rules):
    events = [event(time=time) for time in (NOW - 180, NOW - 120, NOW - 60)]
    story = explain(alert(), [], [], book=rules(items=ITEMS), events=events, now=NOW)
    assert [window.anomalies for window in recovery(story).windows] == [5, 4]


@pytest.mark.parametrize(("source", "lag"), [("bk_monitor", 0), ("custom", 60)])
def test_event_data_recovers_by_time_alone(rules, source, lag):
    items = ITEMS.replace("agg_interval: 60", f"data_type_label: event, data_source_label: {source}, agg_interval: 60")
    found = recovery(explain(alert(), [], [], book=rules(items=items), state=kept(), now=NOW))
    assert (found.time, found.earliest) == (NOW - 60 + 300 + 60 + lag, None)


def test_a_recovery_without_data_has_its_own_deadline(rules):
    items = ITEMS.replace("check_window: 2", "check_window: 2, status_setter: recovery-nodata")
    story = explain(alert(), [], [], book=rules(items=items), state=kept(checks=None), now=NOW)
    assert NOW - 60 + 60 * (2 + 5 + 1) in [one.time for one in story.next if one.what == "the alert recovers"]


def test_a_recovering_alert_says_how_many_windows_are_quiet(rules):
    recovering = alert(latest_time=NOW - 300, extra_info=Extra(is_recovering=True))
    found = explain(recovering, [], [], book=rules(items=ITEMS), state=kept(), now=NOW).why_not[0]
    assert found.detail == "1 of 2 windows are quiet"


@pytest.mark.parametrize(("retry", "times"), [(Retry("abnormal", NOW + 7), [NOW + 7]), (None, [])])
def test_with_the_state_a_retry_is_told_to_the_second(retry, times):
    held = entry(OpType.ACTION_QOS, Reason.ACTION_QUOTA, NOW - 10)
    story = explain(alert(), [held], [], state=kept(retry=retry), now=NOW)
    assert [one.time for one in story.next] == times


def test_with_rules_the_closing_for_want_of_data_is_next(rules):
    story = explain(alert(), [], [], book=rules(items=ITEMS), now=NOW)
    assert following(story)["the alert is closed"] == NOW - 60 + 1800 + 1


@pytest.mark.parametrize(("end", "closes"), [("12:13", 12 * 3600 + 14 * 60), ("23:59", None), ("09:00", None)])
def test_with_rules_the_end_of_the_active_time_is_next(rules, end, closes):
    items = f'detects: [{{level: 2, trigger_config: {{uptime: {{time_ranges: [{{start: "00:00", end: "{end}"}}]}}}}}}]'
    ends = [
        one.time % 86400
        for one in explain(alert(), [], [], book=rules(items=items), now=NOW).next
        if one.why == "The active time of its strategy ends."
    ]
    assert ends == ([] if closes is None else [closes])


def test_an_alert_whose_strategy_is_gone_is_closed_at_the_next_look(rules):
    story = explain(alert(strategy_id="99"), [], [], book=rules(), now=NOW)
    assert following(story) == {"the alert is closed, at the latest": NOW + 60}


def test_a_no_data_alert_waits_for_data(rules):
    silent = alert(event=event(tags=[{"key": "__NO_DATA_DIMENSION__", "value": True}]))
    silent = msgspec.convert(msgspec.to_builtins(silent), Alert)
    story = explain(silent, [], [], book=rules(items=ITEMS), now=NOW)
    assert "As soon as a check says that the series has data again." in [one.why for one in story.next]


def test_a_story_is_json():
    story = explain(alert(), [entry(OpType.CREATE, Reason.OPENED)], [action()], now=NOW)
    assert msgspec.json.decode(msgspec.json.encode(story))["alert_id"] == alert().id


def test_a_checker_that_says_no_more_than_its_verdict_is_told_by_that(monkeypatch):
    nap = Checker("nap", lambda look: Verdict(next_look=look.now + 5, outlook="it wakes up"), everyone, lambda *_: None)
    monkeypatch.setattr(checkers, "CHECKERS", (*checkers.CHECKERS, nap))
    told = explain(alert(), [], [], now=NOW, book=RuleBook.empty()).next
    assert (NOW + 5, "it wakes up") in [(deadline.time, deadline.what) for deadline in told]


# --- what was held back


def test_flapping_says_when_people_are_told_how_it_stands(rules):
    state = kept(flapping=Flapping((NOW - 500, NOW - 100), 6, 2))
    story = explain(alert(), [], [], book=rules(), state=state, now=NOW)
    assert (NOW + 500, "people are told how it stands") in [(one.time, one.what) for one in story.next]


def test_a_notice_that_waited_for_quiet_says_so(rules):
    logs = [entry(OpType.ACTION, Reason.FLAPPING, description="notice abnormal: mail to alice (7 changes in 600 s)")]
    (found,) = explain(alert(), logs, [], book=rules(), state=kept(), now=NOW).why_not
    assert (found.what, found.why) == ("a notice waited for quiet", REASON_TEXT[Reason.FLAPPING])


def test_a_first_notice_that_reached_nobody_is_yet_to_come(rules):
    story = explain(alert(), [], [], book=rules(), state=kept(waiting=Waiting("abnormal", "normal", 1)), now=NOW)
    assert (NOW + 86400, "people are told, if somebody can be reached") in [(one.time, one.what) for one in story.next]
