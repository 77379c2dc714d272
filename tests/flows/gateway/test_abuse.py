"""What a stranger or a broken sender may do: each is refused, and the process stays small and goes on."""

import gzip
import json
import re
import resource
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
import yaml

from flows.gateway.bodies import MEMBERS, MOST
from flows.gateway.connection import AHEAD, CONNECTIONS
from tests.flows.gateway.stand import Stand

pytestmark = pytest.mark.slow

EVENT = {"event_id": "e1", "plugin_id": "p", "alert_name": "A", "time": 1_700_000_000}
BOUND = 200 * 1024
"""KiB that the process ever holds, in whatever order all of this comes."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("abused")
    (folder / "rules.yaml").write_text(
        yaml.safe_dump({"strategies": [], "sources": [{"id": "any", "event": {"alert_name": "a"}}]})
    )
    stand = Stand(folder, "--settings", "/dev/null", "--rules", str(folder / "rules.yaml"))
    yield stand
    assert stand.stop() == 0
    assert "Traceback" not in stand.log.read_text()


@pytest.fixture(autouse=True)
def goes_on(gateway):
    """After each of them the next event is taken, and the process has never been large."""
    yield
    assert gateway.post("/v1/events", EVENT).status == 202
    assert peak(gateway) < BOUND


def peak(gateway):
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{gateway.process.pid}/status").read_text())[1])


def wire(gateway):
    host, port = gateway.listen.split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def answer(connection):
    """Return the status of what comes, None where the connection ends without."""
    try:
        said = b"".join(iter(lambda: connection.recv(65536), b""))
    except ConnectionError:
        return None
    return int(said.split()[1]) if said.startswith(b"HTTP/1.1 ") else None


HEAD = b"POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


def test_bodies_that_never_end_are_told_so(gateway):
    with ExitStack() as stack:
        slow = [stack.enter_context(wire(gateway)) for _ in range(100)]
        for one in slow:
            one.sendall(HEAD % b"/v1/events" + b"Content-Length: 1000\r\n\r\n{")
        assert gateway.post("/v1/events", EVENT).status == 202
        assert {answer(one) for one in slow} == {408}


def test_heads_that_never_end_are_let_go(gateway):
    with ExitStack() as stack:
        slow = [stack.enter_context(wire(gateway)) for _ in range(100)]
        for one in slow:
            one.sendall(b"POST /v1/events HTTP/1.1\r\nHost")
        slow.append(stack.enter_context(wire(gateway)))
        slow[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nPOST /v1")  # its second head
        assert [answer(one) for one in slow] == [None] * 100 + [200]


BOMBS = {
    "blanks": b" " * (40 << 20),
    "lines": b"\n" * (30 << 20),
    "numbers": b"[" + b"1," * (15 << 20) + b"1]",
    "objects": b"[" + b'{"a":1},' * (3 << 20) + b"{}]",
    "many objects": b"[" + b'{"a":1},' * (MEMBERS - 1) + b"{}]",
    "deep": b"[" * (30 << 20),
    "alerts": b'{"alerts":[' + b"{}," * (10 << 20) + b"{}]}",
    "many alerts": b'{"alerts":[' + b"{}," * (MEMBERS - 1) + b"{}]}",
}
PATHS = (
    "/v1/events",
    "/api/v2/alerts",
    "/webhook/alertmanager",
    "/webhook/grafana",
    "/webhook/any",
    "/v2/push/",
    "/cloudevents",
    "/v2/enqueue",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_goes_off_small(gateway, path, name):
    packed = gzip.compress(BOMBS[name], 1)
    assert len(packed) < MOST
    assert gateway.post(path, packed, **{"Content-Encoding": "gzip"}).status in (400, 413, 422)


def test_bombs_at_once_go_off_one_after_the_other(gateway):
    packed = gzip.compress(BOMBS["many objects"], 1)
    threads = [
        threading.Thread(target=gateway.post, args=("/webhook/any", packed), kwargs={"Content-Encoding": "gzip"})
        for _ in range(20)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def test_long_texts_at_once_are_unpacked_one_after_the_other(gateway):
    packed = gzip.compress(b'{"a":"%b"}' % (b"x" * (30 << 20)), 1)
    with ThreadPoolExecutor(20) as pool:
        post = partial(gateway.post, "/webhook/any", packed, **{"Content-Encoding": "gzip"})
        answers = [pool.submit(post) for _ in range(20)]
        assert {one.result().status for one in answers} == {422}


def test_what_all_bodies_hold_together_is_bounded(gateway):
    part = b"x" * (3 << 20)
    with ExitStack() as stack:
        held = [stack.enter_context(wire(gateway)) for _ in range(30)]
        for number, one in enumerate(held):
            path = b"/v1/events" if number % 2 else b"/webhook/grafana"
            one.sendall(HEAD % path + b"Content-Length: %d\r\n\r\n" % MOST)
            with suppress(ConnectionError):  # it may be told before all of it was sent
                one.sendall(part)
        found = {answer(one) for one in held}
    assert 408 in found
    assert found & {429, 503, None}


@pytest.mark.parametrize("head", [b"X-A: " + b"a" * 40_000, b"\r\n".join(b"X-%d: %d" % (n, n) for n in range(5000))])
def test_a_head_that_is_too_large_ends_its_connection(gateway, head):
    body = json.dumps(EVENT).encode()
    with wire(gateway) as one:
        try:
            one.sendall(HEAD % b"/v1/events" + head + b"\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        except ConnectionError:
            return
        assert answer(one) in (400, None)


@pytest.mark.parametrize("raw", [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"POST /v1/events HTTP/9.9\r\n\r\n", b"\x00" * 1000, b"POST /v1/events HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"POST /v1/events HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"])  # fmt: skip
def test_what_is_no_http_is_a_bad_request(gateway, raw):
    with wire(gateway) as one:
        one.sendall(raw)
        one.shutdown(socket.SHUT_WR)
        assert answer(one) in (400, None)


FLOODS = {
    "lines of a head": (500, b"POST /v1/events HTTP/1.1\r\n" + b"a:b\r\n" * 6000),
    "long heads": (1500, b"POST /v1/events HTTP/1.1\r\na:" + b"b" * 30_000),
    "bodies": (1500, HEAD % b"/v1/events" + b"Content-Length: 4000000\r\n\r\n" + b"x" * 400_000),
    "requests ahead": (300, b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n[]" * 4000),
}


@pytest.mark.parametrize("name", FLOODS)
def test_what_waits_unread_is_bounded_for_all_connections_together(gateway, name):
    count, sent = FLOODS[name]
    with ExitStack() as stack:
        stack.enter_context(files(count + 500))
        flood = [stack.enter_context(wire(gateway)) for _ in range(count)]
        gateway.process.send_signal(signal.SIGSTOP)  # it is busy, and finds all of it at once
        for one in flood:
            one.setblocking(False)
            with suppress(ConnectionError, BlockingIOError):
                one.sendall(sent)
        gateway.process.send_signal(signal.SIGCONT)
        assert gateway.get("/healthz").status == 200


def test_requests_that_are_asked_ahead_are_answered_in_turn(gateway):
    body = json.dumps(EVENT).encode()
    asked = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with wire(gateway) as one:
        for count in (AHEAD, 1):
            one.sendall(asked * count)
            said = b""
            while said.count(b'"accepted":1') < count:
                part = one.recv(65536)
                assert part
                said += part


@contextmanager
def files(count):
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(count, before[0]), before[1]), before[1]))
    yield resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_ten_thousand_connections_are_borne(gateway):
    with ExitStack() as stack:
        room = stack.enter_context(files(11_000))
        held = [stack.enter_context(wire(gateway)) for _ in range(min(10_000, room - 500))]
        assert len(held) > CONNECTIONS
        last = held[-1]
        last.sendall(HEAD % b"/v1/events" + b"Content-Length: 2\r\n\r\n{}")
        assert answer(last) in (503, 400, None)  # 400: it took so long that the first of them were let go
    deadline = time.monotonic() + 60
    while gateway.post("/v1/events", EVENT).status == 503:  # those that were let go are still counted
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_record_of_any_json_that_is_large_is_read_beside_the_others(gateway):
    records = [{"a": "x", "more": "y" * 100}] * 5000
    assert gateway.post("/webhook/any", json.dumps(records).encode()).json()["accepted"] == 5000
