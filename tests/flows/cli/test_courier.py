"""`tocsin courier` as people run it: a process, real rules, a real provider."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import urllib3
from click.testing import CliRunner

from flows.cli.courier import courier as command
from operators.model.records import Action
from sinks.outbox import State, open_outbox
from sinks.store.interface import Batch
from sinks.store.place import open_store
from sinks.store.query import NoticeQuery
from tests.flows.courier.deliveries import notice, until
from tests.servers.process import free_port
from tests.tree import ROOT


def fresh(name, **changes):
    """Return a notice of now: one of long ago would be told in a digest."""
    return notice(name, time=int(time.time()), **changes)


def action(**changes):
    fields = {
        "id": "x1", "time": int(time.time()), "alert_ids": ("a1",), "strategy_id": "1", "relation_id": "notice", "plugin_type": "notice",
        "signal": "abnormal", "notice_type": "normal", "execute_times": 1, "status": "success",
        "receivers": {"webhook": ["alice", "bob"]},
    }  # fmt: skip
    return Action(**{**fields, **changes})


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.servers)])
def where(request, tmp_path):
    return str(tmp_path / "outbox.sqlite3") if request.param == "sqlite" else request.getfixturevalue("redis_dsn")


@pytest.fixture
def outbox(where):
    opened = open_outbox(where)
    yield opened
    opened.close()


@pytest.fixture
def rules(tmp_path, httpserver):
    folder = tmp_path / "rules"
    folder.mkdir()
    channel = {"way": "webhook", "url": httpserver.url_for("/hook"), "concurrency": 2}
    (folder / "channels.yaml").write_text(json.dumps({"channels": [channel]}))
    return str(folder)


@pytest.fixture
def tocsin(where, rules, tmp_path):
    """Starts `tocsin courier`, and ends what is left."""
    children = []

    def start(*options):
        kept = () if "--store" in options else ("--store", str(tmp_path / "store.sqlite3"))
        arguments = ["--rules", rules, "--outbox", where, *kept, *options]
        log = tmp_path / f"courier-{len(children)}.log"
        with log.open("wb") as written:
            child = subprocess.Popen(
                [sys.executable, "-c", "from flows.cli.courier import courier; courier()", *arguments],
                cwd=ROOT, env={**os.environ, "PYTHONWARNINGS": "default"}, stdout=written, stderr=subprocess.STDOUT,
            )  # fmt: skip
        child.log = log
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.wait()


def ended(child):
    child.send_signal(signal.SIGTERM)
    code = child.wait(120)
    return code, child.log.read_text()


def test_it_delivers_through_the_channels_of_the_rules_and_writes_receipts_back(outbox, tocsin, tmp_path, httpserver):
    httpserver.expect_request("/hook", method="POST").respond_with_data("fine")
    store = open_store(str(tmp_path / "store.sqlite3"))
    store.write(Batch(actions=[action()]))
    outbox.put([fresh("n1", way="webhook")], time.time())
    child = tocsin()
    until(lambda: store.actions("a1")[0].deliveries)
    code, text = ended(child)
    assert code == 0, text
    (kept,) = store.actions("a1")
    store.close()
    assert (kept.status, kept.reason) == ("success", "delivered")
    assert {name: one.result for name, one in kept.deliveries["n1"].results.items()} == {"alice": True, "bob": True}
    assert [request.headers["Idempotency-Key"] for request, _ in httpserver.log] == ["n1", "n1"]


def test_a_refused_notice_shows_in_its_action_and_in_the_dead_list(outbox, tocsin, tmp_path, httpserver):
    httpserver.expect_request("/hook").respond_with_data("no", status=400)
    store = open_store(str(tmp_path / "store.sqlite3"))
    store.write(Batch(actions=[action()]))
    outbox.put([fresh("n1", way="webhook")], time.time())
    child = tocsin()
    until(lambda: store.actions("a1")[0].deliveries)
    assert ended(child)[0] == 0
    assert store.actions("a1")[0].status == "failure"
    store.close()
    (entry,) = outbox.entries(State.DEAD, 9, time.time())
    assert entry.error.startswith("refused: alice: HTTP 400")


def test_the_store_keeps_the_text_as_it_was_sent_but_no_secret_of_an_address(outbox, tocsin, tmp_path):
    store = open_store(str(tmp_path / "store.sqlite3"))
    address = "https://hooks.example/x?token=s3cret-value"
    outbox.put([fresh("n1", content="<b>disk</b>"), fresh("n2", receivers=(address,))], time.time())
    child = tocsin("--notices", str(tmp_path / "notices.jsonl"))
    until(lambda: len(store.notices(NoticeQuery())) == 2)
    assert ended(child)[0] == 0
    (of_alice,) = store.notices(NoticeQuery(receiver="alice"))
    (hidden,) = store.notices(NoticeQuery(id="n2"))
    store.close()
    assert (of_alice.content, of_alice.state) == ("<b>disk</b>", "written_to_file")
    assert hidden.receivers == tuple(hidden.results) == ("https://hooks.example/x?token=***",)


def test_ways_without_a_channel_go_to_a_file_and_the_console(outbox, tocsin, tmp_path):
    outbox.put([fresh("n1"), fresh("n2")], time.time())
    child = tocsin("--notices", str(tmp_path / "out" / "notices.jsonl"))
    until(lambda: outbox.put([], 0) or outbox.depth(time.time()).oldest_age == 0)
    assert ended(child)[0] == 0
    lines = (tmp_path / "out" / "notices.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["id"] for line in lines) == ["n1", "n2"]
    outbox.put([fresh("n3", title="loud")], time.time())
    child = tocsin("--console", "--store", "none")
    until(lambda: outbox.depth(time.time()).oldest_age == 0)
    code, text = ended(child)
    assert code == 0
    assert "mail to alice, bob: loud" in text


def test_changed_channels_are_used_without_a_restart_and_wrong_ones_are_not(outbox, tocsin, rules, httpserver):
    for path in ("/hook", "/new"):
        httpserver.expect_request(path).respond_with_data("fine")

    def sent():
        return [(request.path, request.headers["Idempotency-Key"]) for request, _ in httpserver.log]

    def write(text):
        (Path(rules) / "new.yaml").write_text(text)
        (Path(rules) / "new.yaml").replace(Path(rules) / "channels.yaml")

    child = tocsin("--store", "none")
    outbox.put([fresh("n1", way="webhook", receivers=("ops",))], time.time())
    until(lambda: sent() == [("/hook", "n1")])
    write("channels: [{way: webhook, url: {env: NOT_SET_ANYWHERE}}]")
    until(lambda: "NOT_SET_ANYWHERE is not set" in child.log.read_text())
    write("channels: [{way: nonsense}]")
    until(lambda: "unknown notice way" in child.log.read_text())
    outbox.put([fresh("n2", way="webhook", receivers=("ops",))], time.time())
    until(lambda: sent()[1:] == [("/hook", "n2")])
    write(json.dumps({"channels": [{"way": "webhook", "url": httpserver.url_for("/new")}]}))
    for number in range(1000):
        outbox.put([fresh(f"m{number}", way="webhook", receivers=("ops",))], time.time())
        time.sleep(0.2)
        if "/new" in dict(sent()):
            break
    assert "/new" in dict(sent())
    code, text = ended(child)
    assert code == 0
    assert "NOT_SET_ANYWHERE is not set" in text
    assert "rules refused, the last good ones stay" in text


def test_its_port_shows_metrics_and_health(outbox, tocsin, tmp_path):
    outbox.put([fresh("n1", way="sms")], time.time())
    port = free_port()
    (tmp_path / "tocsin.yaml").write_text(f"metrics: {{port: {port}}}")
    child = tocsin("--settings", str(tmp_path / "tocsin.yaml"))

    def get(path):
        return urllib3.request("GET", f"http://127.0.0.1:{port}{path}", retries=urllib3.Retry(30, backoff_factor=0.2))

    until(lambda: b'tocsin_notices_given_up_total{reason="no_channel",way="sms"} 1' in get("/metrics").data)
    assert (get("/healthz").status, get("/readyz").status) == (200, 200)
    assert ended(child)[0] == 0


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--rules", "/nowhere", "/nowhere"),
        ("--outbox", "redis://127.0.0.1:1", "expected redis://host:port/db/key"),
        ("--settings", "/nowhere.yaml", "/nowhere.yaml"),
        ("--store", "ftp://x", "ftp"),
    ],
)
def test_what_cannot_be_used_is_told_without_a_trace(tmp_path, rules, option, value, said):
    open_outbox(str(tmp_path / "o.db")).close()
    options = {"--rules": rules, "--outbox": str(tmp_path / "o.db"), "--store": "none"} | {option: value}
    result = CliRunner().invoke(command, [word for pair in options.items() for word in pair])
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output


def test_a_secret_that_is_missing_is_told_by_its_name(tmp_path):
    open_outbox(str(tmp_path / "o.db")).close()
    folder = tmp_path / "rules"
    folder.mkdir()
    channel = {"way": "slack", "url": {"env": "TOCSIN_TEST_NOWHERE"}}
    (folder / "channels.yaml").write_text(json.dumps({"channels": [channel]}))
    options = ["--rules", str(folder), "--outbox", str(tmp_path / "o.db"), "--store", "none"]
    result = CliRunner().invoke(command, options)
    assert result.exit_code == 1
    assert "channel slack: environment variable TOCSIN_TEST_NOWHERE is not set" in result.output


def test_an_outbox_in_a_file_that_no_job_made_is_refused(tmp_path):
    (tmp_path / "rules.yaml").write_text("channels: []\n")
    runner = CliRunner(env={"MESSAGE_QUEUE_DSN": None})
    said = runner.invoke(command, ["--rules", str(tmp_path / "rules.yaml"), "--data", str(tmp_path / "elsewhere")])
    assert said.exit_code == 1
    assert "elsewhere/outbox.sqlite3: no such file; the job makes it." in said.output
    assert "redis://host:port/db/key" in said.output
    assert not (tmp_path / "elsewhere").exists()
