"""What becomes of a notice after an attempt: tables, bounds and laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from operators.deliver.delivery import (
    Bury,
    BuryReason,
    Policy,
    Result,
    Retry,
    Settle,
    Taken,
    after_result,
    backoff,
    bury,
    by_receiver,
    drop,
    explain,
    pending,
    policy_of,
    revived,
    too_late,
)
from operators.model.records import Notice

NOW = 1000.0
OK, BUSY, NO = Result(ok=True), Result(ok=False, message="busy", retryable=True), Result(ok=False, message="unknown")
PLAIN = Policy(first=2, cap=300, life=3600)


def notice(*receivers, **changes):
    plain = Notice(
        id="n1", time=900, way="mail", receivers=receivers, followed=False, signal="abnormal", notice_type="normal",
        collect_type="action", alert_ids=("a",), action_ids=("x",), title="t", content="c",
    )  # fmt: skip
    return replace(plain, **changes)


def taken(*receivers, attempt=1, created=NOW, results=None, **changes):
    return Taken(
        notice=notice(*receivers, **changes),
        lane="mail",
        attempt=attempt,
        created=created,
        until=NOW + 60,
        results=results or {},
    )


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"a": OK, "b": OK}, Settle),
        ({"a": OK, "b": NO}, Settle),
        ({"a": OK, "b": BUSY}, Retry),
        ({"a": NO, "b": BUSY}, Retry),
        ({"a": BUSY, "b": BUSY}, Retry),
        ({"a": NO, "b": NO}, Bury),
        ({"a": OK}, Retry),
        ({}, Retry),
        ({"a,b": OK}, Settle),
        ({"a,b": NO}, Bury),
        ({"a,b": BUSY}, Retry),
        ({"somebody": OK}, Settle),
        ({"somebody": BUSY}, Retry),
        ({"somebody": OK, "else": NO}, Bury),
        ({"a": OK, "somebody": NO}, Settle),
    ],
)
def test_an_answer_decides(answer, kind):
    assert type(after_result(taken("a", "b"), answer, NOW, PLAIN)) is kind


@pytest.mark.parametrize(
    ("answer", "kind"), [({"url": OK}, Settle), ({"url": BUSY}, Retry), ({"url": NO}, Bury), ({}, Retry)]
)
def test_a_notice_without_receivers_goes_by_what_the_channel_names(answer, kind):
    assert type(after_result(taken(), answer, NOW, PLAIN)) is kind


def test_a_notice_without_receivers_forgets_what_an_earlier_answer_named():
    again = taken(results={"mail": BUSY}, attempt=2)
    assert isinstance(after_result(again, {"url": OK}, NOW, PLAIN), Settle)


def test_a_receipt_speaks_for_all_receivers_so_far():
    decision = after_result(taken("a", "b", attempt=2, results={"a": OK, "b": BUSY}), {"b": OK}, NOW + 0.9, PLAIN)
    assert isinstance(decision, Settle)
    receipt = decision.receipt
    assert (receipt.notice_id, receipt.action_ids, receipt.way) == ("n1", ("x",), "mail")
    assert (receipt.time, receipt.attempt, receipt.final) == (1000, 2, True)
    assert {name: one.result for name, one in receipt.results.items()} == {"a": True, "b": True}


def test_only_open_receivers_are_pending():
    held = taken("a", "b", "c", "d", results={"a": OK, "b": BUSY, "c": NO})
    assert pending(held).receivers == ("b", "d")


def test_a_first_attempt_is_for_everybody():
    held = taken("a", "b")
    assert pending(held) is held.notice


def test_a_retry_keeps_what_was_reached_and_is_not_final():
    decision = after_result(taken("a", "b"), {"a": OK, "b": BUSY}, NOW, PLAIN)
    assert isinstance(decision, Retry)
    assert decision.results == {"a": OK, "b": BUSY}
    assert decision.error == "b: busy"
    assert not decision.receipt.final
    assert NOW + 1 <= decision.due <= NOW + 2


@pytest.mark.parametrize(("asked", "waits"), [(None, (1, 2)), (0.5, (1, 2)), (100, (100, 100)), (3000, (3000, 3000))])
def test_the_provider_may_ask_for_a_longer_wait(asked, waits):
    decision = after_result(taken("a"), {"a": replace(BUSY, retry_after=asked)}, NOW, PLAIN)
    assert isinstance(decision, Retry)
    assert waits[0] <= decision.due - NOW <= waits[1]


@pytest.mark.parametrize(
    ("interval", "age", "kind"),
    [(10, 3589, Retry), (10, 3590, Retry), (10, 3591, Bury), (10, 4000, Bury), (4000, 0, Bury)],
)
def test_nothing_is_tried_after_the_deadline(interval, age, kind):
    policy = replace(PLAIN, interval=interval)
    decision = after_result(taken("a", created=NOW - age), {"a": BUSY}, NOW, policy)
    assert type(decision) is kind
    if isinstance(decision, Bury):
        assert decision.reason is BuryReason.EXPIRED


def test_without_a_life_there_is_no_deadline():
    assert isinstance(after_result(taken("a", created=0), {"a": BUSY}, NOW, replace(PLAIN, life=None)), Retry)


@pytest.mark.parametrize(("attempt", "kind"), [(1, Retry), (2, Retry), (3, Bury), (4, Bury)])
def test_attempts_of_its_own_configuration_are_counted(attempt, kind):
    policy = policy_of(notice("a", config={"failed_retry": {"max_retry_times": 2, "retry_interval": 60}}), PLAIN)
    decision = after_result(taken("a", attempt=attempt), {"a": BUSY}, NOW, policy)
    assert type(decision) is kind
    if isinstance(decision, Retry):
        assert decision.due == NOW + 60
    else:
        assert decision.reason is BuryReason.EXHAUSTED


@pytest.mark.parametrize(
    ("config", "attempts"),
    [
        (None, None),
        ({}, None),
        ({"failed_retry": None}, None),
        ({"failed_retry": {"max_retry_times": 0, "retry_interval": 1}}, 1),
        ({"failed_retry": {"max_retry_times": -1, "retry_interval": 1}}, 1),
        ({"failed_retry": {"retry_interval": 1}}, 1),
        ({"failed_retry": {"max_retry_times": 5}}, 6),
    ],
)
def test_a_configuration_without_retries_has_the_default(config, attempts):
    policy = policy_of(notice("a", config=config), PLAIN)
    assert (policy is PLAIN) == (attempts is None)
    assert policy.attempts == attempts


@pytest.mark.parametrize(
    ("attempt", "age", "late"), [(1, 9999, False), (2, 3600, False), (2, 3601, True), (5, 0, False)]
)
def test_a_first_attempt_is_never_too_late(attempt, age, late):
    assert too_late(taken("a", attempt=attempt, created=NOW - age), NOW, PLAIN) is late


def test_it_is_never_too_late_without_a_deadline():
    assert not too_late(taken("a", attempt=9, created=0), NOW, replace(PLAIN, life=None))


def test_a_burial_tells_everybody_without_an_answer_why():
    decision = bury(taken("a", "b", results={"a": OK}), BuryReason.NO_CHANNEL, {"a": OK}, NOW)
    assert {name: (one.result, one.message) for name, one in decision.receipt.results.items()} == {
        "a": (True, ""),
        "b": (False, "no_channel"),
    }
    assert decision.results == {"a": OK}
    assert decision.error == "b: no_channel"


def test_a_burial_without_receivers_is_told_under_the_way():
    decision = bury(taken(), BuryReason.UNREADABLE, {}, NOW)
    assert list(decision.receipt.results) == ["mail"]


def test_a_drop_fails_whoever_was_not_reached():
    decision = drop(taken("a", "b", "c", results={"a": OK, "b": BUSY}), "dropped", NOW)
    results = {name: (one.result, one.message) for name, one in decision.receipt.results.items()}
    assert results == {"a": (True, ""), "b": (False, "dropped"), "c": (False, "dropped")}


def test_a_revived_notice_knows_only_whom_it_reached():
    assert revived({"a": OK, "b": BUSY, "c": NO}) == {"a": OK}


def test_an_explanation_is_one_bounded_line_of_failures():
    assert explain({"a": OK, "b": BUSY, "c": NO}) == "b: busy; c: unknown"
    assert len(explain({str(n): BUSY for n in range(1000)})) == 300


attempts = st.integers(1, 10_000)
results = st.sampled_from([OK, BUSY, NO])
names = st.lists(st.sampled_from(["a", "b", "c", "d"]), unique=True)


@given(attempts, st.text(max_size=40))
def test_backoff_is_deterministic_and_bounded(attempt, key):
    wait = backoff(attempt, key, PLAIN)
    assert wait == backoff(attempt, key, PLAIN)
    assert 1.0 <= wait <= 300.0
    doubled = 2.0 * 2 ** min(attempt - 1, 60)
    assert min(doubled, 300.0) / 2 <= wait <= min(doubled, 300.0)


@given(st.integers(1, 7), st.text(max_size=40))
def test_backoff_never_falls_before_its_cap(attempt, key):
    assert backoff(attempt, key, PLAIN) <= backoff(attempt + 1, key, PLAIN)


def test_backoff_of_many_notices_is_spread():
    waits = {round(backoff(10, f"n{number}", PLAIN)) for number in range(500)}
    assert len(waits) > 100


@given(names, st.dictionaries(st.text("abcde,", max_size=5), results, max_size=5))
def test_every_receiver_gets_just_one_result(receivers, answer):
    told = by_receiver(notice(*receivers), answer)
    assert set(told) == set(receivers) if receivers else told


@given(names.filter(bool), st.data())
def test_whoever_was_reached_or_refused_is_never_asked_again(receivers, data):
    held, asked = taken(*receivers), []
    for attempt in range(1, 20):
        left = pending(replace(held, attempt=attempt))
        assert set(left.receivers) <= set(receivers)
        answer = {name: data.draw(results) for name in left.receivers}
        assert not any(name in closed for closed in asked for name in left.receivers)
        asked.append({name for name, one in answer.items() if one.ok or not one.retryable})
        decision = after_result(replace(held, attempt=attempt), answer, NOW, PLAIN)
        assert set(decision.receipt.results) == set(receivers)
        if not isinstance(decision, Retry):
            break
        held = replace(held, results=decision.results)


@given(names.filter(bool), st.lists(results, min_size=4, max_size=4), attempts, st.floats(0, 5000))
def test_a_decision_always_follows_from_the_results(receivers, drawn, attempt, age):
    answer = dict(zip(receivers, drawn, strict=False))
    decision = after_result(taken(*receivers, attempt=attempt, created=NOW - age), answer, NOW, PLAIN)
    reached = any(one.ok for one in answer.values())
    waits = any(one.retryable for one in answer.values())
    match decision:
        case Settle():
            assert reached
            assert not waits
        case Retry(due=due):
            assert waits
            assert NOW < due <= NOW - age + 3600
        case Bury(reason=reason):
            assert waits == (reason is BuryReason.EXPIRED)
