"""The paths that take in, spoken to over real sockets."""

import gzip
import json
import socket
import zlib
from types import SimpleNamespace

import pytest
import zstandard

from flows.gateway.bodies import CHUNK, MOST, UNPACKED, unpacked
from tests.flows.gateway.stand import Stand

EVENT = {"event_id": "e1", "plugin_id": "p", "alert_name": "A", "time": 1_700_000_000}
ALERT = {"labels": {"alertname": "A", "instance": "h:1"}}


def test_an_event_is_on_the_disk_once_it_is_accepted(gateway):
    answer = gateway.post("/v1/events", {**EVENT, "event_id": "mine"})
    assert (answer.status, answer.json()) == (202, {"accepted": 1, "refused": []})
    assert "mine" in [event["event_id"] for event in gateway.kept()]


def test_what_is_no_event_is_named_and_the_others_are_taken(gateway):
    answer = gateway.post("/v1/events", f"{json.dumps(EVENT)}\nnonsense\n".encode())
    assert (answer.status, answer.json()["accepted"]) == (202, 1)
    assert answer.json()["refused"][0]["place"] == "line 2"


def test_a_body_of_nothing_but_mistakes_is_a_bad_request(gateway):
    assert gateway.post("/v1/events", b"nonsense").status == 400


def test_prometheus_gets_the_answer_it_knows(gateway):
    answer = gateway.post("/api/v2/alerts", [ALERT])
    assert (answer.status, answer.data) == (200, b"")
    answer = gateway.post("/api/v2/alerts", [{"labels": {}}, {"labels": {"alertname": "kept"}}])
    assert (answer.status, answer.json()) == (400, "alerts[0]: at least one label with a value is needed")
    assert "kept" in [event["alert_name"] for event in gateway.kept()]


@pytest.mark.parametrize("path", ["/webhook/alertmanager", "/webhook/grafana"])
def test_webhooks_are_taken(gateway, path):
    assert gateway.post(path, {"version": "4", "alerts": [{**ALERT, "status": "firing"}]}).status == 200
    assert gateway.post(path, {"alerts": [{"labels": {}}]}).status == 400


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstandard.compress), ("identity", bytes)],
)
def test_packed_bodies_are_unpacked(gateway, coding, pack):
    body = json.dumps({**EVENT, "event_id": coding}).encode()
    assert gateway.post("/v1/events", pack(body), **{"Content-Encoding": coding}).status == 202
    assert coding in [event["event_id"] for event in gateway.kept()]


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, UNPACKED])
@pytest.mark.parametrize("level", [0, 9])
def test_a_body_is_unpacked_whatever_its_size(size, level):
    body, request = b" " * size, SimpleNamespace(headers={"content-encoding": "gzip"})
    assert unpacked(request, gzip.compress(body, level)) == body


@pytest.mark.parametrize(
    ("body", "coding", "status"),
    [
        (b" " * (MOST + 1), "identity", 413),
        (gzip.compress(b" " * (UNPACKED + 1)), "gzip", 413),
        (zstandard.compress(b" " * (UNPACKED + 1)), "zstd", 413),
        (b"nonsense", "gzip", 400),
        (gzip.compress(json.dumps(EVENT).encode())[:-9], "gzip", 400),
        (b"nonsense", "zstd", 400),
        (b"{}", "br", 415),
        (json.dumps([ALERT] * 10_001).encode(), "identity", 413),
    ],
    ids=["large", "bomb", "zstd bomb", "no gzip", "torn gzip", "no zstd", "unknown", "many"],
)
def test_what_is_too_much_or_cannot_be_read_is_refused(gateway, body, coding, status):
    path = "/api/v2/alerts" if body.startswith(b"[") else "/v1/events"
    assert gateway.post(path, body, **{"Content-Encoding": coding}).status == status


def flood(sender):
    sender.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\n")
    while True:
        sender.sendall(b"X-More: %s\r\n" % (b"y" * 100))


def test_a_flood_of_headers_ends_its_connection_and_no_other(gateway):
    host, port = gateway.listen.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as sender, pytest.raises(ConnectionError):
        flood(sender)
    assert gateway.get("/healthz").status == 200


def test_signs_of_life_and_metrics(gateway):
    assert gateway.post("/v1/events", EVENT).status == 202
    assert [gateway.get(path).status for path in ("/-/healthy", "/-/ready", "/healthz", "/readyz")] == [200] * 4
    text = gateway.get("/metrics").data.decode()
    assert 'alertmanager_build_info{version="' in text
    assert 'tocsin_gateway_requests_total{path="/v1/events",status="202"}' in text


def test_other_methods_and_paths_are_refused(gateway):
    assert gateway.get("/v1/events").status == 405
    assert gateway.get("/nowhere").status == 404


def test_pagerduty_gets_its_key_and_its_errors(gateway):
    payload = {"summary": "Disk full", "source": "db-1", "severity": "critical"}
    body = {"routing_key": "r", "event_action": "trigger", "payload": payload}
    answer = gateway.post("/v2/enqueue", body)
    assert (answer.status, answer.json()["status"], len(answer.json()["dedup_key"])) == (202, "success", 32)
    answer = gateway.post("/v2/enqueue", {**body, "event_action": "resolve"})
    assert (answer.status, answer.json()["status"], len(answer.json()["errors"])) == (400, "invalid event", 1)


def test_zabbix_bk_monitor_and_cloudevents_are_taken(gateway):
    assert gateway.post("/webhook/zabbix", {"event_id": "1", "name": "zabbix says"}).status == 200
    push = {"data_id": 7, "access_token": "t", "data": [{"event_name": "bk says", "target": "x"}]}
    assert gateway.post("/v2/push/", push).json() == {"code": "200", "result": "true", "message": ""}
    assert gateway.post("/v2/push/", {"data_id": 7}).json()["result"] == "false"
    one = {"specversion": "1.0", "id": "1", "source": "s", "type": "cloud says"}
    assert gateway.post("/cloudevents", one).status == 202
    binary = {"Ce-Specversion": "1.0", "Ce-Id": "2", "Ce-Source": "s", "Ce-Type": "binary says"}
    assert gateway.post("/cloudevents", {"severity": "critical"}, **binary).status == 202
    kept = {event["alert_name"] for event in gateway.kept()}
    assert {"zabbix says", "bk says", "cloud says", "binary says"} <= kept


def test_an_update_that_is_a_command_says_under_which_id_its_outcome_is_found(tmp_path):
    gateway = Stand(tmp_path)
    acknowledge = {"routing_key": "r", "event_action": "acknowledge", "dedup_key": "k"}
    names = [gateway.post("/v2/enqueue", acknowledge).headers["Tocsin-Command"]]
    update = {"event_id": "1", "name": "n", "update_status": "1", "update_action": "acknowledged, closed"}
    names += gateway.post("/webhook/zabbix", update).headers["Tocsin-Command"].split(", ")
    assert "Tocsin-Command" not in gateway.post("/webhook/zabbix", {"event_id": "2", "name": "n"}).headers
    commands = [line for line in gateway.kept() if "command" in line]
    assert [line["command_id"] for line in commands] == names
    assert [line["origin"] for line in commands] == ["gateway, pagerduty", *["gateway, zabbix"] * (len(names) - 1)]
    assert gateway.stop() == 0
