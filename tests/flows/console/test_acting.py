"""What people do on a page becomes a command, and the page says what the job made of it."""

import hashlib
import json
import subprocess
import time
from contextlib import closing

import pytest
import yaml

from sinks.store.interface import StoreError
from sinks.store.place import open_store
from sinks.store.query import AlertQuery
from tests.flows.console.stand import JSON, OURS, Desk, at, desk
from tests.flows.gateway.stand import BARE, TOCSIN
from tests.sinks.store.samples import alert
from tests.tree import ROOT

NOW = int(time.time())
ALERT = alert(1, opened=NOW - 100)
RULES = {
    "strategies": [{"id": 1, "name": "CPU usage"}],
    "user_groups": [{"id": "ops", "name": "Ops", "users": ["alice"]}],
}
WAIT = 120


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    running = desk(tmp_path_factory.mktemp("console"), RULES, alerts=[ALERT])
    yield running
    assert running.stop() == 0


def commands(console):
    path = console.folder / "data" / "commands.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HX-Request": "true"},
        {"Sec-Fetch-Site": "same-origin"},
        {"HX-Request": "true", "Sec-Fetch-Site": "cross-site"},
        {"HX-Request": "true", "Sec-Fetch-Site": "same-site"},
        {**OURS, "Host": "evil.example"},
        {**OURS, "Host": "127.0.0.1.evil.example:80"},
        {"Authorization": "Bearer guess"},
    ],
)
def test_what_does_not_come_from_our_page_is_refused(console, headers):
    before = commands(console)
    assert console.act(f"/a/{ALERT.id}/ack", headers, message="mine").status == 403
    assert commands(console) == before


def test_another_name_of_this_machine_gets_no_page_either(console):
    assert console.get("/", Host="evil.example").status == 403


@pytest.mark.parametrize(
    ("path", "form", "status", "why"),
    [
        ("/a/{alert}/ack", {}, 422, "say why"),
        ("/a/{alert}/ack", {"message": " "}, 422, "say why"),
        ("/a/{alert}/assign", {"message": "x", "users": " , "}, 422, "to whom"),
        ("/a/{alert}/shield", {"message": "x", "for": "100y"}, 422, "for: one of"),
        ("/a/{alert}/shield", {"message": "x", "for": "1h", "scope": "all"}, 422, "scope: one of"),
        ("/a/{alert}/ack", {"message": "x", "until": "soon"}, 422, "is no moment"),
        ("/a/{alert}/ack", {"message": "x", "until": "2001-01-01T00:00"}, 422, "is over"),
        ("/deeds/ack", {"message": "x"}, 404, "no alert is chosen"),
        ("/deeds/ack", {"message": "x", "fold": "colour:x"}, 400, "no fold"),
        ("/a/{alert}/delete", {"message": "x"}, 404, "no such deed"),
        ("/a/none/ack", {"message": "x"}, 404, "no alert"),
        ("/shields/none/end", {"message": "x"}, 404, "no shield"),
    ],
)
def test_a_deed_that_makes_no_sense_is_refused_in_place_with_its_reason(console, path, form, status, why):
    answer = console.act(path.format(alert=ALERT.id), **form)
    assert (answer.status, why in answer.data.decode()) == (status, True)
    assert "<html" not in answer.data.decode()


def test_a_deed_is_a_command_with_an_id_and_is_pending_until_the_job_has_read_it(console):
    answer = console.act(f"/a/{ALERT.id}/assign", message="please", users="bob, 李雷")
    assert (answer.status, "pending" in answer.data.decode()) == (202, True)
    last = commands(console)[-1]
    assert (last["command"], last["alert_id"], last["appointee"], last["message"]) == (
        "assign", ALERT.id, ["bob", "李雷"], "please",
    )  # fmt: skip
    answer = console.get(f"/c/{last['command_id']}?looks=60", **OURS)
    assert "does one run?" in answer.data.decode()


def test_while_the_store_cannot_be_read_a_deed_stays_pending_and_the_page_goes_on_asking(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(yaml.safe_dump(RULES))
    waiting = Desk(tmp_path, "--settings", "/dev/null", "--rules", str(tmp_path / "rules"), "--wait")
    answer = waiting.get(f"/c/{'0' * 32}?looks=3", **OURS)
    text = answer.data.decode()
    assert (answer.status, "pending" in text, "there is no store" in text, "looks=4" in text) == (200, True, True, True)
    assert waiting.get(f"/c/{'0' * 32}", **JSON).status == 503
    assert waiting.stop() == 0


def test_many_alerts_are_acted_on_at_once_each_by_a_command_of_its_own(console):
    before = len(commands(console))
    folds = [f"name:{ALERT.alert_name}"]
    answer = console.act("/deeds/ack", {**OURS, **JSON}, message="all of it", fold=folds[0], until="2099-01-01T08:00")
    told = json.loads(answer.data)
    assert (answer.status, told["asked"], told["outcome"]) == (202, 1, "pending")
    (last,) = commands(console)[before:]
    assert (last["alert_id"], last["command_id"], last["until"]) == (ALERT.id, told["command_ids"][0], 4070937600)


def test_a_shield_says_before_it_is_set_what_it_would_cover(console):
    found = console.view(f"/preview/shield?id={ALERT.id}&scope=name&for=1h")
    assert (found["alerts"], found["shields"], found["some"][0]["id"]) == (1, 1, ALERT.id)


SCOPES = {"alice": ("read", "command"), "bob": ("read",), "prometheus": ("send",)}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guarded")
    tokens = [
        {"name": name, "sha256": hashlib.sha256(name.encode()).hexdigest(), "scopes": list(scopes)}
        for name, scopes in SCOPES.items()
    ]
    (folder / "tokens.yaml").write_text(yaml.safe_dump({"tokens": tokens}))
    running = desk(folder, RULES, "--tokens", str(folder / "tokens.yaml"), alerts=[ALERT])
    yield running
    assert running.stop() == 0


@pytest.mark.parametrize(
    ("who", "read", "act"), [("alice", 200, 202), ("bob", 200, 403), ("prometheus", 403, 403), ("eve", 401, 401)]
)
def test_tokens_say_who_reads_and_who_acts(guarded, who, read, act):
    bearer = {"Authorization": f"Bearer {who}"}
    answer = guarded.get("/", **bearer)
    assert answer.status == read
    assert guarded.act(f"/a/{ALERT.id}/comment", {**bearer, **JSON}, message="hm").status == act
    if read == 200:
        assert ("data-deed" in guarded.page(f"/a/{ALERT.id}", **bearer)) == (act == 202)


def test_a_browser_is_asked_for_a_token_and_its_login_alone_may_not_act(guarded):
    assert guarded.get("/").headers["www-authenticate"].startswith("Basic ")
    basic = {"Authorization": "Basic eDphbGljZQ=="}  # x:alice
    assert guarded.act(f"/a/{ALERT.id}/ack", basic, message="mine").status == 403
    assert guarded.act(f"/a/{ALERT.id}/ack", {**basic, **OURS}, message="mine").status == 202
    assert commands(guarded)[-1]["operator"] == "alice"


EVENT = {"event_id": "e1", "plugin_id": "p", "alert_name": "Disk <full>", "severity": 1, "bk_biz_id": 2, "target": "10.0.0.1",
         "target_type": "HOST", "dedupe_keys": ["tags.mount"], "tags": [{"key": "mount", "value": "/data"}]}  # fmt: skip


@pytest.fixture
def beside_a_job(tmp_path, dsn):
    """A console beside a job that follows a file, once the job has opened an alert, and their store."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "rules.yaml").write_text(yaml.safe_dump(RULES))
    now = int(time.time())
    lines = [EVENT | {"time": now}, EVENT | {"event_id": "e2", "time": now, "tags": [{"key": "mount", "value": "/"}]}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    options = ["--rules", str(rules), "--data", str(tmp_path / "data"), "--settings", "/dev/null"]
    with (tmp_path / "job.log").open("wb") as log:
        job = subprocess.Popen(
            [*TOCSIN, "run", "--input", str(tmp_path / "in.jsonl"), "--follow", *options],
            stdout=log,
            stderr=log,
            env={**BARE, **at(dsn)},
            cwd=ROOT,
        )
    store = dsn or str(tmp_path / "data" / "tocsin.sqlite3")
    try:
        until(lambda: len(alerts_of(store)) == 2, job)
        console = Desk(tmp_path, "--settings", "/dev/null", "--rules", str(rules), env=at(dsn))
        yield console, store
        console.stop()
    finally:
        job.terminate()
        assert job.wait(120) == 0


def alerts_of(dsn):
    try:
        with closing(open_store(dsn, read_only=True)) as store:
            return {one.event.tags[0].value: one for one in store.alerts(AlertQuery())}
    except StoreError:  # the job is making it
        return {}


def until(holds, job=None):
    deadline = time.monotonic() + WAIT
    while not holds():
        assert job is None or job.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


def seen(console, path):
    """Return a page as it is found by now: Elasticsearch shows what was written a second later, and no index in the making."""
    answer = console.get(path, **JSON)
    return json.loads(answer.data) if answer.status == 200 else []


def outcome(console, answer):
    """Follow a deed to its end, as the page does."""
    name = json.loads(answer.data)["command_id"]

    until(lambda: (found := seen(console, f"/c/{name}")) and found["outcome"] != "pending")
    found = console.view(f"/c/{name}")
    return found["outcome"], "".join(one["reason"] for one in found["refused"])


@pytest.mark.slow
def test_deeds_are_pending_then_applied_or_refused_by_a_running_job_and_a_shield_covers_its_alert_alone(beside_a_job):
    console, store = beside_a_job
    mine, other = (alerts_of(store)[mount].id for mount in ("/data", "/"))
    act = {**OURS, **JSON}
    assert outcome(console, console.act(f"/a/{mine}/ack", act, message="on it")) == ("applied", "")
    assert outcome(console, console.act(f"/a/{mine}/ack", act, message="again")) == ("refused", "already_acked")
    assert outcome(console, console.act(f"/a/{mine}/shield", act, message="disk swap", **{"for": "1h"})) == (
        "applied",
        "",
    )
    until(lambda: alerts_of(store)["/data"].is_shielded)
    assert not alerts_of(store)["/"].is_shielded
    until(lambda: seen(console, "/shields"))
    (shield,) = console.view("/shields")
    assert (shield["state"], shield["why"]) == ("holds", "disk swap")
    assert outcome(console, console.act(f"/shields/{shield['id']}/end", act, message="done")) == ("applied", "")
    until(lambda: seen(console, "/shields")[0]["state"] == "over")
    assert outcome(console, console.act(f"/a/{other}/close", act, message="test")) == ("applied", "")
    until(lambda: (found := seen(console, "/audit")) and len(found["commands"]) == 5)
    audit = [(one["command"], one.get("outcome", "applied")) for one in console.view("/audit")["commands"]]
    assert audit.count(("ack", "applied")) == 1
    assert ("close", "applied") in audit
