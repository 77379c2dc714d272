"""The HTTP side of a process."""

import http.client
import math
import socket
import threading

import pytest

from flows.telemetry import metrics
from flows.telemetry.health import MOST, HealthServer, Heart
from flows.telemetry.meter import Meter


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def heart(clock: Clock) -> Heart:
    return Heart(10.0, clock)


@pytest.fixture
def server(heart: Heart):
    meter = Meter()
    meter.add(metrics.EVENTS, 5)
    server = HealthServer(meter, heart)
    server.start()
    yield server
    server.stop()


def ask(server: HealthServer, path: str, method: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request(method, path)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


@pytest.mark.parametrize(("interval", "limit"), [(1.0, 60.0), (12.0, 60.0), (13.0, 65.0), (60.0, 300.0)])
def test_a_process_hangs_after_a_minute_or_five_snapshot_intervals(clock: Clock, interval: float, limit: float):
    heart = Heart(interval, clock)
    heart.beat()
    clock.now += limit
    assert heart.trouble == ""
    clock.now += 0.001
    assert heart.trouble == f"no records asked for in {limit:.0f} s, limit {limit:.0f} s"
    heart.beat()
    assert heart.trouble == ""


def test_liveness_is_a_status(server: HealthServer, clock: Clock):
    assert ask(server, "/healthz") == (200, "alive\n")
    clock.now += 61
    status, text = ask(server, "/healthz")
    assert status == 503
    assert text.startswith("no records asked for in 61 s")


def test_a_thread_that_ended_is_the_end_of_the_process(heart: Heart):
    alive = True
    heart.also("rules", lambda: alive)
    assert heart.trouble == ""
    alive = False
    assert heart.trouble == "ended: rules"


def test_a_courier_on_its_own_has_no_source_that_could_hang(clock: Clock):
    heart = Heart(math.inf, clock)
    clock.now += 1e9
    assert heart.trouble == ""


def test_readiness_comes_with_the_state_and_the_first_answer_of_the_source(server: HealthServer, heart: Heart):
    assert ask(server, "/readyz") == (503, "waiting for the state and the source\n")
    heart.answered()
    assert ask(server, "/readyz") == (503, "waiting for the state\n")
    heart.resumed()
    assert ask(server, "/readyz") == (200, "ready\n")


def test_an_answer_of_the_source_is_a_sign_of_life(heart: Heart, clock: Clock):
    clock.now += 61
    heart.answered()
    assert heart.trouble == ""


def test_a_courier_on_its_own_waits_for_nothing():
    assert Heart(math.inf, waits_for=()).awaited == ""


def test_metrics_are_in_the_text_format(server: HealthServer):
    status, text = ask(server, "/metrics")
    assert status == 200
    assert "\ntocsin_events_total 5.0\n" in text
    assert "process_resident_memory_bytes" in text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("HEAD", "/healthz", 200), ("GET", "/healthz?x=1", 200), ("GET", "/", 404), ("GET", "/healthz/x", 404), ("POST", "/metrics", 501)],
)  # fmt: skip
def test_other_requests(server: HealthServer, method: str, path: str, status: int):
    assert ask(server, path, method)[0] == status


def test_a_client_that_says_nothing_holds_nobody_up(server: HealthServer):
    with socket.create_connection(("127.0.0.1", server.port)):
        assert ask(server, "/healthz")[0] == 200


def test_it_listens_on_the_loopback_alone_and_refuses_a_port_that_is_taken(server: HealthServer, heart: Heart):
    assert server._server.server_address[0] == "127.0.0.1"
    with pytest.raises(OSError, match="in use"):
        HealthServer(Meter(), heart, port=server.port)


def test_a_server_that_was_never_started_can_be_stopped(heart: Heart):
    HealthServer(Meter(), heart).stop()


@pytest.fixture
def callers(server: HealthServer):
    """Open connections that say `begun` and nothing more."""
    opened: list[socket.socket] = []

    def call(count: int, begun: bytes) -> list[socket.socket]:
        for _ in range(count):
            one = socket.create_connection(("127.0.0.1", server.port), timeout=60)
            opened.append(one)
            one.sendall(begun)
        return opened

    yield call
    for one in opened:
        one.close()


@pytest.mark.parametrize("begun", [b"", b"G", b"GET /metrics HTTP/1.1\r\nX: ", b"GET /" + b"a" * 60_000])
def test_those_who_hold_connections_open_are_few_and_keep_nobody_out(server: HealthServer, callers, begun: bytes):
    held = callers(MOST + 20, begun)
    assert ask(server, "/healthz") == (200, "alive\n")
    assert all(one.recv(1) == b"" for one in held[:20])  # the oldest made room
    assert sum(thread.name.endswith("process_request_thread)") for thread in threading.enumerate()) <= MOST + 20


def test_a_connection_that_was_answered_takes_no_room(server: HealthServer, callers):
    held = callers(MOST // 2, b"G")
    for _ in range(3 * MOST):
        assert ask(server, "/healthz")[0] == 200
    held[0].settimeout(0)
    with pytest.raises(BlockingIOError):
        held[0].recv(1)
