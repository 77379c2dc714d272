"""What karma and Grafana send, byte for byte as composed from their source (gateway.md 3), and what they need in the answers."""

import json
import re
import socket

import jsonschema
import pytest

from flows.gateway.openapi import description
from tests.flows.gateway.test_alertmanager import silence, tools

__all__ = ["tools"]

KARMA = "Host: tocsin:9093\r\nUser-Agent: karma/v0.120\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\n"
GRAFANA = (
    "Host: tocsin:9093\r\nUser-Agent: Grafana/11.4.0\r\nAccept: application/json, text/plain, */*\r\nAccept-Encoding: gzip, deflate, br\r\n"
    "X-Grafana-Device-Id: 0\r\nX-Forwarded-For: 127.0.0.1, 127.0.0.1\r\nCookie: \r\n"
)
GETS = [
    (KARMA, "/metrics", None),
    (KARMA, "/api/v2/alerts/groups", "/api/v2/alerts/groups"),
    (KARMA, "/api/v2/silences", "/api/v2/silences"),
    (GRAFANA, "/api/v2/status", "/api/v2/status"),
    (GRAFANA, "/api/v2/alerts?active=true&silenced=true&inhibited=true", "/api/v2/alerts"),
    (GRAFANA, "/api/v2/alerts/groups?filter=severity%3D%22critical%22", "/api/v2/alerts/groups"),
    (GRAFANA, "/api/v2/alerts?filter=alertname%3D~%22High.%2B%22&filter=severity%3D%22warning%22", "/api/v2/alerts"),
    (GRAFANA, "/api/v2/silences?filter=alertname%3D%22HighCPU%22", "/api/v2/silences"),
]


def exchanged(tools, text, body=b""):
    """Send the bytes of a request; return the status and the body of the answer."""
    host, port = tools.listen.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as wire:
        wire.sendall(text.encode() + b"Connection: close\r\n\r\n" + body)
        head, _, answer = b"".join(iter(lambda: wire.recv(65536), b"")).partition(b"\r\n\r\n")
    return int(head.split()[1]), answer


def sent(tools, headers, method, path, body=b"", media="application/json"):
    more = f"Content-Type: {media}\r\nContent-Length: {len(body)}\r\n" if body else ""
    return exchanged(tools, f"{method} {path} HTTP/1.1\r\n{headers}{more}", body)


def fits(path, method, value):
    made = description()
    schema = made["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.Draft202012Validator({**schema, "components": made["components"]}).validate(value)


@pytest.mark.parametrize(("headers", "path", "described"), GETS)
def test_what_they_read_is_answered(tools, headers, path, described):
    status, answer = sent(tools, headers, "GET", path)
    assert status == 200
    if described:
        fits(described, "get", json.loads(answer))


def test_karma_finds_a_version_that_it_speaks(tools):
    _, answer = sent(tools, KARMA, "GET", "/metrics")
    major, minor = re.search(r'alertmanager_build_info\{version="(\d+)\.(\d+)\.\d+"\} 1', answer.decode()).groups()
    assert (int(major), int(minor)) >= (0, 22)


@pytest.mark.parametrize(
    ("headers", "media"), [(KARMA, "application/json"), (GRAFANA, "application/json; charset=utf-8")]
)
def test_they_set_read_and_end_a_silence(tools, headers, media):
    body = json.dumps(silence()).encode()
    status, answer = sent(tools, headers, "POST", "/api/v2/silences", body, media)
    assert status == 200
    name = json.loads(answer)["silenceID"]
    status, answer = sent(tools, headers, "GET", f"/api/v2/silence/{name}")
    fits("/api/v2/silence/{id}", "get", json.loads(answer))
    assert (status, json.loads(answer)["status"]["state"]) == (200, "active")
    assert sent(tools, headers, "DELETE", f"/api/v2/silence/{name}")[0] == 200
    status, answer = sent(tools, headers, "GET", f"/api/v2/silence/{name}")
    assert (status, json.loads(answer)["status"]["state"]) == (200, "expired")


def test_grafana_sends_alerts_as_prometheus_does(tools):
    body = b'[{"labels": {"alertname": "FromGrafana", "__alert_rule_uid__": "x1"}, "annotations": {}, "generatorURL": "http://g/alerting", "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2100-01-01T00:00:00Z"}]'
    assert sent(tools, GRAFANA, "POST", "/api/v2/alerts", body) == (200, b"")
    assert "FromGrafana" in [event.get("alert_name") for event in tools.kept()]
