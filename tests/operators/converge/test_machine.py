"""Level 1: one subject, one receiver, one way (spec/notices.md 2.4 to 2.9)."""

import pytest

from operators.converge.machine import Converge
from operators.model.settings import CoreSettings
from tests.operators.converge.planned import machine, notice, run, told


def test_all_receivers_of_a_way_get_one_message():
    (message,) = machine().fold(notice("a", {"mail": ["alice", "bob"]}), 0).messages
    assert (message.way, message.receivers, message.followed) == ("mail", ("alice", "bob"), False)
    assert (message.time, message.alert_ids, message.action_ids, message.collect_type) == (
        0,
        ("a",),
        ("act-a",),
        "action",
    )


def test_a_message_carries_what_its_action_says():
    planned = notice("a", signal="no_data", notice_type="unshielded", config={"k": 1}, bk_biz_id=7, severity=1)
    (message,) = machine().fold(planned, 5).messages
    assert (message.signal, message.notice_type, message.relation_id, message.strategy_id) == (
        "no_data",
        "unshielded",
        "notice",
        "1",
    )
    assert (message.bk_biz_id, message.severity, message.config) == (7, 1, {"k": 1})


def test_main_receivers_come_before_followers_and_ways_as_met():
    planned = notice("a", {"sms": ["alice"], "mail": ["bob"]}, followers={"rtx": ["carol"], "mail": ["dave"]})
    messages = machine().fold(planned, 0).messages
    assert [(m.way, *m.receivers, m.followed) for m in messages] == [
        ("sms", "alice", False), ("mail", "bob", False), ("rtx", "carol", True), ("mail", "dave", True),
    ]  # fmt: skip


def test_all_chats_of_an_alert_get_one_message_with_mentions_beside_it():
    planned = notice("a", {"wxwork-bot": ["c1", "c2"], "mail": ["alice"]}, mentions={"c1": ["alice"], "c3": ["bob"]})
    chats, mail = machine().fold(planned, 0).messages
    assert (chats.receivers, chats.mentions) == (("c1", "c2"), {"c1": ["alice"]})
    assert mail.mentions == {}


@pytest.mark.parametrize(
    ("receivers", "expected"),
    [
        ({"mail": ["alice", "", "alice"]}, [("mail", ("alice",))]),
        ({"mail": [], "sms": ["alice"]}, [("sms", ("alice",))]),
        ({"voice": [[], ["alice"]]}, [("voice", ("alice",))]),
    ],
)
def test_empty_and_repeated_receivers_are_passed_over(receivers, expected):
    assert [(m.way, m.receivers) for m in machine().fold(notice("a", receivers), 0).messages] == expected


@pytest.mark.parametrize("receivers", [{}, {"mail": []}, {"voice": [[]]}, {"mail": [""]}])
def test_a_notice_without_receivers_is_skipped_as_nobody(receivers):
    outcome = machine().fold(notice("a", receivers), 0)
    assert outcome.messages == ()
    assert [(a.status, a.reason) for a in outcome.actions] == [("skipped", "nobody")]


def test_a_notice_that_went_out_is_a_success_of_the_next_revision():
    (action,) = machine().fold(notice("a"), 0).actions
    assert (action.status, action.reason, action.revision) == ("success", "delivered", 2)


@pytest.mark.parametrize("plugin", ["webhook", "message_queue"])
def test_other_actions_are_executed_without_merging(plugin):
    converge = machine()
    for alert in ("a", "b", "c", "d"):
        outcome = converge.fold(notice(alert, {}, plugin_type=plugin, config={"url": "x"}), 0)
        assert [(m.way, m.alert_ids, m.config) for m in outcome.messages] == [(plugin, (alert,), {"url": "x"})]
        assert outcome.actions[0].status == "success"


def test_the_second_notice_of_a_group_waits_for_a_summary_sixty_seconds_after_its_opening():
    outcome = run(machine(), [(100, notice("a")), (130, notice("b")), (140, notice("c"))])
    assert told(outcome.messages) == [(100, "alice", "a"), (160, "alice", "b,c")]
    assert [(a.status, a.reason) for a in outcome.actions] == [
        ("success", "delivered"),
        ("skipped", "merged"),
        ("skipped", "merged"),
    ]


def test_a_summary_of_one_subject_reads_like_one_alert():
    summary = run(machine(), [(0, notice("a")), (1, notice("b")), (2, notice("c"))]).messages[-1]
    assert summary.collect_type == "action"
    assert summary.action_ids == ("act-b", "act-c")
    assert (summary.way, summary.signal, summary.notice_type, summary.followed) == ("mail", "abnormal", "normal", False)
    assert (summary.strategy_id, summary.relation_id, summary.bk_biz_id, summary.severity) == ("1", "notice", "2", 2)


def test_a_group_that_withheld_nothing_closes_silently():
    converge = machine()
    converge.fold(notice("a"), 0)
    assert converge.next_due() == 60
    assert converge.fire(60).messages == ()


@pytest.mark.parametrize(("second", "at"), [(0, 60), (59, 60), (60, 60), (61, 61)])
def test_a_group_is_open_until_its_summary(second, at):
    outcome = run(machine(business_threshold=9), [(0, notice("a")), (second, notice("b"))])
    assert told(outcome.messages)[-1] == (at, "alice", "b")
    assert outcome.actions[1].status == ("skipped" if second < 60 else "success")


def test_after_its_summary_a_window_begins_again_at_once():
    planned = [(0, notice("a")), (10, notice("b")), (60, notice("c")), (119, notice("d")), (120, notice("e"))]
    assert told(run(machine(), planned).messages) == [
        (0, "alice", "a"), (60, "alice", "b"), (120, "alice", "c,d"), (180, "alice", "e"),
    ]  # fmt: skip


@pytest.mark.parametrize(("at", "expected"), [(119, (120, "alice", "c")), (120, (120, "alice", "c"))])
def test_a_window_that_passes_empty_closes_and_the_next_notice_goes_at_once(at, expected):
    messages = told(run(machine(), [(0, notice("a")), (10, notice("b")), (at, notice("c"))]).messages)
    assert messages == [(0, "alice", "a"), (60, "alice", "b"), expected]


@pytest.mark.parametrize("signal", ["recovered", "closed"])
def test_an_end_is_left_to_the_summary_that_is_yet_to_tell_of_the_problem(signal):
    ends = [(20, notice("b", signal=signal, id="end-b")), (30, notice("a", signal=signal, id="end-a"))]
    outcome = run(machine(), [(0, notice("a")), (10, notice("b")), *ends])
    assert told(outcome.messages) == [(0, "alice", "a"), (30, "alice", "a"), (60, "alice", "b")]
    assert [(action.status, action.reason) for action in outcome.actions[2:]] == [
        ("skipped", "merged"), ("success", "delivered"),
    ]  # fmt: skip


def test_an_end_after_the_summary_is_told():
    planned = [(0, notice("a")), (10, notice("b")), (60, notice("b", signal="recovered", id="end-b"))]
    assert told(run(machine(), planned).messages)[-1] == (60, "alice", "b")


def test_who_waits_for_a_summary_is_judged_by_receiver_and_way():
    everybody = {"mail": ["alice", "bob"], "sms": ["alice"]}
    planned = [
        (0, notice("a")),
        (10, notice("b", everybody)),
        (20, notice("b", everybody, signal="recovered", id="end-b")),
    ]
    messages = [(one.time, one.way, one.receivers, one.signal) for one in run(machine(), planned).messages]
    assert messages[1:] == [
        (10, "mail", ("bob",), "abnormal"),
        (10, "sms", ("alice",), "abnormal"),
        (20, "mail", ("bob",), "recovered"),
        (20, "sms", ("alice",), "recovered"),
        (60, "mail", ("alice",), "abnormal"),
    ]


def test_what_waits_is_known_after_a_restart():
    converge = machine()
    run(converge, [(0, notice("a")), (10, notice("b"))], until=10)
    restored = Converge.restore(converge.snapshot(), CoreSettings())
    assert run(restored, [(20, notice("b", signal="recovered", id="end-b"))], until=20).messages == ()


@pytest.mark.parametrize(
    ("change", "merged"),
    [
        ({}, True),
        ({"notice_type": "unshielded"}, True),
        ({"execute_times": 2}, True),
        ({"relation_id": "other"}, True),
        ({"alert_name": "other"}, True),
        ({"bk_biz_id": 2}, True),
        ({"strategy": "2"}, False),
        ({"severity": 1}, False),
        ({"signal": "recovered"}, False),
        ({"signal": "no_data"}, False),
        ({"dims": "x"}, False),
        ({"bk_biz_id": "3"}, False),
        ({"notice_type": "upgrade"}, False),
        ({"receivers": {"sms": ["alice"]}}, False),
        ({"receivers": {"mail": ["bob"]}}, False),
        ({"receivers": {}, "followers": {"mail": ["alice"]}}, False),
    ],
)
def test_what_falls_into_one_group(change, merged):
    converge = machine(business_threshold=9)
    converge.fold(notice("a"), 0)
    outcome = converge.fold(notice("b", **change), 1)
    assert (outcome.actions[0].reason == "merged") is merged


@pytest.mark.parametrize(("name", "merged"), [("cpu", True), ("disk", False)])
def test_alerts_without_a_strategy_fall_together_by_name(name, merged):
    converge = machine(business_threshold=9)
    converge.fold(notice("a", strategy="", alert_name="cpu"), 0)
    assert (converge.fold(notice("b", strategy="", alert_name=name), 1).messages == ()) is merged


def test_escalations_fall_together_among_themselves():
    planned = [(0, notice("a")), (1, notice("a", notice_type="upgrade")), (2, notice("b", notice_type="upgrade"))]
    messages = run(machine(), planned).messages
    assert [(m.time, m.notice_type, m.alert_ids) for m in messages] == [
        (0, "normal", ("a",)), (1, "upgrade", ("a",)), (61, "upgrade", ("b",)),
    ]  # fmt: skip


def test_receivers_with_equal_summaries_get_one_message_each():
    both = {"mail": ["alice", "bob"], "sms": ["alice"]}
    messages = run(machine(), [(0, notice("a", both)), (1, notice("b", both))]).messages
    assert [(m.time, m.way, m.receivers) for m in messages] == [
        (0, "mail", ("alice", "bob")), (0, "sms", ("alice",)),
        (60, "mail", ("alice",)), (60, "mail", ("bob",)), (60, "sms", ("alice",)),
    ]  # fmt: skip


def test_a_notice_that_only_some_receivers_wait_for_is_a_success():
    planned = [(0, notice("a")), (1, notice("b", {"mail": ["alice", "bob"]}))]
    outcome = run(machine(), planned)
    assert told(outcome.messages) == [(0, "alice", "a"), (1, "bob", "b"), (60, "alice", "b")]
    assert [a.status for a in outcome.actions] == ["success", "success"]


def test_a_summary_to_a_chat_mentions_whom_its_first_member_mentions():
    bot = {"wxwork-bot": ["c1"]}
    planned = [
        (at, notice(alert, bot, mentions={"c1": [who]}))
        for at, alert, who in ((0, "a", "x"), (1, "b", "y"), (2, "c", "z"))
    ]
    assert run(machine(), planned).messages[-1].mentions == {"c1": ["y"]}


def test_an_alert_told_twice_in_a_summary_stands_there_once():
    planned = [(0, notice("a")), (1, notice("b")), (2, notice("b", id="act-b2", execute_times=2)), (3, notice("c"))]
    summary = run(machine(), planned).messages[-1]
    assert (summary.alert_ids, summary.action_ids) == (("b", "c"), ("act-b", "act-b2", "act-c"))


def test_a_summary_to_a_follower_says_so():
    planned = [(at, notice(alert, {}, followers={"mail": ["alice"]})) for at, alert in ((0, "a"), (1, "b"))]
    assert [m.followed for m in run(machine(), planned).messages] == [True, True]


@pytest.mark.parametrize(("second", "merged"), [(29, True), (30, True), (31, False)])
def test_a_window_shorter_than_the_delay_bounds_a_group_whose_members_still_get_their_summary(second, merged):
    converge = machine(window=30, delay=60, business_threshold=9)
    outcome = run(converge, [(0, notice("a")), (10, notice("b")), (second, notice("c"))])
    expected = [(60, "alice", "b,c")] if merged else [(31, "alice", "c"), (60, "alice", "b")]
    assert told(outcome.messages) == [(0, "alice", "a"), *expected]


def test_a_delay_of_zero_merges_nothing():
    outcome = run(machine(delay=0, business_threshold=9), [(0, notice("a")), (0, notice("b")), (1, notice("c"))])
    assert told(outcome.messages) == [(0, "alice", "a"), (0, "alice", "b"), (1, "alice", "c")]


def test_folding_fires_first_what_is_due():
    converge = machine()
    for now, alert in ((0, "a"), (1, "b")):
        converge.fold(notice(alert), now)
    assert told(converge.fold(notice("c"), 200).messages) == [(60, "alice", "b"), (200, "alice", "c")]


def test_nothing_is_due_when_nothing_was_told():
    assert machine().next_due() is None
    assert machine().fire(10**9).messages == ()


def test_default_settings_are_those_of_the_contract():
    converge = CoreSettings().converge
    assert (converge.window, converge.delay, converge.business_threshold) == (120, 60, 2)
