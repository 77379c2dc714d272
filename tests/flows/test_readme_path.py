"""The README's path on real servers tells what `tocsin demo` tells, and today one digest of what is long past (C15)."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from flows.cli.main import main
from sinks.outbox import State, open_outbox
from sinks.store.place import open_store
from sinks.store.query import AlertQuery
from tests.flows.cli.answers import items
from tests.tree import EXAMPLES, ROOT

pytestmark = [pytest.mark.servers, pytest.mark.slow]

DEMO = EXAMPLES / "demo"
MANY = 100_000
PARTITIONS = 16
DAY = 86400


@pytest.fixture
def demo(tmp_path):
    """The folder that a demo left behind."""
    place = tmp_path / "demo-out"
    done = CliRunner().invoke(main, ["demo", "--out", str(place), "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    return place


@pytest.fixture
def live(topics, redis_dsn, elasticsearch_dsn):
    """The settings by environment, as the README names them."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("TOCSIN_", "MESSAGE_QUEUE"))}
    return {
        **plain,
        "TOCSIN__KAFKA__BROKERS": topics.address,
        "TOCSIN__STORE__DSN": elasticsearch_dsn,
        "MESSAGE_QUEUE_DSN": redis_dsn,
        "TOCSIN__KAFKA__TOPICS": json.dumps({raw(topics): {}}),
        "TOCSIN__KAFKA__CHECKS": checks(topics),
        "TOCSIN__KAFKA__CREATE_TOPICS": "true",
        "TOCSIN__KAFKA__GROUP": topics.prefix,
    }


def raw(topics):
    return f"{topics.prefix}-raw"


def checks(topics):
    return f"{topics.prefix}-checks"


def tocsin(*arguments):
    return [sys.executable, "-c", "from flows.cli import main; main()", *map(str, arguments)]


@contextmanager
def running(log: Path, env, *arguments):
    """Run a command, and ask it to end; it ends well."""
    with log.open("wb") as out:
        child = subprocess.Popen(tocsin(*arguments), env=env, cwd=ROOT, stdout=out, stderr=out)
    try:
        yield child
        child.send_signal(signal.SIGTERM)
        assert child.wait(120) == 0, log.read_text()
    finally:
        child.kill()
        child.wait()


def written(path: Path):
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def has_caught_up(topics, count, outbox):
    """Return True once everything is read, and the jump to today has told of last night's shield."""
    read = (topics.committed(topics.prefix, topic, range(PARTITIONS)) for topic in (raw(topics), checks(topics)))
    if sum(max(0, offset) for offsets in read for offset in offsets) < count:
        return False
    return any(notice.time > time.time() - 2 * DAY for notice in waiting(outbox))


def waiting(outbox):
    return [entry.taken.notice for entry in outbox.entries(State.READY, MANY, time.time())]


def wait_for(is_done, child):
    """Wait until something is done by a command that goes on."""
    deadline = time.monotonic() + 240
    while not is_done():
        assert child.poll() is None, "the command ended"
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_servers_tell_what_the_demo_tells_and_today_one_digest_to_each_reader(
    demo, live, topics, redis_dsn, elasticsearch_dsn, tmp_path
):
    sent = subprocess.run(
        tocsin("produce", "--topic", raw(topics), "--input", demo / "events.jsonl", "--json"),
        env=live, cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    count = items(sent)[0]["sent"]
    given = ("--rules", DEMO / "rules", "--data", tmp_path / "live")
    outbox = open_outbox(redis_dsn)
    with running(tmp_path / "job.log", live, "run", *given, "--settings", DEMO / "tocsin.yaml") as job:
        wait_for(lambda: has_caught_up(topics, count, outbox), job)
    planned = waiting(outbox)
    told = written(demo / "notices.jsonl")
    end = max(one["time"] for one in told)
    plain = [msgspec.to_builtins(one) for one in planned if one.time <= end]
    assert heard(plain) == heard(told)
    assert alert_ids(elasticsearch_dsn) == alert_ids(str(demo / "tocsin.sqlite3"))

    file = tmp_path / "notices.jsonl"
    with running(tmp_path / "courier.log", live, "courier", *given, "--notices", file) as courier:
        wait_for(lambda: outbox.depth(time.time() + MANY).ready == 0, courier)
    outbox.close()
    delivered = written(file)
    assert {one["notice_type"] for one in delivered} == {"digest"}
    assert set(Counter((one["way"], *one["receivers"]) for one in delivered).values()) == {1}
    assert len(planned) > 2000  # a shield of every night of three years


def heard(notices):
    """Return how many messages each reader got, and of which alerts.

    Which alert of one second leads a window is the order of partitions there, and of lines in a file: no id hangs on it.
    """
    found = {}
    for one in notices:
        for receiver in one["receivers"]:
            messages, alerts = found.get((one["way"], str(receiver)), (0, frozenset()))
            found[one["way"], str(receiver)] = messages + 1, alerts | set(one["alert_ids"])
    return found


def alert_ids(place):
    store = open_store(place, read_only=True)
    try:
        return {one.id for one in store.alerts(AlertQuery(limit=MANY))}
    finally:
        store.close()
