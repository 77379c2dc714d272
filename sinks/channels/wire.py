"""One HTTP request and its answer over a socket, under one deadline; connections are kept for the next request.

On http.client, which costs a quarter of what a pool of urllib3 does: at a thousand notices a second that is the courier.
"""

import re
import select
import socket
import ssl
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping
from functools import cached_property, lru_cache
from http.client import HTTPResponse, IncompleteRead
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

_KEPT = 64
"""Idle connections that are kept, of all hosts together."""
LONGEST_IDLE = 30.0
"""Seconds; later a firewall between may have forgotten it without a word."""

_PIECE = 16384
_NO_HOST = re.compile(r"[^\w.:%-]")
_KEPT_CHARS = "/?%:@!$&'()*+,;="
_FIELD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BROKEN_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a server listens."""

    secure: bool
    host: str
    port: int


class Spot(msgspec.Struct, frozen=True, gc=False):
    """An address taken apart: the place, the Host field and what the request line asks for."""

    place: Place
    host: str
    target: str


class Received(msgspec.Struct, frozen=True):
    """An answer; its body goes one byte over what was asked for at most."""

    status: int
    body: bytes
    retry_after: str | None


class _Timed:
    """A socket whose waiting ends at `deadline` (monotonic), however slowly its peer drips."""

    deadline: float

    def arm(self, deadline: float) -> None:
        """Set the deadline of all that follows."""
        self.deadline = deadline

    def recv_into(self, *arguments: Any) -> int:
        """Receive, as long as there is time. Raises TimeoutError."""
        self.settimeout(_left(self.deadline))  # type: ignore[attr-defined]
        received: int = super().recv_into(*arguments)  # type: ignore[misc]
        return received

    def send(self, *arguments: Any) -> int:
        """Send some, as long as there is time; a secure socket sends all by this. Raises TimeoutError."""
        self.settimeout(_left(self.deadline))  # type: ignore[attr-defined]
        sent: int = super().send(*arguments)  # type: ignore[misc]
        return sent

    def sendall(self, *arguments: Any) -> None:
        """Send all, as long as there is time. Raises TimeoutError."""
        self.settimeout(_left(self.deadline))  # type: ignore[attr-defined]
        super().sendall(*arguments)  # type: ignore[misc]


class _Plain(_Timed, socket.socket):
    """A socket with a deadline."""


class _Secure(_Timed, ssl.SSLSocket):
    """A TLS socket with a deadline."""


class _Idle(msgspec.Struct, frozen=True, gc=False):
    place: Place
    sock: Any
    since: float


class Wires:
    """Connections to any number of places; safe from several threads."""

    def __init__(self) -> None:
        self._idle: deque[_Idle] = deque()
        self._lock = threading.Lock()
        self._closed = False
        weakref.finalize(self, _close_all, self._idle)

    def exchange(self, place: Place, method: str, request: bytes, most: int, deadline: float) -> Received:
        """Send a request; return the answer, with `most` + 1 bytes of its body at most.

        Raises OSError, HTTPException, or ValueError for an answer that is none. Looking a name up may take longer than
        the deadline: that is for the resolver to bound.
        """
        sock = self._kept(place) or self._connected(place, deadline)
        keep = False
        try:
            sock.arm(deadline)
            sock.sendall(request)
            received, keep = _received(sock, method, most)
        finally:
            if keep:
                self._keep(place, sock)
            else:
                sock.close()
        return received

    def close(self) -> None:
        """Close the connections that wait; those in use follow when they come back."""
        with self._lock:
            self._closed = True
            _close_all(self._idle)

    def _connected(self, place: Place, deadline: float) -> Any:
        sock = _connected(place, deadline)
        if not place.secure:
            return sock
        try:
            return self._context.wrap_socket(sock, server_hostname=place.host)
        except OSError:
            sock.close()
            raise

    @cached_property
    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.sslsocket_class = _Secure
        return context

    def _kept(self, place: Place) -> Any:
        """Return a connection that waits for a request; None if there is none that still lives."""
        while (idle := self._popped(place)) is not None:
            if time.monotonic() < idle.since + LONGEST_IDLE and not _readable(idle.sock):
                return idle.sock
            idle.sock.close()
        return None

    def _popped(self, place: Place) -> _Idle | None:
        with self._lock:
            found = next((one for one in reversed(self._idle) if one.place == place), None)
            if found is not None:
                self._idle.remove(found)
            return found

    def _keep(self, place: Place, sock: Any) -> None:
        with self._lock:
            self._idle.append(_Idle(place, sock, time.monotonic()))
            while len(self._idle) > (0 if self._closed else _KEPT):
                self._idle.popleft().sock.close()


def _close_all(idle: deque[_Idle]) -> None:
    while idle:
        idle.popleft().sock.close()


@lru_cache(4096)
def spot_of(address: str) -> Spot:
    """Take an http or https address apart, without user and fragment. Raises ValueError for what is none."""
    parts = urlsplit(address)
    host, port = parts.hostname, parts.port
    if parts.scheme not in ("http", "https") or not host or not address.isprintable() or _NO_HOST.search(host):
        raise ValueError("no address")
    host, secure = host.encode("idna").decode(), parts.scheme == "https"
    shown = f"[{host}]" if ":" in host else host
    target = quote(parts.path or "/", _KEPT_CHARS) + ("?" + quote(parts.query, _KEPT_CHARS) if parts.query else "")
    return Spot(Place(secure, host, port or (443 if secure else 80)), f"{shown}:{port}" if port else shown, target)


def request_of(method: str, spot: Spot, body: bytes, fields: Mapping[str, str]) -> bytes:
    """Return the bytes of a request. Raises ValueError for a field that cannot be one."""
    lines = [f"{method} {spot.target} HTTP/1.1", f"Host: {spot.host}"]
    for name, value in fields.items():
        if not _FIELD.fullmatch(name) or _BROKEN_VALUE.search(value):
            raise ValueError("no header field")
        lines.append(f"{name}: {value}")
    if body or method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def _connected(place: Place, deadline: float) -> socket.socket:
    """Connect to the first address of the host that answers; each has its share of the time."""
    found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    trouble = OSError("no address")
    for number, (family, kind, protocol, _, address) in enumerate(found):
        sock = _Plain(family, kind, protocol)
        try:
            sock.settimeout(_left(deadline) / (len(found) - number))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(_left(deadline))
        except OSError as error:
            sock.close()
            trouble = error
        else:
            return sock
    raise trouble


def _received(sock: Any, method: str, most: int) -> tuple[Received, bool]:
    """Read an answer; tell whether its connection may be used again."""
    response = HTTPResponse(sock, method=method)
    try:
        response.begin()
        body = response.read1(_PIECE)
        while len(body) <= most and (piece := response.read1(min(_PIECE, most + 1 - len(body)))):
            body += piece
        if len(body) <= most and response.length:
            raise IncompleteRead(body)
        received = Received(response.status, body, response.getheader("Retry-After"))
        return received, len(body) <= most and not response.will_close
    finally:
        response.close()


def _readable(sock: Any) -> bool:
    """Tell whether there is something to read where nothing should be: the end, or bytes nobody asked for."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
