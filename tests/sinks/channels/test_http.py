"""HTTP calls: connections that are kept, answers of every framing, deadlines, TLS."""

import contextlib
import ssl
import threading
import time

import pytest

from sinks.channels.errors import LaterError, RefusedError
from sinks.channels.http import Http
from tests.sinks.channels.peers import drip, peer, say

FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def call(port, timeout=30.0, http=None, scheme="http", host="127.0.0.1"):
    return (http or Http(timeout)).call("POST", f"{scheme}://{host}:{port}/hook?key=1", b"{}", {"X-A": "1"})


class Count:
    """Answers every request of a connection, `most` of them, and counts connections."""

    def __init__(self, answer=FINE, most=1000):
        self.answer, self.most, self.connections, self.left = answer, most, 0, threading.Semaphore(0)

    def __call__(self, connection):
        self.connections += 1
        connection.settimeout(30)
        for _ in range(self.most):
            if not connection.recv(65536):
                break
            connection.sendall(self.answer)
        connection.close()
        self.left.release()


def test_one_connection_serves_request_after_request():
    behave = Count()
    with peer(behave) as port:
        http = Http(30.0)
        assert [call(port, http=http).body for _ in range(5)] == [b"ok"] * 5
        assert behave.connections == 1


def test_a_connection_that_the_server_has_closed_is_not_used_again():
    behave = Count(most=1)
    with peer(behave) as port:
        http = Http(30.0)
        for _ in range(3):
            assert call(port, http=http).body == b"ok"
            assert behave.left.acquire(timeout=30)
        assert behave.connections == 3


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3;x=1\r\ncde\r\n0\r\nTrailer: 1\r\n\r\n", b"abcde"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", b"a"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", b"a"),
    ],
)  # fmt: skip
def test_an_answer_is_read_whole_however_it_is_framed(answer, body):
    with peer(Count(answer)) as port:
        http = Http(30.0)
        assert [call(port, http=http).body for _ in range(3)] == [body] * 3


def test_an_answer_without_a_length_ends_with_the_connection():
    with peer(say(b"HTTP/1.1 200 OK\r\n\r\n", b"a" * 70_000)) as port:
        answer = call(port)
    assert (len(answer.body), answer.is_whole) == (65536, False)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/9.9\r\n\r\n",
        b"",
    ],
)
def test_an_answer_that_is_broken_off_or_none_may_be_tried_again(answer):
    with peer(say(answer)) as port, pytest.raises(LaterError, match="the connection broke"):
        call(port)


@pytest.mark.parametrize(
    "address",
    ["", "h", "ftp://h/", "http://", "http:///x", "http://h:x/", "http://h:99999/", "http://[::1", "http://a b/", "http://h\n/", "http://a..b/", f"http://{'a' * 64}.b/", "file:///etc/passwd"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address):
    with pytest.raises(RefusedError, match="not valid"):
        Http(1.0).call("POST", address, b"", {})


@pytest.mark.parametrize("fields", [{"X:": "1"}, {"": "1"}, {"X": "1\r\nY: 2"}, {"X\n": "1"}, {"X": "日\r\nY: 2"}])
def test_a_field_that_could_become_another_is_refused(fields):
    with pytest.raises(RefusedError, match="not valid"):
        Http(1.0).call("POST", "http://127.0.0.1:1/", b"", fields)


@pytest.mark.parametrize("value", ["磁盘满了", "é", "plain", "日 and 💥"])
def test_a_field_goes_out_as_utf_8(value):
    got = []

    def behave(connection):
        got.append(connection.recv(65536))
        connection.sendall(FINE)

    with peer(behave) as port:
        Http(30.0).call("POST", f"http://127.0.0.1:{port}/", b"", {"X-Name": value})
    assert f"X-Name: {value}\r\n".encode() in got[0]


def secured(certificate, behave):
    """Return a behaviour that speaks TLS first."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*map(str, certificate))

    def wrapped(connection):
        with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as sock:
            behave(sock)

    return wrapped


@pytest.fixture
def trusted(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    return certificate


def test_a_certificate_that_is_trusted_secures_a_call(trusted):
    with peer(secured(trusted, Count())) as port:
        assert call(port, scheme="https", host="localhost").body == b"ok"


def test_a_certificate_that_nobody_signed_is_not_trusted(certificate):
    with (
        peer(secured(certificate, Count())) as port,
        pytest.raises(LaterError, match=r"no secure connection: .*CERTIFICATE_VERIFY_FAILED"),
    ):
        call(port, scheme="https")


@pytest.mark.parametrize(
    "behave",
    [drip(), drip(b"HTTP/1.1 200 OK\r\n"), drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")],
)
def test_a_secure_peer_that_drips_costs_the_timeout_and_no_more(trusted, behave):
    with peer(secured(trusted, behave)) as port:
        begun = time.monotonic()
        with pytest.raises(LaterError, match="no answer within 3 s"):
            call(port, timeout=3.0, scheme="https", host="localhost")
    assert time.monotonic() - begun < 20


def test_a_peer_that_never_ends_the_handshake_costs_the_timeout_and_no_more():
    with peer(drip(b"\x16\x03\x03\x40\x00")) as port:
        begun = time.monotonic()
        with pytest.raises(LaterError, match=r"no answer within 0\.5 s"):
            call(port, timeout=0.5, scheme="https")
    assert time.monotonic() - begun < 20


def test_a_peer_that_reads_nothing_costs_the_timeout_and_no_more():
    left = threading.Event()
    with peer(lambda _: left.wait(60)) as port:
        with pytest.raises(LaterError, match=r"no answer within 0\.5 s"):
            Http(0.5).call("POST", f"http://127.0.0.1:{port}/", b"x" * 50_000_000, {})
        left.set()  # had the call waited for the peer, the connection would have broken instead
