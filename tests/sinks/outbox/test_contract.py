"""What an outbox promises: one suite for memory, SQLite and Redis."""

import pytest

from operators.deliver.delivery import Outcome as Recorded
from operators.deliver.delivery import Result, Settle, drop
from sinks.outbox import Depth, State
from tests.sinks.outbox.notices import all_room, buried, notice, receipt, released, retried, settled

NOW = 1000.0


def ids(entries):
    return [entry.notice.id for entry in entries]


def listed(outbox, state, now=NOW, limit=100):
    return [entry.taken.notice.id for entry in outbox.entries(state, limit, now)]


@pytest.fixture
def one(outbox):
    """One notice, taken at NOW."""
    outbox.put([notice("n1")], NOW)
    (taken,) = outbox.take(all_room, NOW)
    return taken


def test_a_notice_comes_back_as_it_was_put(outbox):
    given = notice("n1", config={"url": "http://h/x", "nested": {"a": [1, None, "é"]}}, bk_biz_id=2)
    assert outbox.put([given], NOW) == 1
    (taken,) = outbox.take(all_room, NOW)
    assert taken.notice == given
    assert (taken.attempt, taken.created, taken.until, taken.results) == (1, NOW, NOW + 60, {})
    assert taken.readable


def test_an_empty_put_is_nothing(outbox):
    assert outbox.put([], NOW) == 0
    assert outbox.depth(NOW) == Depth()


def test_a_repeated_put_changes_nothing(outbox):
    assert outbox.put([notice("n1"), notice("n2")], NOW) == 2
    assert outbox.put([notice("n2", title="other"), notice("n3"), notice("n3")], NOW) == 1
    assert sorted((one.notice.id, one.notice.title) for one in outbox.take(all_room, NOW)) == [
        ("n1", "磁盘 full"),
        ("n2", "磁盘 full"),
        ("n3", "磁盘 full"),
    ]


def test_a_taken_notice_is_not_put_again(outbox, one):
    assert outbox.put([one.notice], NOW) == 0
    assert outbox.take(all_room, NOW) == []


def test_a_dead_notice_is_not_put_again(outbox, one):
    outbox.record([buried(one)], NOW)
    assert outbox.put([one.notice], NOW) == 0
    assert outbox.depth(NOW).dead == 1


@pytest.mark.parametrize(("age", "new"), [(0, 0), (1000, 0), (1001, 1)])
def test_a_settled_id_is_remembered_for_the_retention(outbox, one, age, new):
    outbox.record([settled(one)], NOW)
    outbox.record([], NOW + age)
    assert outbox.put([one.notice], NOW + age) == new


def test_a_notice_is_taken_once(outbox):
    outbox.put([notice("n1")], NOW)
    assert ids(outbox.take(all_room, NOW)) == ["n1"]
    assert outbox.take(all_room, NOW) == []


def test_notices_of_a_lane_leave_in_the_order_they_came(outbox):
    names = [f"n{number}" for number in range(30)]
    for name in names:
        outbox.put([notice(name)], NOW)
    first = ids(outbox.take(lambda _: 10, NOW))
    assert first + ids(outbox.take(all_room, NOW)) == names


def test_each_lane_gives_as_many_as_it_has_room(outbox):
    outbox.put([notice(f"m{n}") for n in range(5)] + [notice(f"s{n}", way="sms") for n in range(5)], NOW)
    asked = []
    taken = outbox.take(lambda lane: asked.append(lane) or {"mail": 2, "sms": 0}[lane], NOW)
    assert sorted(ids(taken)) == ["m0", "m1"]
    assert sorted(asked) == ["mail", "sms"]


def test_webhooks_of_different_hosts_stand_in_different_lanes(outbox):
    hooks = [notice(f"w{n}", way="webhook", config={"url": f"http://u:p@host{n}:80/x"}) for n in range(2)]
    outbox.put(hooks, NOW)
    assert sorted(one.lane for one in outbox.take(all_room, NOW)) == ["webhook:host0:80", "webhook:host1:80"]


@pytest.mark.parametrize(("after", "back"), [(59, []), (60, ["n1"]), (61, ["n1"])])
def test_a_hold_runs_out_after_the_visibility_time_out(outbox, one, after, back):
    again = outbox.take(all_room, NOW + after)
    assert ids(again) == back
    assert all(taken.attempt == 2 for taken in again)


def test_an_extended_hold_runs_from_then_on(outbox, one):
    outbox.extend([one], NOW + 50)
    assert outbox.take(all_room, NOW + 109) == []
    assert ids(outbox.take(all_room, NOW + 110)) == ["n1"]


def test_extending_nothing_is_nothing(outbox):
    outbox.extend([], NOW)


def test_whoever_lost_his_hold_cannot_extend_it(outbox, one):
    outbox.take(all_room, NOW + 60)
    outbox.extend([one], NOW + 90)
    assert ids(outbox.take(all_room, NOW + 120)) == ["n1"]


@pytest.mark.parametrize("outcome", [buried, released, lambda taken: retried(taken, NOW + 5)])
def test_whoever_lost_his_hold_can_neither_retry_nor_bury_nor_release(outbox, one, outcome):
    (second,) = outbox.take(all_room, NOW + 60)
    outbox.record([outcome(one)], NOW + 61)
    assert outbox.depth(NOW + 61) == Depth(in_flight=1, oldest_age=61)
    assert outbox.receipts(10) == []
    outbox.record([settled(second)], NOW + 62)
    assert outbox.depth(NOW + 62) == Depth()


def test_whoever_lost_his_hold_can_still_settle(outbox, one):
    (second,) = outbox.take(all_room, NOW + 60)
    outbox.record([settled(one)], NOW + 61)
    assert outbox.depth(NOW + 61) == Depth()
    outbox.record([retried(second, NOW + 70)], NOW + 62)
    assert outbox.take(all_room, NOW + 200) == []
    assert [logged.receipt.attempt for logged in outbox.receipts(10)] == [1]


def test_a_notice_settled_by_its_old_holder_while_it_waits_again_is_not_sent_again(outbox, one):
    (second,) = outbox.take(all_room, NOW + 60)
    outbox.record([retried(second, NOW + 70)], NOW + 61)
    outbox.record([settled(one)], NOW + 62)
    assert outbox.take(all_room, NOW + 100) == []
    assert outbox.depth(NOW + 100) == Depth()


@pytest.mark.parametrize(("after", "back"), [(29, []), (30, ["n1"]), (31, ["n1"])])
def test_a_retried_notice_comes_back_when_it_is_due(outbox, one, after, back):
    outbox.record([retried(one, NOW + 30)], NOW)
    assert ids(outbox.take(all_room, NOW + after)) == back


def test_a_retried_notice_keeps_its_results_and_its_age(outbox, one):
    outbox.record([retried(one, NOW + 30)], NOW)
    (again,) = outbox.take(all_room, NOW + 30)
    assert (again.attempt, again.created) == (2, NOW)
    assert again.results == {"alice": Result(ok=True), "bob": Result(ok=False, message="busy", retryable=True)}


def test_a_released_notice_is_ready_and_had_no_attempt(outbox, one):
    outbox.record([released(one)], NOW)
    (again,) = outbox.take(all_room, NOW)
    assert again.attempt == 1
    assert outbox.receipts(10) == []


def test_outcomes_are_recorded_together(outbox):
    outbox.put([notice(f"n{number}") for number in range(4)], NOW)
    first, second, third, fourth = outbox.take(all_room, NOW)
    outbox.record([settled(first), retried(second, NOW + 5), buried(third), released(fourth)], NOW)
    assert outbox.depth(NOW) == Depth(ready=1, later=1, in_flight=0, dead=1, oldest_age=0)
    assert [logged.receipt.notice_id for logged in outbox.receipts(10)] == ["n0", "n1", "n2"]


def test_an_outcome_recorded_twice_counts_once(outbox, one):
    for _ in range(2):
        outbox.record([retried(one, NOW + 5)], NOW)
    (again,) = outbox.take(all_room, NOW + 5)
    for _ in range(2):
        outbox.record([settled(again)], NOW + 5)
    assert [logged.receipt.attempt for logged in outbox.receipts(10)] == [1, 2]


def test_depth_counts_each_state_and_the_oldest_age(outbox):
    outbox.put([notice(f"n{number}") for number in range(10)], NOW)
    taken = outbox.take(lambda _: 4, NOW + 1)
    outbox.record([settled(taken[0]), retried(taken[1], NOW + 100), buried(taken[2])], NOW + 2)
    assert outbox.depth(NOW + 10) == Depth(ready=6, later=1, in_flight=1, dead=1, oldest_age=10)
    assert outbox.depth(NOW + 61) == Depth(ready=7, later=1, in_flight=0, dead=1, oldest_age=61)
    assert outbox.depth(NOW + 100) == Depth(ready=8, later=0, in_flight=0, dead=1, oldest_age=100)


def test_entries_are_listed_by_state(outbox):
    outbox.put([notice(f"n{number}") for number in range(5)], NOW)
    flying, later, dead = outbox.take(lambda _: 3, NOW)
    outbox.record([retried(later, NOW + 30), buried(dead)], NOW + 1)
    assert listed(outbox, State.READY) == ["n3", "n4"]
    assert listed(outbox, State.READY, limit=1) == ["n3"]
    assert listed(outbox, State.IN_FLIGHT) == [flying.notice.id]
    assert listed(outbox, State.LATER) == ["n1"]
    assert listed(outbox, State.DEAD) == ["n2"]
    assert listed(outbox, State.READY, now=NOW + 60) != []


def test_an_entry_says_why_and_when(outbox, one):
    outbox.record([buried(one)], NOW + 7)
    (entry,) = outbox.entries(State.DEAD, 10, NOW + 9)
    assert (entry.state, entry.due, entry.error) == (State.DEAD, NOW + 7, "expired: bob: unknown")
    assert entry.taken.attempt == 1


def test_find_returns_what_is_there(outbox, one):
    outbox.put([notice("n2")], NOW)
    found = outbox.find(["n2", "nobody", "n1"], NOW)
    assert [(entry.taken.notice.id, entry.state) for entry in found] == [("n2", State.READY), ("n1", State.IN_FLIGHT)]


def test_a_dead_notice_is_never_taken(outbox, one):
    outbox.record([buried(one)], NOW)
    assert outbox.take(all_room, NOW + 10**6) == []


def test_a_revived_notice_starts_afresh_for_those_it_did_not_reach(outbox, one):
    outbox.record([buried(one)], NOW)
    assert outbox.revive(["n1", "n1", "nobody"], NOW + 50) == 1
    assert outbox.revive(["n1"], NOW + 50) == 0
    (again,) = outbox.take(all_room, NOW + 50)
    assert (again.attempt, again.created) == (2, NOW + 50)
    assert again.results == {"alice": Result(ok=True)}


def test_a_waiting_notice_cannot_be_revived(outbox, one):
    outbox.put([notice("n2")], NOW)
    assert outbox.revive(["n1", "n2"], NOW + 1) == 0


@pytest.mark.parametrize("state", State)
def test_a_notice_in_any_state_can_be_dropped_for_good(outbox, state):
    outbox.put([notice("n1")], NOW)
    if state is not State.READY:
        (taken,) = outbox.take(all_room, NOW)
        outcome = {State.LATER: retried(taken, NOW + 50), State.DEAD: buried(taken)}.get(state)
        outbox.record([outcome] if outcome else [], NOW)
    (entry,) = outbox.find(["n1"], NOW)
    assert entry.state is state
    outbox.record([Recorded(entry.taken, drop(entry.taken, "dropped", NOW))], NOW + 1)
    assert outbox.find(["n1"], NOW + 1) == []
    assert outbox.take(all_room, NOW + 500) == []
    assert outbox.put([notice("n1")], NOW + 500) == 0
    assert outbox.depth(NOW + 1) == Depth()


def test_receipts_come_in_order_until_they_are_forgotten(outbox):
    outbox.put([notice(f"n{number}") for number in range(3)], NOW)
    taken = outbox.take(all_room, NOW)
    outbox.record([settled(one) for one in taken], NOW)
    first = outbox.receipts(2)
    assert [logged.receipt for logged in first] == [receipt(one) for one in taken[:2]]
    assert outbox.receipts(2) == first
    outbox.forget([logged.cursor for logged in first])
    assert [logged.receipt.notice_id for logged in outbox.receipts(10)] == ["n2"]


def test_forgetting_nothing_is_nothing(outbox):
    outbox.forget([])


def test_a_notice_that_has_left_gets_no_second_receipt(outbox, one):
    outbox.record([settled(one)], NOW)
    outbox.record([Recorded(one, Settle(receipt(one, ok=False)))], NOW + 1)
    assert [logged.receipt for logged in outbox.receipts(10)] == [receipt(one)]


def test_with_a_receipt_comes_the_document_of_its_notice_while_that_has_left(outbox, one):
    outbox.record([retried(one, NOW + 30)], NOW)
    (again,) = outbox.take(all_room, NOW + 30)
    outbox.record([settled(again)], NOW + 30)
    first, last = (logged.notice for logged in outbox.receipts(10))
    assert (first.title, first.content, first.state, first.due) == ("磁盘 full", "text\n", "failed", NOW + 30)
    assert (last.content, last.state, last.attempt, last.receivers) == ("text\n", "delivered", 2, ("alice", "bob"))
