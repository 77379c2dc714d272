"""An outside watcher hears that the job lives, and misses it when it does not."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from flows.settings.settings import HeartbeatSettings, Secret, SettingsError, settings_from
from flows.telemetry.heartbeat import heartbeat_of
from sinks.channels.secrets import MissingSecretError


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


def test_the_watcher_hears_at_once_and_again(watcher):
    url, heard, called = watcher
    beat = heartbeat_of(HeartbeatSettings(url=url, minutes=0.001), well)
    beat.start()
    for _ in range(2):
        assert called.wait(30)
        called.clear()
    beat.stop()
    assert set(heard) == {"/ping"}


def test_no_sign_is_given_while_something_is_wrong(watcher):
    url, heard, _ = watcher
    assert not heartbeat_of(HeartbeatSettings(url=url), lambda: "ended: courier").beat()
    assert heard == []


def test_a_watcher_that_is_away_ends_nothing():
    assert not heartbeat_of(HeartbeatSettings(url="http://127.0.0.1:9/x"), well).beat()


def test_the_address_may_be_a_secret(watcher):
    url, heard, _ = watcher
    assert heartbeat_of(HeartbeatSettings(url=Secret(env="PING")), well, {"PING": url}).beat()
    assert heard == ["/ping"]
    with pytest.raises(MissingSecretError):
        heartbeat_of(HeartbeatSettings(url=Secret(env="PING")), well, {})


def test_none_is_given_unless_asked_for():
    assert heartbeat_of(HeartbeatSettings(), well) is None


@pytest.mark.parametrize("tree", [{"minutes": 0}, {"minutes": 1441}, {"seconds": 1}, {"url": 1}])
def test_a_heartbeat_that_cannot_be_is_refused(tree: dict):
    with pytest.raises(SettingsError, match="heartbeat"):
        settings_from({"heartbeat": tree}, "settings")
