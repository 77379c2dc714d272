"""A courier that is killed: nothing is lost, and only what was in flight comes twice."""

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sinks.outbox import Terms, open_outbox
from tests.flows.courier.deliveries import notice, until
from tests.tree import ROOT

pytestmark = pytest.mark.slow

VISIBILITY = 6.0
CONCURRENCY = 4


class Provider:
    """A local HTTP server that remembers what it was sent and when; `hold` keeps answers back."""

    def __init__(self, delay=0.0):
        self.got, self.hold = [], threading.Event()
        self.hold.set()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers["Content-Length"])
                name = self.rfile.read(length).decode()
                if len(name) < length:  # the courier was killed
                    self.close_connection = True
                    return
                provider.got.append((name, time.time()))
                provider.hold.wait(300)
                time.sleep(delay)
                try:
                    self.send_response(200)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    self.close_connection = True  # the courier was killed

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.server.handle_error = lambda *_: None
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"

    @property
    def ids(self):
        return [name for name, _ in self.got]

    def close(self):
        self.hold.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def provider():
    server = Provider(delay=0.02)
    yield server
    server.close()


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.servers)])
def place(request, tmp_path):
    return str(tmp_path / "outbox.db") if request.param == "sqlite" else request.getfixturevalue("redis_dsn")


@pytest.fixture
def outbox(place):
    opened = open_outbox(place, Terms(visibility=VISIBILITY))
    yield opened
    opened.close()


@pytest.fixture
def courier(place, provider, tmp_path):
    """Starts courier processes, and ends those that are left."""
    children = []
    arguments = (place, provider.url, str(tmp_path / "receipts"), str(VISIBILITY), str(CONCURRENCY))

    def start():
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.flows.courier.process", *arguments],
            cwd=ROOT,
        )
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.wait()


def receipts(tmp_path):
    path = tmp_path / "receipts"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def drained(outbox):
    depth = outbox.depth(time.time())
    return depth.ready + depth.later + depth.in_flight == 0


def test_a_notice_in_flight_when_its_courier_is_killed_is_sent_again_after_the_time_out(
    outbox, courier, provider, tmp_path
):
    provider.hold.clear()
    outbox.put([notice("n1")], time.time())
    first = courier()
    until(lambda: provider.ids == ["n1"])
    first.kill()
    first.wait()
    provider.hold.set()
    courier()
    until(lambda: drained(outbox))
    assert provider.ids == ["n1", "n1"]
    assert provider.got[1][1] - provider.got[0][1] >= VISIBILITY / 2  # holds of a living courier are extended
    until(lambda: receipts(tmp_path) == [["n1", 2, True]])


def test_kills_lose_nothing_and_repeat_only_what_was_in_flight(outbox, courier, provider, tmp_path):
    names = [f"n{n}" for n in range(300)]
    outbox.put([notice(name) for name in names], time.time())
    kills = 3
    for kill in range(kills):
        child = courier()
        until(lambda seen=50 * (kill + 1): len(provider.got) >= seen)
        child.kill()
        child.wait()
    last = courier()
    until(lambda: drained(outbox))
    last.terminate()
    assert last.wait(120) == 0
    sent = Counter(provider.ids)
    assert sorted(sent) == sorted(names)
    assert sum(sent.values()) - len(names) <= kills * CONCURRENCY
    assert {name for name, _, final in receipts(tmp_path) if final} == set(names)


def test_two_couriers_share_the_work(outbox, courier, provider, tmp_path):
    first, second = courier(), courier()
    names = [f"n{n}" for n in range(200)]
    outbox.put([notice(name) for name in names], time.time())
    until(lambda: drained(outbox))
    for child in (first, second):
        child.terminate()
        assert child.wait(120) == 0
    assert sorted(provider.ids) == sorted(names)


def test_a_terminated_courier_finishes_what_is_in_flight(outbox, courier, provider, tmp_path):
    provider.hold.clear()
    outbox.put([notice(f"n{n}") for n in range(50)], time.time())
    child = courier()
    until(lambda: len(provider.got) == CONCURRENCY)
    child.terminate()
    time.sleep(0.3)
    provider.hold.set()
    assert child.wait(120) == 0
    assert len(provider.got) == CONCURRENCY
    assert sorted(name for name, _, _ in receipts(tmp_path)) == sorted(provider.ids)
    assert outbox.depth(time.time()).ready == 50 - CONCURRENCY
