"""An outside watcher hears that the job lives, and misses it when it does not."""

import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest

from flows.courier.setup import courier_of, fallback_of
from flows.settings.sections import HeartbeatSettings, OutboxSettings, Secret
from flows.settings.settings import Settings, SettingsError, settings_from
from flows.telemetry.heartbeat import heartbeat_of, sign_of
from operators.model.records import Notice
from sinks.channels.secrets import MissingSecretError
from sinks.outbox import Depth, State, open_outbox
from tests.flows.courier.deliveries import until


@pytest.fixture
def watcher():
    """A server that notes who called; its address, and an event that a call sets."""
    heard: list[str] = []
    called = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.path)
            called.set()
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/ping", heard, called
    server.shutdown()
    thread.join()
    server.server_close()


def well() -> str:
    return ""


def beating(**heartbeat: object) -> Settings:
    return Settings(heartbeat=HeartbeatSettings(**heartbeat))


def test_the_watcher_hears_at_once_and_again(watcher):
    url, heard, called = watcher
    beat = heartbeat_of(beating(url=url, minutes=0.001), well)
    beat.start()
    for _ in range(2):
        assert called.wait(30)
        called.clear()
    beat.stop()
    assert set(heard) == {"/ping"}


def test_the_first_sign_waits_for_what_has_not_begun_yet_and_not_for_an_interval(watcher):
    url, heard, called = watcher
    looks = iter(["ended: rules, courier", "ended: courier"])
    beat = heartbeat_of(beating(url=url, minutes=1440), lambda: next(looks, ""))
    beat.start()
    assert called.wait(30)
    beat.stop()
    assert heard == ["/ping"]


def test_no_sign_is_given_while_something_is_wrong(watcher):
    url, heard, _ = watcher
    assert not heartbeat_of(beating(url=url), lambda: "ended: courier").beat()
    assert heard == []


def test_a_watcher_that_is_away_ends_nothing():
    assert not heartbeat_of(beating(url="http://127.0.0.1:9/x"), well).beat()


def test_the_address_may_be_a_secret(watcher):
    url, heard, _ = watcher
    assert heartbeat_of(beating(url=Secret(env="PING")), well, {"PING": url}).beat()
    assert heard == ["/ping"]
    with pytest.raises(MissingSecretError):
        heartbeat_of(beating(url=Secret(env="PING")), well, {})


def test_none_is_given_unless_asked_for():
    assert heartbeat_of(beating(), well) is None


@pytest.mark.parametrize(
    "tree",
    [
        {"minutes": 0},
        {"minutes": 1441},
        {"seconds": 1},
        {"url": 1},
        {"way": "pigeon", "receivers": ["ann"]},
        {"way": "mail"},
        {"receivers": ["ann"]},
        {"way": "mail", "receivers": []},
    ],
)
def test_a_heartbeat_that_cannot_be_is_refused(tree: dict):
    with pytest.raises(SettingsError, match="heartbeat"):
        settings_from({"heartbeat": tree}, "settings")


@pytest.fixture
def by_mail(tmp_path):
    """Settings of a heartbeat by mail, with an outbox in a file."""
    wanted = HeartbeatSettings(way="mail", receivers=("ann", "bob"), minutes=0.001)
    return Settings(heartbeat=wanted, outbox=OutboxSettings(str(tmp_path / "outbox.sqlite3")))


def waiting(settings: Settings) -> list[Notice]:
    with closing(open_outbox(settings.outbox.dsn)) as outbox:
        return [entry.taken.notice for entry in outbox.entries(State.READY, 10, time.time())]


def test_a_sign_may_be_a_notice_that_waits_for_the_courier(by_mail):
    assert heartbeat_of(by_mail, well).beat()
    (found,) = waiting(by_mail)
    assert (found.way, found.receivers, found.title) == ("mail", ("ann", "bob"), "Tocsin lives (job all, worker 0)")
    assert "every 0.001 minutes" in found.content


def test_no_notice_waits_while_something_is_wrong(by_mail):
    assert not heartbeat_of(by_mail, lambda: "ended: courier").beat()
    assert waiting(by_mail) == []


def test_the_courier_delivers_a_sign_like_any_notice(by_mail, tmp_path):
    heartbeat_of(by_mail, well).beat()
    with closing(open_outbox(by_mail.outbox.dsn)) as outbox:
        made = courier_of(
            outbox, tuple, None, fallback=fallback_of(str(tmp_path / "n.jsonl"), console=False), settings=by_mail
        )
        made.start()
        until(lambda: outbox.depth(time.time()) == Depth())
        assert made.stop()


def test_both_signs_are_given_and_one_that_fails_keeps_none_from_the_other(by_mail, watcher):
    url, heard, _ = watcher
    both = msgspec.structs.replace(by_mail.heartbeat, url=url)
    assert heartbeat_of(msgspec.structs.replace(by_mail, heartbeat=both), well).beat()
    away = msgspec.structs.replace(both, url="http://127.0.0.1:9/x")
    assert not heartbeat_of(msgspec.structs.replace(by_mail, heartbeat=away), well).beat()
    assert (heard, len(waiting(by_mail)) > 0) == (["/ping"], True)


def test_each_second_of_each_worker_has_a_sign_of_its_own(by_mail):
    other = msgspec.structs.replace(by_mail, kafka=msgspec.structs.replace(by_mail.kafka, worker=1))
    assert len({sign_of(one, now).id for one in (by_mail, other) for now in (1, 1, 2)}) == 4


def test_a_notice_without_an_outbox_is_refused(by_mail):
    with pytest.raises(SettingsError, match="outbox"):
        heartbeat_of(msgspec.structs.replace(by_mail, outbox=OutboxSettings("none")), well)
