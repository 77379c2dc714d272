"""The courier beside the job: what it delivers, when it tries again, what it gives up."""

import threading
import time
from contextlib import contextmanager

import pytest
import structlog

from flows.courier.courier import Courier, CourierSettings, run_courier, settings_of
from flows.courier.lanes import PREFETCH, LaneSettings
from operators.deliver.delivery import BuryReason, Policy, Result
from operators.rules.shapes.channel import Channel as ChannelRule
from sinks.outbox import Depth, MemoryOutbox, OutboxUnavailableError, State, Terms
from sinks.store.interface import StoreUnavailableError
from tests.flows.courier.deliveries import Clock, Recording, notice, until

QUICK = LaneSettings(policy=Policy(first=0.01, cap=0.02))
BUSY = Result(ok=False, message="busy", retryable=True)
UNKNOWN = Result(ok=False, message="unknown address")
SENT = Result(ok=True, message="sent")


class Books:
    """Counts what an observer is told, and keeps the receipts."""

    def __init__(self):
        self.results, self.buried, self.depths, self.receipts = [], [], [], []

    def write(self, logged):
        self.receipts.extend(one.receipt for one in logged)

    def on_result(self, way, *, ok, seconds):
        self.results.append((way, ok))
        assert seconds >= 0

    def on_buried(self, way, reason):
        self.buried.append((way, reason))

    def on_depth(self, depth):
        self.depths.append(depth)

    def final(self):
        return {one.notice_id: one for one in self.receipts if one.final}


@pytest.fixture
def outbox():
    return MemoryOutbox()


@pytest.fixture
def books():
    return Books()


@contextmanager
def running(outbox, channels, books=None, *, ways=None, clock=time.time, **more):
    books = books or Books()
    settings = CourierSettings(ways=ways if ways is not None else dict.fromkeys(channels, QUICK))
    courier = Courier(outbox, channels, settings=settings, write_back=books.write, observer=books, clock=clock, **more)
    courier.start()
    try:
        yield courier
    finally:
        courier.stop(120)


def empty(outbox):
    return lambda: outbox.depth(time.time() + 10**6).ready == 0


def test_every_notice_is_delivered_once_and_its_receipt_written_back(outbox, books):
    mail, sms = Recording(), Recording()
    given = [notice(f"m{n}") for n in range(50)] + [notice(f"s{n}", way="sms") for n in range(50)]
    outbox.put(given, time.time())
    with running(outbox, {"mail": mail, "sms": sms}, books):
        until(empty(outbox))
    assert sorted(mail.ids + sms.ids) == sorted(one.id for one in given)
    assert outbox.receipts(1) == []
    assert len(books.receipts) == 100
    receipt = books.final()["m7"]
    assert (receipt.way, receipt.attempt, receipt.action_ids) == ("mail", 1, ("x1",))
    assert {name: (one.result, one.message) for name, one in receipt.results.items()} == {
        "alice": (True, "sent"),
        "bob": (True, "sent"),
    }
    assert books.results.count(("sms", True)) == 50


def test_a_slow_provider_delays_no_other(outbox):
    answer = threading.Event()
    slow, quick = Recording(lambda *_: answer.wait(300) and None), Recording()
    outbox.put([notice(f"s{n}", way="sms") for n in range(500)], time.time())
    outbox.put([notice(f"m{n}") for n in range(500)], time.time())
    with running(outbox, {"sms": slow, "mail": quick}, ways={}):
        until(lambda: len(quick.sent) == 500)
        assert len(slow.sent) == LaneSettings().concurrency
        answer.set()


def test_a_slow_host_delays_no_other_webhook(outbox):
    answer = threading.Event()
    hooks = Recording(lambda one, _: None if "slow" not in one.config["url"] else answer.wait(300) and None)
    for host in ("slow", "quick"):
        batch = [notice(f"{host}{n}", way="webhook", config={"url": f"http://{host}/x"}) for n in range(100)]
        outbox.put(batch, time.time())
    with running(outbox, {"webhook": hooks}):
        until(lambda: sum("quick" in name for name in hooks.ids) == 100)
        answer.set()


def test_memory_holds_only_what_the_threads_need(outbox):
    answer, clock = threading.Event(), Clock()
    outbox.put([notice(f"n{n}") for n in range(1000)], time.time())
    channels, ways = {"mail": Recording(lambda *_: answer.wait(300) and None)}, {"mail": LaneSettings(concurrency=3)}
    with running(outbox, channels, clock=clock, ways=ways):
        until(lambda: outbox.depth(time.time()).in_flight == 3 * PREFETCH)
        clock.rounds()
        assert outbox.depth(time.time()).in_flight == 3 * PREFETCH
        answer.set()


def test_a_way_sends_no_more_at_once_than_its_concurrency(outbox):
    channel = Recording(lambda *_: time.sleep(0.01))
    outbox.put([notice(f"n{n}") for n in range(60)], time.time())
    with running(outbox, {"mail": channel}, ways={"mail": LaneSettings(concurrency=3)}):
        until(lambda: len(channel.sent) == 60)
    assert channel.most == 3


def test_a_way_sends_no_more_a_minute_than_its_rate(outbox):
    channel, began = Recording(), time.monotonic()
    outbox.put([notice(f"n{n}") for n in range(60)], time.time())
    with running(outbox, {"mail": channel}, ways={"mail": LaneSettings(rate=300)}):
        until(lambda: len(channel.sent) >= 6)
    assert 6 <= len(channel.sent) <= 1 + 5 * (time.monotonic() - began)  # one at once, then 5 a second
    assert outbox.depth(time.time()).ready == 60 - len(channel.sent)


def test_only_the_receivers_that_failed_are_tried_again(outbox, books):
    channel = Recording(lambda _, before: {"alice": SENT, "bob": BUSY} if before == 0 else None)
    outbox.put([notice("n1")], time.time())
    with running(outbox, {"mail": channel}, books):
        until(empty(outbox))
    assert [one.receivers for one in channel.sent] == [("alice", "bob"), ("bob",)]
    assert [(one.attempt, one.final) for one in books.receipts] == [(1, False), (2, True)]
    assert all(one.result for one in books.final()["n1"].results.values())


@pytest.mark.parametrize(
    "nonsense",
    [RuntimeError("secret"), None.__class__, [], {"alice": True}, {}, KeyError("x")],
    ids=["raises", "no answer", "a list", "no results", "empty", "key"],
)
def test_a_channel_that_breaks_or_answers_nonsense_costs_one_attempt(outbox, books, nonsense):
    def answer(_notice, before):
        if before:
            return None
        if isinstance(nonsense, Exception):
            raise nonsense
        return nonsense

    channel = Recording(answer)
    outbox.put([notice("n1"), notice("n2")], time.time())
    with structlog.testing.capture_logs() as logs, running(outbox, {"mail": channel}, books):
        until(empty(outbox))
    assert sorted(channel.ids) == ["n1", "n1", "n2", "n2"]
    assert {name: one.attempt for name, one in books.final().items()} == {"n1": 2, "n2": 2}
    assert "secret" not in repr(logs)


def test_the_provider_says_when_to_come_back_and_its_lane_rests(outbox, books):
    clock = Clock()
    wait = Result(ok=False, message="429", retryable=True, retry_after=100)
    channel = Recording(lambda one, before: dict.fromkeys(one.receivers, wait) if clock.offset == 0 else None)
    other = Recording()
    outbox.put([notice("n1")], clock())
    with running(
        outbox, {"mail": channel, "sms": other}, books, clock=clock, ways={"mail": LaneSettings(concurrency=1)}
    ):
        until(lambda: outbox.depth(clock()).later == 1)
        (entry,) = outbox.entries(State.LATER, 10, clock())
        assert 99 <= entry.due - clock() <= 100
        outbox.put([notice("n2"), notice("s1", way="sms")], clock())
        until(lambda: other.ids == ["s1"])
        clock.rounds()
        assert channel.ids == ["n1"]
        clock.offset = 101
        until(empty(outbox))
    assert sorted(channel.ids) == ["n1", "n1", "n2"]


def test_notices_waiting_in_memory_go_back_when_their_lane_rests(outbox):
    clock = Clock()
    wait = Result(ok=False, message="429", retryable=True, retry_after=100)
    channel = Recording(lambda one, _: time.sleep(0.1) or dict.fromkeys(one.receivers, wait))
    outbox.put([notice(f"n{n}") for n in range(8)], clock())
    with running(outbox, {"mail": channel}, clock=clock, ways={"mail": LaneSettings(concurrency=1)}):
        until(lambda: (outbox.depth(clock()).ready, outbox.depth(clock()).later) == (7, 1))
    assert channel.ids == ["n0"]
    assert all(entry.taken.attempt == 0 for entry in outbox.entries(State.READY, 10, clock()))


def test_a_provider_that_is_down_is_left_in_peace(outbox):
    channel, clock = Recording(lambda one, _: dict.fromkeys(one.receivers, BUSY)), Clock()
    outbox.put([notice(f"n{n}") for n in range(500)], clock())
    with running(outbox, {"mail": channel}, clock=clock):
        until(lambda: len(channel.sent) >= 10)
        clock.advance(1.5, step=0.1)
    assert len(channel.sent) < 200


def test_after_its_deadline_a_notice_is_given_up(outbox, books):
    clock = Clock()
    channel = Recording(lambda one, _: dict.fromkeys(one.receivers, BUSY))
    outbox.put([notice("n1")], clock())
    with running(outbox, {"mail": channel}, books, clock=clock, ways={}):
        until(lambda: len(channel.sent) == 1)
        clock.offset = 3601
        until(lambda: books.buried == [("mail", BuryReason.EXPIRED)])
    (entry,) = outbox.entries(State.DEAD, 10, clock())
    assert entry.error == "expired: alice: busy; bob: busy"
    assert len(channel.sent) == 1
    assert [one.final for one in books.receipts] == [False, True]


@pytest.mark.parametrize(
    ("answer", "buried", "reached"),
    [
        ({"alice": UNKNOWN, "bob": UNKNOWN}, [("mail", BuryReason.REFUSED)], []),
        ({"alice": SENT, "bob": UNKNOWN}, [], ["alice"]),
    ],
)
def test_whoever_refuses_for_good_is_not_tried_again(outbox, books, answer, buried, reached):
    channel = Recording(lambda *_: answer)
    outbox.put([notice("n1")], time.time())
    with running(outbox, {"mail": channel}, books):
        until(books.final)
    assert books.buried == buried
    assert [name for name, one in books.final()["n1"].results.items() if one.result] == reached
    assert len(channel.sent) == 1


def test_a_way_without_a_channel_is_given_up_until_revived(outbox, books):
    outbox.put([notice("n1", way="fax")], time.time())
    with running(outbox, {}, books):
        until(lambda: books.buried == [("fax", BuryReason.NO_CHANNEL)])
    assert books.final()["n1"].results["alice"].message == "no_channel"
    assert outbox.revive(["n1"], time.time()) == 1
    fax = Recording()
    with running(outbox, {"fax": fax}):
        until(lambda: fax.ids == ["n1"])


def test_a_webhook_is_tried_as_its_own_configuration_says(outbox, books):
    config = {"url": "http://h/x", "failed_retry": {"max_retry_times": 2, "retry_interval": 0}}
    hooks = Recording(lambda one, _: {"http://h/x": BUSY})
    outbox.put([notice("n1", way="webhook", receivers=(), config=config)], time.time())
    with running(outbox, {"webhook": hooks}, books, ways={}):
        until(lambda: books.buried == [("webhook", BuryReason.EXHAUSTED)])
    assert len(hooks.sent) == 3


def test_the_same_people_are_not_called_twice_about_the_same_alert(outbox, books):
    voice = Recording()
    calls = [notice("v1"), notice("v2"), notice("v3", alert_ids=("a2",)), notice("v4", receivers=("bob", "alice"))]
    outbox.put(
        [type(one)(**{**{f: getattr(one, f) for f in one.__struct_fields__}, "way": "voice"}) for one in calls],
        time.time(),
    )
    with running(outbox, {"voice": voice}, books, ways={"voice": LaneSettings(concurrency=1)}):
        until(lambda: len(books.final()) == 4)
    assert voice.ids == ["v1", "v3", "v4"]
    assert books.final()["v2"].results["alice"].message == "voice_duplicate"
    assert books.buried == []


def test_a_failed_call_is_tried_again_for_its_own_notice(outbox, books):
    voice = Recording(lambda one, before: None if before else {"alice,bob": BUSY})
    outbox.put([notice("v1", way="voice")], time.time())
    with running(outbox, {"voice": voice}, books):
        until(books.final)
    assert voice.ids == ["v1", "v1"]


def test_a_stop_finishes_what_is_being_sent_and_gives_back_the_rest(outbox, books):
    answer = threading.Event()
    channel = Recording(lambda *_: answer.wait(300) and None)
    outbox.put([notice(f"n{n}") for n in range(100)], time.time())
    with running(outbox, {"mail": channel}, books, ways={"mail": LaneSettings(concurrency=2)}) as courier:
        until(lambda: len(channel.sent) == 2)
        threading.Timer(0.3, answer.set).start()
        assert courier.stop(120)
        assert sorted(books.final()) == sorted(channel.ids)
        assert outbox.depth(time.time()).ready == 98
        assert all(entry.taken.attempt == 0 for entry in outbox.entries(State.READY, 100, time.time()))


def test_a_stop_does_not_wait_for_ever_for_a_provider_that_hangs(outbox):
    answer = threading.Event()
    outbox.put([notice("n1")], time.time())
    channel = Recording(lambda *_: answer.wait(300) and None)
    with running(outbox, {"mail": channel}) as courier:
        until(lambda: channel.ids)
        begun = time.monotonic()
        assert not courier.stop(0.3)
        assert time.monotonic() - begun < 100
        answer.set()


def test_a_courier_that_was_not_started_can_be_stopped(outbox):
    assert Courier(outbox, {}).stop()


def test_a_long_send_keeps_its_notice(books):
    outbox, clock = MemoryOutbox(Terms(visibility=600)), Clock()
    answer = threading.Event()
    channel = Recording(lambda *_: answer.wait(300) and None)
    outbox.put([notice("n1")], clock())
    with running(outbox, {"mail": channel}, books, clock=clock):
        until(lambda: channel.ids)
        clock.advance(700, step=100)
        assert outbox.take(lambda _: 10, clock()) == []
        answer.set()
        until(books.final)
    assert channel.ids == ["n1"]


def test_a_notice_whose_hold_ran_out_in_the_queue_is_not_sent(outbox):
    clock = Clock()
    first = threading.Event()
    channel = Recording(lambda *_: first.wait(300) and None)
    outbox.put([notice("n1"), notice("n2")], clock())
    with running(outbox, {"mail": channel}, clock=clock, ways={"mail": LaneSettings(concurrency=1)}):
        until(lambda: channel.ids and outbox.depth(clock()).in_flight == 2)
        clock.offset = 61  # as if the process had been stopped meanwhile
        (other,) = [one for one in outbox.take(lambda _: 10, clock()) if one.notice.id == "n2"]
        first.set()
        clock.rounds()
        assert "n2" not in channel.ids
        assert outbox.find(["n2"], clock())[0].taken.attempt == other.attempt


class Flaky(MemoryOutbox):
    """An outbox that is away while `away` is set."""

    def __init__(self):
        super().__init__()
        self.away = threading.Event()

    def take(self, room, now):
        return super().take(room, self._there(now))

    def record(self, outcomes, now):
        super().record(outcomes, self._there(now))

    def _there(self, now):
        if self.away.is_set():
            raise OutboxUnavailableError("away")
        return now


def test_an_outbox_that_is_away_is_waited_for_and_nothing_is_sent_twice(books):
    outbox, channel, clock = Flaky(), Recording(lambda *_: outbox.away.set()), Clock()
    outbox.put([notice("n1"), notice("n2")], clock())
    one_thread = {"mail": LaneSettings(concurrency=1)}
    with running(outbox, {"mail": channel}, books, clock=clock, ways=one_thread) as courier:
        until(lambda: channel.ids)
        clock.rounds(1)
        assert channel.ids == ["n1"]
        channel.answer = lambda *_: None
        outbox.away.clear()
        until(lambda: len(books.final()) == 2)
        assert courier.alive
    assert channel.ids == ["n1", "n2"]


def test_receipts_wait_for_a_store_that_is_away(outbox):
    written, away = [], threading.Event()
    away.set()

    def write(receipts):
        if away.is_set():
            raise StoreUnavailableError("away")
        written.extend(one.receipt for one in receipts)

    outbox.put([notice("n1")], time.time())
    courier = Courier(outbox, {"mail": Recording()}, write_back=write)
    courier.start()
    until(lambda: outbox.receipts(10))
    time.sleep(0.2)
    assert len(outbox.receipts(10)) == 1
    away.clear()
    until(lambda: not outbox.receipts(10))
    courier.stop(120)
    assert [one.notice_id for one in written] == ["n1"]


def test_receipts_that_nobody_keeps_are_forgotten(outbox):
    outbox.put([notice("n1")], time.time())
    courier = Courier(outbox, {"mail": Recording()})
    courier.start()
    until(empty(outbox))
    courier.stop(120)
    assert outbox.receipts(10) == []


def test_the_depth_is_shown_now_and_then(outbox, books):
    courier = Courier(outbox, {}, settings=CourierSettings(count_every=0.05), observer=books)
    courier.start()
    until(lambda: len(books.depths) > 1)
    courier.stop(120)
    assert books.depths[0] == Depth()


def test_a_courier_of_its_own_runs_until_it_is_told_to_stop(outbox, books):
    stop, channel = threading.Event(), Recording()
    outbox.put([notice("n1")], time.time())
    courier = Courier(outbox, {"mail": channel}, write_back=books.write)
    threading.Thread(target=lambda: (until(lambda: channel.ids), stop.set()), daemon=True).start()
    assert run_courier(courier, stop)
    assert list(books.final()) == ["n1"]


def test_rule_book_channels_say_how_fast_and_how_many():
    rules = [ChannelRule(way="mail", rate=30, concurrency=2), ChannelRule(way="sms")]
    settings = settings_of(rules, grace=5)
    assert settings.grace == 5
    assert (settings.ways["mail"].rate, settings.ways["mail"].concurrency) == (30, 2)
    assert (settings.ways["sms"].rate, settings.ways["sms"].concurrency) == (0, 1)
