"""Replies are bounded: a provider that floods or drips costs its own connection, and neither memory nor time."""

import contextlib
import tracemalloc

import pytest

from sinks.channels.errors import DeliveryError
from sinks.channels.http import Http
from sinks.channels.push import Push
from tests.sinks.channels.given import notice
from tests.sinks.channels.peers import peer

MIB = 1 << 20
OK = b"HTTP/1.1 200 OK\r\n"


def flooding(begin, piece):
    """Say something, then the same over and over until the other side leaves."""

    def behave(connection):
        connection.recv(65536)
        with contextlib.suppress(OSError):
            connection.sendall(begin)
            while True:
                connection.sendall(piece)

    return behave


@contextlib.contextmanager
def little_memory():
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()


FLOODS = {
    "a status line": (b"HTTP/1.1 200 ", b"a" * 65536),
    "a header line": (OK + b"X: ", b"a" * 65536),
    "headers": (OK, b"X: y\r\n" * 5000),
    "long headers": (OK, b"X: " + b"y" * 60_000 + b"\r\n"),
    "a body without an end": (OK + b"\r\n", b"a" * 65536),
    "a body of many bytes": (OK + b"Content-Length: 99999999999\r\n\r\n", b"a" * 65536),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"a" * 65536 + b"\r\n"),
    "a line of a chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 65536),
    "trailers": (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 5000),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_a_flood_over_http_takes_little_memory_and_ends(flood):
    with peer(flooding(*flood)) as port, little_memory(), contextlib.suppress(DeliveryError):
        Http(1.0).call("POST", f"http://127.0.0.1:{port}/", b"", {})


REDIS_FLOODS = {
    "a line": (b"+", b"a" * 65536),
    "a number": (b":", b"1" * 65536),
    "a text": (b"$99999999999\r\n", b"a" * 65536),
    "an array": (b"*99999999\r\n", b":1\r\n" * 10_000),
    "arrays in arrays": (b"", b"*1\r\n" * 10_000),
    "pushes": (b"", b">2\r\n+a\r\n+b\r\n" * 5000),
}


@pytest.mark.parametrize("flood", REDIS_FLOODS.values(), ids=REDIS_FLOODS)
def test_a_flood_from_redis_takes_little_memory_and_ends(flood):
    with peer(flooding(*flood)) as port, little_memory():
        config = {"dsn": [f"redis://127.0.0.1:{port}/0/k"]}
        sent = notice("message_queue", receivers=(), content='{"id":"a1"}', config=config)
        (result,) = Push(timeout=2.0).send(sent).values()
    assert not result.ok
