"""Level 2: the business storm (spec/notices.md 2.7, design.md 7.26)."""

import pytest

from tests.operators.converge.planned import machine, notice, run, told


def strategies(*planned, **fields):
    """Return notices of one alert each; the strategy is the first letter of the alert's name."""
    return [(at, notice(alert, strategy=alert[0], **fields)) for at, alert in planned]


STORIES = {
    "two groups go out individually": [
        [(0, "a"), (1, "b")],
        [(0, "alice", "a"), (1, "alice", "b")],
    ],
    "the third waits for the summary sixty seconds after itself": [
        [(0, "a"), (10, "b"), (20, "c")],
        [(0, "alice", "a"), (10, "alice", "b"), (80, "alice", "c")],
    ],
    "all later ones of the window join it": [
        [(0, "a"), (1, "b"), (2, "c"), (30, "d"), (61, "e")],
        [(0, "alice", "a"), (1, "alice", "b"), (62, "alice", "c,d,e")],
    ],
    "after the summary the window begins again, and nobody passes at once in it": [
        [(0, "a"), (1, "b"), (2, "c"), (62, "d"), (63, "e"), (121, "f"), (122, "g")],
        [(0, "alice", "a"), (1, "alice", "b"), (62, "alice", "c"), (122, "alice", "d,e,f"), (182, "alice", "g")],
    ],
    "a window that passes empty ends the storm": [
        [(0, "a"), (1, "b"), (2, "c"), (122, "d"), (123, "e"), (124, "f")],
        [(0, "alice", "a"), (1, "alice", "b"), (62, "alice", "c"), (122, "alice", "d"), (123, "alice", "e"), (184, "alice", "f")],
    ],
    "what opened behind the first gate joins the window that begins again": [
        [(0, "a"), (1, "b"), (100, "c"), (130, "d"), (140, "d2"), (165, "e"), (166, "d3")],
        [
            (0, "alice", "a"), (1, "alice", "b"), (130, "alice", "d"), (160, "alice", "c"), (220, "alice", "d2,e,d3"),
        ],
    ],
    "what earlier groups have withheld is told by it, in the order of withholding": [
        [(0, "a"), (1, "b"), (2, "b2"), (3, "a2"), (4, "c"), (5, "a3"), (6, "c2")],
        [(0, "alice", "a"), (1, "alice", "b"), (64, "alice", "b2,a2,c,a3,c2")],
    ],
    "what an earlier group told in its own summary is not told again": [
        [(0, "a"), (1, "a2"), (60, "b"), (70, "c")],
        [(0, "alice", "a"), (60, "alice", "a2"), (60, "alice", "b"), (130, "alice", "c")],
    ],
    "a group that opens again counts again": [
        [(0, "a"), (60, "a2"), (61, "b")],
        [(0, "alice", "a"), (60, "alice", "a2"), (121, "alice", "b")],
    ],
    "groups before the third stay open until the summary": [
        [(0, "a"), (90, "b"), (110, "c"), (155, "b2")],
        [(0, "alice", "a"), (90, "alice", "b"), (170, "alice", "c,b2")],
    ],
    "a second before its end the window still counts": [
        [(0, "a"), (100, "b"), (119, "c")],
        [(0, "alice", "a"), (100, "alice", "b"), (179, "alice", "c")],
    ],
    "at its end the window is over, and does not slide": [
        [(0, "a"), (100, "b"), (120, "c")],
        [(0, "alice", "a"), (100, "alice", "b"), (120, "alice", "c")],
    ],
    "a new window counts for itself while the summary of the old one waits": [
        [(0, "a"), (100, "b"), (119, "c"), (120, "d"), (121, "e"), (122, "f")],
        [(0, "alice", "a"), (100, "alice", "b"), (120, "alice", "d"), (121, "alice", "e"), (179, "alice", "c"), (182, "alice", "f")],
    ],
    "an old group in a new window keeps its own summary": [
        [(0, "a"), (100, "b"), (101, "b2"), (120, "c"), (121, "d"), (122, "e")],
        [(0, "alice", "a"), (100, "alice", "b"), (120, "alice", "c"), (121, "alice", "d"), (160, "alice", "b2"), (182, "alice", "e")],
    ],
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_timeline(story):
    planned, expected = STORIES[story]
    assert told(run(machine(), strategies(*planned)).messages) == expected


@pytest.mark.parametrize(
    ("alerts", "collect_type"),
    [("abc", "action"), ("abcd", "converge")],
)
def test_only_a_summary_of_more_than_one_alert_reads_as_converge(alerts, collect_type):
    summary = run(machine(), strategies(*((0, alert) for alert in alerts))).messages[-1]
    assert (summary.collect_type, summary.alert_ids) == (collect_type, tuple(alerts[2:]))


def test_a_business_summary_of_one_alert_told_twice_reads_as_action():
    planned = [*strategies((0, "a"), (1, "b"), (2, "c")), (3, notice("c", strategy="c", id="again"))]
    summary = run(machine(), planned).messages[-1]
    assert (summary.collect_type, summary.alert_ids, summary.action_ids) == ("action", ("c",), ("act-c", "again"))


def test_a_business_summary_speaks_for_its_first_member():
    summary = run(machine(), strategies((0, "a"), (1, "b"), (2, "c"), (3, "d"))).messages[-1]
    assert (summary.strategy_id, summary.signal, summary.severity, summary.bk_biz_id) == ("c", "abnormal", 2, "2")
    assert (summary.way, summary.receivers, summary.followed) == ("mail", ("alice",), False)


def test_actions_that_a_storm_withholds_are_merged():
    actions = run(machine(), strategies((0, "a"), (1, "b"), (2, "c"))).actions
    assert [(a.status, a.reason) for a in actions] == [("success", "delivered")] * 2 + [("skipped", "merged")]


@pytest.mark.parametrize(
    ("change", "joins"),
    [
        ({}, True),
        ({"dims": "x"}, True),
        ({"notice_type": "unshielded"}, True),
        ({"receivers": {}, "followers": {"mail": ["alice"]}}, True),
        ({"bk_biz_id": "3"}, False),
        ({"severity": 1}, False),
        ({"signal": "closed"}, False),
        ({"notice_type": "upgrade"}, False),
        ({"receivers": {"sms": ["alice"]}}, False),
        ({"receivers": {"mail": ["bob"]}}, False),
        ({"need_biz_converge": False}, False),
    ],
)
def test_what_counts_at_one_gate(change, joins):
    converge = machine()
    for alert in ("a", "b"):
        converge.fold(notice(alert, strategy=alert), 0)
    outcome = converge.fold(notice("c", strategy="c", **change), 0)
    assert (outcome.messages == ()) is joins


def test_a_strategy_without_business_merging_does_not_open_the_gate():
    planned = strategies((0, "a"), (0, "b"), (0, "c"), (0, "d"), need_biz_converge=False)
    assert [m[2] for m in told(run(machine(), planned).messages)] == ["a", "b", "c", "d"]


def test_a_strategy_without_business_merging_still_merges_by_subject():
    planned = strategies((0, "a"), (1, "a2"), (2, "a3"), need_biz_converge=False)
    assert told(run(machine(), planned).messages) == [(0, "alice", "a"), (60, "alice", "a2,a3")]


def test_a_storm_strikes_each_receiver_by_itself():
    planned = [
        (0, notice("a", {"mail": ["alice"]}, strategy="a")),
        (1, notice("b", {"mail": ["alice", "bob"]}, strategy="b")),
        (2, notice("c", {"mail": ["alice", "bob"]}, strategy="c")),
        (3, notice("d", {"mail": ["alice", "bob"]}, strategy="d")),
    ]
    outcome = run(machine(), planned)
    assert told(outcome.messages) == [
        (0, "alice", "a"), (1, "alice,bob", "b"), (2, "bob", "c"), (62, "alice", "c,d"), (63, "bob", "d"),
    ]  # fmt: skip
    assert [a.status for a in outcome.actions] == ["success", "success", "success", "skipped"]


@pytest.mark.parametrize("roles", [("main", "follower"), ("follower", "main")])
def test_a_business_summary_is_for_a_follower_only_if_all_of_it_is(roles):
    as_role = {"main": {}, "follower": {"receivers": {}, "followers": {"mail": ["alice"]}}}
    planned = strategies((0, "a"), (0, "b"))
    planned += [(1, notice(alert, strategy=alert, **as_role[role])) for alert, role in zip("cd", roles, strict=True)]
    assert run(machine(), planned).messages[-1].followed is False


def test_a_business_summary_to_a_follower_says_so():
    planned = strategies((0, "a"), (0, "b"), (1, "c"), receivers={}, followers={"mail": ["alice"]})
    assert run(machine(), planned).messages[-1].followed is True


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        (0, [(60, "alice", "a,b,c,d")]),
        (1, [(0, "alice", "a"), (61, "alice", "b,c,d")]),
        (3, [(0, "alice", "a"), (1, "alice", "b"), (2, "alice", "c"), (63, "alice", "d")]),
        (4, [(0, "alice", "a"), (1, "alice", "b"), (2, "alice", "c"), (3, "alice", "d")]),
    ],
)
def test_the_threshold_says_how_many_groups_go_out(threshold, expected):
    planned = strategies((0, "a"), (1, "b"), (2, "c"), (3, "d"))
    assert told(run(machine(business_threshold=threshold), planned).messages) == expected


def test_window_and_delay_are_settings():
    planned = strategies((0, "a"), (5, "b"), (9, "c"), (10, "d"))
    assert told(run(machine(window=10, delay=3), planned).messages) == [
        (0, "alice", "a"), (5, "alice", "b"), (10, "alice", "d"), (12, "alice", "c"),
    ]  # fmt: skip
