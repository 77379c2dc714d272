"""What a chaos run feeds in and where its notices go: good and bad records to Kafka, a provider that counts."""

import json
import random
import threading
import time
from collections import Counter
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from confluent_kafka import Producer

from sinks.kafka.keyed import partition_of

BAD = (b"{", b"\xff\xfe", b"[]", b'{"kind": "nonsense"}', b'{"event_id": 1}', b'{"time": "soon", "event_id": "e"}')
"""Records that cannot be used."""
SHARE_BAD = 0.1


class Provider:
    """A local webhook that counts idempotency keys."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                provider.seen[self.headers["Idempotency-Key"]] += 1
                try:
                    self.send_response(200)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    self.close_connection = True  # the courier was killed

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Load:
    """Produces `rate` records a second until told to stop, a tenth of them bad; order in a partition is kept."""

    def __init__(self, brokers: str, topic: str, partitions: int, rng: random.Random, *, rate: int, keys: int) -> None:
        self._topic, self._partitions, self._rng, self._rate, self._keys = topic, partitions, rng, rate, keys
        self._producer = Producer({
            "bootstrap.servers": brokers, "enable.idempotence": True, "log_level": 0, "delivery.timeout.ms": 300_000,
            "reconnect.backoff.max.ms": 500, "linger.ms": 20,
        })  # fmt: skip
        self.good: set[str] = set()
        self.bad = 0
        self.failed: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        """Produce nothing more."""
        self._stop.set()

    def end(self) -> None:
        """Stop, and wait until everything is delivered."""
        self.stop()
        self._thread.join()
        left = self._producer.flush(300)
        assert not left, f"{left} records were never taken"
        assert not self.failed, self.failed[:3]

    def _run(self) -> None:
        number, begun = 0, time.monotonic()
        while not self._stop.wait(0.05):
            due = int((time.monotonic() - begun) * self._rate)
            while number < due:
                self._send(number)
                number += 1
            self._producer.poll(0)

    def _send(self, number: int) -> None:
        rng, now = self._rng, time.time()
        if rng.random() < SHARE_BAD:
            self.bad += 1
            value, partition = rng.choice(BAD), rng.randrange(self._partitions)
        else:
            key = rng.randrange(self._keys)
            fingerprint = md5(f"key {key}".encode()).hexdigest()
            name = f"ev-{number}"
            self.good.add(name)
            status = "RECOVERED" if rng.random() < 0.2 else "ABNORMAL"
            value, partition = (
                _event(name, key, fingerprint, status, int(now)),
                partition_of(fingerprint, self._partitions),
            )
        self._producer.produce(
            self._topic, value, partition=partition, timestamp=int(now * 1000), on_delivery=self._told
        )

    def _told(self, error: object, _: object) -> None:
        if error is not None:
            self.failed.append(str(error))


def _event(name: str, key: int, fingerprint: str, status: str, now: int) -> bytes:
    return json.dumps({
        "event_id": name, "plugin_id": "chaos", "strategy_id": 7, "alert_name": "Chaos", "time": now, "status": status,
        "severity": 1 + key % 3, "target_type": "HOST", "target": f"host-{key}", "bk_biz_id": 2,
        "tags": [{"key": "unit", "value": str(key)}], "dedupe_keys": ["target", "tags.unit"], "dedupe_md5": fingerprint,
    }).encode()  # fmt: skip


def rules(url: str) -> dict[str, list[object]]:
    """Return rules under which every group of notices is one fingerprint, so that order among them decides nothing."""
    return {
        "strategies": [{
            "id": 7, "name": "Chaos", "bk_biz_id": 2,
            "notice": {
                "user_groups": ["ops"], "signal": ["abnormal", "recovered", "closed"],
                "config": {"notify_interval": 86400}, "options": {"need_biz_converge": False},
            },
        }],
        "user_groups": [{"id": "ops", "name": "Ops", "bk_biz_id": 2, "users": ["alice"], "ways": ["sms"]}],
        "channels": [{"way": "sms", "url": url, "concurrency": 1}],
    }  # fmt: skip
