"""Pushes to real queues, and to queues that are not there."""

import json
import socket
import socketserver
import ssl
import threading
import time
from contextlib import contextmanager, suppress

import pytest
import redis
from confluent_kafka import Consumer

from operators.rules.shapes.queue import queue_of
from sinks.channels.push import Push, client_options
from tests.sinks.channels.given import notice
from tests.sinks.channels.peers import hang, peer, slam

LINES = '{"id":"a1"}\n{"id":"a2"}\n{"id":"日"}'


def push(*dsns, channel=None, timeout=60.0, **changes):
    sent = notice("message_queue", receivers=(), content=LINES, config={"dsn": list(dsns)}, **changes)
    return (channel or Push(timeout)).send(sent)


def popped(address, key, password=None):
    """Return what a consumer that pops from the right reads, in its order."""
    host, _, port = address.partition(":")
    client = redis.Redis(host=host, port=int(port), password=password)
    found = []
    while (one := client.rpop(key)) is not None:
        found.append(json.loads(one)["id"])
    client.close()
    return found


@pytest.mark.servers
def test_every_alert_of_a_notice_is_pushed_in_order(redis_address, unique):
    results = push(f"redis://{redis_address}/0/{unique}")
    assert [one.ok for one in results.values()] == [True]
    assert popped(redis_address, unique) == ["a1", "a2", "日"]


@pytest.mark.servers
def test_every_queue_gets_the_notice(redis_address, unique):
    results = push(f"redis://{redis_address}/0/{unique}", f"redis://{redis_address}/0/{unique}/more")
    assert list(results) == [f"redis://{redis_address}/0/{unique}", f"redis://{redis_address}/0/{unique}/more"]
    assert popped(redis_address, unique) == popped(redis_address, f"{unique}/more") == ["a1", "a2", "日"]


@pytest.mark.servers
def test_a_queue_that_took_a_notice_is_not_asked_again_for_the_sake_of_another(redis_address, unique):
    channel = Push(timeout=60.0)
    for _ in range(2):
        results = push(f"redis://{redis_address}/0/{unique}", "redis://127.0.0.1:1/0/k", channel=channel)
        assert [(one.ok, one.retryable) for one in results.values()] == [(True, False), (False, True)]
    assert popped(redis_address, unique) == ["a1", "a2", "日"]
    push(f"redis://{redis_address}/0/{unique}", channel=channel, id="another")
    assert len(popped(redis_address, unique)) == 3


@pytest.mark.servers
def test_a_key_of_another_kind_is_refused_for_good(redis_address, unique):
    host, _, port = redis_address.partition(":")
    with redis.Redis(host=host, port=int(port)) as client:
        client.set(unique, "text")
    (result,) = push(f"redis://{redis_address}/0/{unique}").values()
    assert (result.ok, result.retryable) == (False, False)
    assert "WRONGTYPE" in result.message


@pytest.mark.servers
def test_a_wrong_password_is_refused_and_not_shown(redis_address, unique):
    ((label, result),) = push(f"redis://nobody:hunter2@{redis_address}/0/{unique}").items()
    assert (result.ok, result.retryable) == (False, False)
    assert "hunter2" not in label + result.message


@pytest.mark.servers
def test_every_alert_reaches_a_topic(kafka_address, topics):
    topic = topics.make(1)
    results = push(f"kafka://{kafka_address}/{topic}")
    assert {name: one.ok for name, one in results.items()} == {f"kafka://{kafka_address}/{topic}": True}
    consumer = Consumer({"bootstrap.servers": kafka_address, "group.id": topic, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    found, end = [], time.monotonic() + 120
    while len(found) < 3 and time.monotonic() < end:
        message = consumer.poll(0.2)
        if message is not None and message.error() is None:
            found.append(json.loads(message.value())["id"])
    consumer.close()
    assert found == ["a1", "a2", "日"]


@pytest.mark.parametrize(
    "dsn", ["redis://127.0.0.1:1/0/k", "redis://no-such-host.invalid/0/k", "kafka://127.0.0.1:1/t"]
)
def test_a_queue_that_is_not_there_may_be_tried_again_and_costs_the_timeout_at_most(dsn):
    start = time.monotonic()
    (result,) = push(dsn, timeout=1.0).values()
    assert (result.ok, result.retryable) == (False, True)
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("behave", [hang, slam])
@pytest.mark.parametrize("kind", ["redis://127.0.0.1:{}/0/k", "kafka://127.0.0.1:{}/t"])
def test_a_peer_that_is_no_queue_costs_the_timeout_and_no_more(kind, behave):
    with peer(behave) as port:
        start = time.monotonic()
        (result,) = push(kind.format(port), timeout=1.0).values()
        assert time.monotonic() - start < 20
    assert (result.ok, result.retryable) == (False, True)


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("redis://h/0/k", ("redis", "h", 6379, "k", 0, "", "", "redis://h:6379/0/k")),
        ("redis://:p%40ss@h:7000/3/a/b", ("redis", "h", 7000, "a/b", 3, "", "p@ss", "redis://h:7000/3/a/b")),
        ("redis://u:p@h/1/k", ("redis", "h", 6379, "k", 1, "u", "p", "redis://h:6379/1/k")),
        ("kafka://h:9093/topic", ("kafka", "h", 9093, "topic", 0, "", "", "kafka://h:9093/topic")),
        ("rediss://u:p@h/1/k?ca=/ca.pem", ("rediss", "h", 6379, "k", 1, "u", "p", "rediss://h:6379/1/k")),
        ("kafka://u:p@h/topic?sasl=PLAIN", ("kafka", "h", 9092, "topic", 0, "u", "p", "kafka://h:9092/topic")),
        ("kafka://h/topic", ("kafka", "h", 9092, "topic", 0, "", "", "kafka://h:9092/topic")),
    ],
)
def test_an_address_names_its_queue(dsn, expected):
    queue = queue_of(dsn)
    assert (
        queue.scheme,
        queue.host,
        queue.port,
        queue.name,
        queue.db,
        queue.username,
        queue.password,
        queue.label,
    ) == expected


@pytest.mark.parametrize(
    "dsn",
    ["", "redis://", "redis://h", "redis://h/0", "redis://h/x/k", "redis://h/0/", "kafka://h", "kafka://h/a/b", "http://h/0/k", "redis://h:x/0/k", "redis://[::1/0/k", "redis://:hunter2@/0/k",
     "redis://h/0/k?ssl=hunter2", "redis://h/0/k#hunter2", "rediss://h/0/k?tls=true", "kafka://h/t?sasl=hunter2", "kafka://h/t?tls=hunter2", "kafka://h/t?password=hunter2", "redis://h/0/a b"],
)  # fmt: skip
def test_what_is_no_queue_is_refused_without_repeating_it(dsn):
    with pytest.raises(ValueError) as caught:
        queue_of(dsn)
    assert "hunter2" not in str(caught.value)
    (result,) = push(dsn).values()
    assert (result.ok, result.retryable) == (False, False)


@pytest.mark.parametrize("config", [None, {}, {"dsn": []}])
def test_an_action_without_queues_is_a_failure(config):
    (result,) = Push().send(notice("message_queue", receivers=(), config=config)).values()
    assert (result.ok, result.message) == (False, "the action names no queue")


def test_one_queue_may_be_given_as_text():
    (result,) = (
        Push(timeout=0.2)
        .send(notice("message_queue", receivers=(), config={"dsn": "redis://127.0.0.1:1/0/k"}))
        .values()
    )
    assert result.message == "Redis cannot be reached"


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("kafka://h/t", {"security.protocol": "PLAINTEXT"}),
        ("kafka://h/t?tls=true", {"security.protocol": "SSL"}),
        ("kafka://h/t?ca=/ca.pem", {"security.protocol": "SSL", "ssl.ca.location": "/ca.pem"}),
        ("kafka://u:p@h/t", {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", "sasl.username": "u", "sasl.password": "p"}),
        ("kafka://u:p%2F@h/t?tls=true&sasl=SCRAM-SHA-512", {"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "u", "sasl.password": "p/"}),
    ],
)  # fmt: skip
def test_login_and_tls_reach_the_client_of_kafka(dsn, expected):
    options = client_options(queue_of(dsn))
    assert {**options, "bootstrap.servers": "h:9092", "log_level": 0} == {
        "bootstrap.servers": "h:9092", "log_level": 0, **expected,
    }  # fmt: skip


def test_a_client_of_kafka_that_cannot_be_made_refuses_the_notice(tmp_path):
    (result,) = push(f"kafka://u:p@h/t?ca={tmp_path}/missing.pem", timeout=1.0).values()
    assert (result.ok, result.retryable, "Kafka's client" in result.message) == (False, False, True)


@pytest.fixture
def secret(tmp_path, monkeypatch):
    """Give an address by a variable or a file; return the reference."""

    def given(kind, address):
        if kind == "env":
            monkeypatch.setenv("QUEUE", address)
            return {"env": "QUEUE"}
        (tmp_path / "queue").write_text(f"{address}\n")
        return {"file": str(tmp_path / "queue")}

    return given


@pytest.mark.servers
@pytest.mark.parametrize("kind", ["env", "file"])
def test_a_queue_may_be_named_by_reference(kind, secret, redis_address, unique):
    results = push(secret(kind, f"redis://{redis_address}/0/{unique}"), f"redis://{redis_address}/0/{unique}/more")
    assert [one.ok for one in results.values()] == [True, True]
    assert popped(redis_address, unique) == popped(redis_address, f"{unique}/more") == ["a1", "a2", "日"]


@pytest.mark.parametrize("reference", [{"env": "NOT_THERE"}, {"file": "/not/there"}])
def test_a_reference_to_nothing_is_tried_again_and_named(reference):
    (result,) = push(reference).values()
    assert (result.ok, result.retryable) == (False, True)
    assert next(iter(reference.values())) in result.message or "cannot be read" in result.message


def test_a_secret_that_is_no_queue_is_refused_without_its_text(secret):
    (result,) = push(secret("env", "hunter2")).values()
    assert (result.ok, result.retryable, "hunter2" in result.message) == (False, False, False)


@pytest.mark.servers
@pytest.mark.parametrize("trusted", [True, False])
def test_a_queue_behind_tls_is_reached_if_its_certificate_is_trusted(trusted, certificate, redis_address, unique):
    with tls_before(redis_address, *certificate) as port:
        ca = f"?ca={certificate[0]}" if trusted else ""
        (result,) = push(f"rediss://localhost:{port}/0/{unique}{ca}").values()
    assert result.ok is trusted
    assert popped(redis_address, unique) == (["a1", "a2", "日"] if trusted else [])


@contextmanager
def tls_before(address, certificate, key):
    """Put TLS before a server, as stunnel does; yield the port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    host, _, port = address.partition(":")

    class Pipe(socketserver.BaseRequestHandler):
        def handle(self):
            try:
                secure = context.wrap_socket(self.request, server_side=True)
            except ssl.SSLError:
                return
            with secure, socket.create_connection((host, int(port))) as plain:
                back = threading.Thread(target=copy, args=(plain, secure), daemon=True)
                back.start()
                copy(secure, plain)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Pipe) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def copy(source, target):
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
