"""Channels that change while the courier runs."""

import threading
import time

import pytest
from structlog.testing import capture_logs

from flows.courier.courier import Courier, CourierSettings, Fleet
from flows.courier.lanes import PREFETCH, LaneSettings
from flows.courier.setup import Fleets
from operators.deliver.delivery import BuryReason
from operators.rules.shapes.channel import Channel as ChannelRule
from operators.rules.shapes.channel import Secret
from sinks.channels.build import QUEUE
from sinks.outbox import MemoryOutbox, State
from tests.flows.courier.deliveries import Recording, notice, until


class Rules:
    """The channels of a book that can be exchanged."""

    def __init__(self, *now):
        self.now = now

    def __call__(self):
        return self.now


SMS = ChannelRule(way="sms", url="http://127.0.0.1:1/")
CHAT = ChannelRule(way="slack", url="http://127.0.0.1:1/")


def test_unchanged_rules_are_no_news():
    rules = Rules(SMS)
    fleets = Fleets(rules, None)
    assert fleets.news() is None
    rules.now = (ChannelRule(way="sms", url="http://127.0.0.1:1/"),)
    assert fleets.news() is None


def test_a_changed_channel_is_built_anew_and_the_others_stay():
    rules = Rules(SMS, CHAT)
    fleets = Fleets(rules, None)
    before = fleets.channels
    rules.now = (ChannelRule(way="sms", url="http://127.0.0.1:2/", concurrency=7, rate=60), CHAT)
    news = fleets.news()
    assert {way for way, one in news.channels.items() if before[way] is not one} == {"sms"}
    assert (news.ways["sms"].concurrency, news.ways["sms"].rate) == (7, 60)
    assert news.channels[QUEUE] is before[QUEUE], "it remembers which queue took which notice"
    assert fleets.news() is None


def test_a_channel_that_went_leaves_its_way_to_the_fallback():
    rules, fallback = Rules(SMS, CHAT), Recording()
    fleets = Fleets(rules, fallback)
    rules.now = (CHAT,)
    news = fleets.news()
    assert news.channels["sms"] is fallback
    assert set(news.ways) == {"slack"}


def test_channels_whose_secret_is_missing_leave_the_last_good_ones_in_use():
    rules, environ = Rules(SMS), {}
    fleets = Fleets(rules, None, environ)
    rules.now = (CHAT, ChannelRule(way="sms", url=Secret(env="SMS_URL")))
    with capture_logs() as logs:
        assert fleets.news() is None
        assert fleets.news() is None
    assert [one["error"] for one in logs] == ["channel sms: environment variable SMS_URL is not set"]
    assert "slack" not in fleets.channels
    environ["SMS_URL"] = "http://127.0.0.1:3/"
    rules.now = (*rules.now, ChannelRule(way="rtx", url="http://127.0.0.1:1/"))
    assert {"slack", "sms", "rtx"} <= set(fleets.news().channels)


class News:
    """News for a courier, told once."""

    def __init__(self):
        self.fleet = None

    def __call__(self):
        fleet, self.fleet = self.fleet, None
        return fleet


@pytest.fixture
def outbox():
    return MemoryOutbox()


@pytest.fixture
def news():
    return News()


@pytest.fixture
def courier(outbox, news):
    """Starts a courier with one channel for mail, and stops it."""
    made = []

    def start(channel, concurrency):
        settings = CourierSettings(ways={"mail": LaneSettings(concurrency=concurrency)})
        made.append(Courier(outbox, {"mail": channel}, settings=settings, news=news))
        made[0].start()

    yield start
    made[0].stop(120)


def test_the_next_notice_goes_through_the_new_channel(outbox, news, courier):
    old, new = Recording(), Recording()
    courier(old, 1)
    outbox.put([notice("n1")], time.time())
    until(lambda: old.ids == ["n1"])
    news.fleet = Fleet({"mail": new}, {})
    until(lambda: news.fleet is None)
    outbox.put([notice("n2")], time.time())
    until(lambda: new.ids == ["n2"])
    assert old.ids == ["n1"]


def test_a_way_that_lost_its_channel_is_given_up_with_the_reason(outbox, news, courier):
    courier(Recording(), 1)
    outbox.put([notice("n1")], time.time())
    until(lambda: outbox.depth(time.time()).oldest_age == 0)
    news.fleet = Fleet({}, {})
    until(lambda: news.fleet is None)
    outbox.put([notice("n2")], time.time())
    until(lambda: outbox.depth(time.time()).dead == 1)
    (entry,) = outbox.entries(State.DEAD, 9, time.time())
    assert entry.error.startswith(BuryReason.NO_CHANNEL.value)


class Crowd:
    """Counts how many send at once; each waits until it is let go."""

    def __init__(self):
        self.now, self.most, self.lock, self.go = 0, 0, threading.Lock(), threading.Semaphore(0)
        self.inner = Recording(self.answer)

    def answer(self, one, _):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.go.acquire(timeout=300)
        with self.lock:
            self.now -= 1

    def send(self, one):
        return self.inner.send(one)


@pytest.mark.parametrize(("before", "after"), [(1, 4), (4, 1), (3, 2)])
def test_more_or_fewer_send_at_once_when_the_rules_say_so(outbox, news, courier, before, after):
    crowd = Crowd()
    courier(crowd, before)
    outbox.put([notice(f"n{n}") for n in range(200)], time.time())
    until(lambda: crowd.now == before)
    news.fleet = Fleet({"mail": crowd}, {"mail": LaneSettings(concurrency=after)})
    until(lambda: news.fleet is None)
    crowd.go.release(before * PREFETCH)
    until(lambda: crowd.now == after)
    crowd.most = 0
    crowd.go.release(60)
    until(lambda: len(crowd.inner.sent) >= 60 + after and crowd.now == after)
    assert crowd.most == after
    crowd.go.release(1000)
    until(lambda: outbox.depth(time.time()).oldest_age == 0)
    assert len(crowd.inner.ids) == 200
