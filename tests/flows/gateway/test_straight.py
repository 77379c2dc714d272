"""Requests that come whole go a straight way: what they are told is what those are told that come in parts."""

import json
import re
import socket

import pytest

EVENT = json.dumps({"event_id": "e1", "plugin_id": "p", "alert_name": "A", "time": 1_700_000_000}).encode()
ALERT = json.dumps([{"labels": {"alertname": "A"}, "startsAt": "2026-01-01T00:00:00Z"}]).encode()


def post(path: str, body: bytes, *lines: str, version: str = "1.1") -> bytes:
    head = [f"POST {path} HTTP/{version}", "Host: x", f"Content-Length: {len(body)}", *lines]
    return "\r\n".join([*head, "", ""]).encode() + body


CHUNKED = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
ASKED = {
    "an event": post("/v1/events", EVENT),
    "an alert": post("/api/v2/alerts", ALERT),
    "no body": post("/v1/events", b""),
    "in chunks": CHUNKED % (len(EVENT), EVENT),
    "no JSON": post("/v1/events", b"{"),
    "no alerts": post("/api/v2/alerts", b'[{"labels": {}}]'),
    "an unknown coding": post("/v1/events", EVENT, "Content-Encoding: br"),
    "the last of its connection": post("/v1/events", EVENT, "Connection: close"),
    "of HTTP 1.0": post("/v1/events", EVENT, version="1.0"),
    "of HTTP 1.0, kept alive": post("/v1/events", EVENT, "Connection: keep-alive", version="1.0"),
    "with a query": post("/v1/events?a=b", EVENT),
    "of no path": post("/no/such", EVENT),
    "of a source": post("/webhook/none", EVENT),
    "of no method": b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n",
    "two, one behind the other": post("/v1/events", EVENT) + post("/api/v2/alerts", ALERT),
    "a read behind an event": post("/v1/events", EVENT) + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "an event behind a read": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + post("/v1/events", EVENT),
    "no end of a chunk": b"POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcdzzz",
}


LAST = b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def told(gateway, *parts):
    """Return what a connection is told until it is ended, but for the date; each part is read by itself."""
    host, port = gateway.listen.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as one:
        for part in parts:
            one.sendall(part)
            assert gateway.get("/healthz").status == 200  # what came before this was read before this
        said = b"".join(iter(lambda: one.recv(65536), b""))
    return re.sub(rb"date: [^\r]*\r\n", b"", said)


@pytest.mark.parametrize("name", ASKED)
def test_a_request_is_told_the_same_whole_and_in_parts(gateway, name):
    asked = ASKED[name]
    whole = told(gateway, asked + LAST)
    assert whole.startswith(b"HTTP/1.1 ")
    assert whole == told(gateway, asked[:-3], asked[-3:] + LAST)
