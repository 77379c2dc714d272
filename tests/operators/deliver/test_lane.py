"""Which provider a notice stands in line for, and when the line rests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.deliver.delivery import Result
from operators.deliver.lane import Bucket, failed_for_now, lane, pause, refill, spend, way
from tests.operators.deliver.test_delivery import notice

BUSY = Result(ok=False, retryable=True)


@pytest.mark.parametrize(
    ("kind", "receivers", "config", "expected"),
    [
        ("mail", ("alice@example.org",), None, "mail"),
        ("wxwork-bot", ("chat",), None, "wxwork-bot"),
        ("webhook", ("http://h/x", "http://h/y"), None, "webhook:h"),
        ("webhook", ("http://h/x", "http://other/y"), None, "webhook"),
        ("webhook", ("https://user:secret@H:8443/x?token=1",), None, "webhook:h:8443"),
        ("webhook", (), {"url": "http://h:80/{{alert.id}}"}, "webhook:h:80"),
        ("webhook", (), {"url": "{{ url }}"}, "webhook"),
        ("webhook", (), {"url": "http://[broken/x"}, "webhook"),
        ("webhook", ("ops",), {}, "webhook"),
        ("message_queue", (), {"dsn": "redis://:secret@q:6379/0/key"}, "message_queue:q:6379"),
        ("message_queue", (), {"dsn": ["kafka://k:1/t", "kafka://k:1/u"]}, "message_queue:k:1"),
        ("message_queue", (), {"dsn": ["kafka://k:1/t", "redis://q:1/0/u"]}, "message_queue"),
    ],
)
def test_a_lane_is_a_provider(kind, receivers, config, expected):
    found = lane(notice(*receivers, way=kind, config=config))
    assert found == expected
    assert way(found) == kind


@pytest.mark.parametrize(
    ("streak", "asked", "rests"),
    [
        (0, None, 0),
        (9, None, 0),
        (10, None, 0.5),
        (11, None, 1),
        (14, None, 8),
        (15, None, 10),
        (10**6, None, 10),
        (1, 7, 7),
        (1, 300, 300),
        (1, 301, 300),
        (12, 1, 2),
    ],
)
def test_a_lane_rests_when_asked_or_when_nothing_works(streak, asked, rests):
    assert pause(streak, {"a": Result(ok=False, retryable=True, retry_after=asked)}) == rests


def test_a_wait_that_comes_with_a_success_does_not_count():
    assert pause(0, {"a": Result(ok=True, retry_after=100)}) == 0


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        ({"a": BUSY}, True),
        ({"a": BUSY, "b": Result(ok=False)}, True),
        ({"a": BUSY, "b": Result(ok=True)}, False),
        ({"a": Result(ok=False)}, False),
        ({}, False),
    ],
)
def test_only_an_attempt_that_reached_nobody_and_may_help_again_blames_the_provider(answer, failed):
    assert failed_for_now(answer) is failed


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(0, 5)), max_size=50), st.floats(0.01, 20), st.floats(1, 20))
def test_a_bucket_never_gives_more_than_its_burst_and_its_rate(steps, rate, burst):
    bucket, now, spent = Bucket(burst, 0.0), 0.0, 0
    for wait, wanted in steps:
        now += wait
        bucket = refill(bucket, rate, burst, now)
        given_ = min(wanted, int(bucket.tokens))
        bucket = spend(bucket, given_)
        spent += given_
        assert bucket.tokens >= 0
        assert spent <= burst + rate * now + 1e-6


def test_a_clock_set_back_adds_nothing():
    assert refill(Bucket(1.0, 100.0), 5, 10, 50.0) == Bucket(1.0, 50.0)
