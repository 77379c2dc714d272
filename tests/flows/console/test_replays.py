"""Other rules are tried on the events of the archive, one replay at a time, by who may administer."""

import json
import time

import msgspec
import pytest
import yaml

from flows.console.replays import KEPT, Asked, Replays
from flows.gateway.service import AnswerError
from flows.settings.sections import ConsoleSettings
from flows.settings.settings import Settings
from tests.flows.console.stand import JSON, OURS, Desk, filled
from tests.sinks.store.samples import alert, event

NOW = int(time.time())
STRATEGY = {
    "id": 1,
    "name": "CPU usage",
    "items": [{"id": 1, "query_configs": [{"agg_interval": 60}]}],
    "detects": [{"level": 2, "trigger_config": {"count": 1, "check_window": 5}}],
    "notice": {"user_groups": ["ops"]},
}


def rules(who):
    return {"strategies": [STRATEGY], "user_groups": [{"id": "ops", "name": "Ops", "users": [who], "ways": ["mail"]}]}


@pytest.mark.slow
def test_a_replay_says_who_would_have_heard_more_and_who_fewer_and_why(tmp_path):
    (tmp_path / "branch").mkdir()
    (tmp_path / "branch" / "rules.yaml").write_text(yaml.safe_dump(rules("zoe")))
    (tmp_path / "tocsin.yaml").write_text(
        yaml.safe_dump({"console": {"rule_sets": {"branch": str(tmp_path / "branch")}}})
    )
    events = [event(id="e1", event_id="e1", time=NOW - 600, anomaly_time=NOW - 600, at=NOW - 600)]
    place = filled(tmp_path, rules("alice"), alerts=[alert(1)], events=events)
    console = Desk(tmp_path, "--settings", str(tmp_path / "tocsin.yaml"), "--rules", str(place))
    assert console.act("/replay", rules="other", since="1h").status == 422
    assert console.act("/replay", rules="branch", since="1y").status == 422
    answer = console.act("/replay", {**OURS, **JSON}, rules="branch", since="1h")
    assert answer.status == 202
    name = json.loads(answer.data)["id"]
    deadline = time.monotonic() + 180
    while (view := console.view(f"/replay/{name}"))["state"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert view["state"] == "done", view["said"]
    heard = {(one["person"], one["old"], one["new"]) for one in view["difference"]["people"]}
    assert heard == {("alice", 1, 0), ("zoe", 0, 1)}
    assert "zoe" in console.page(f"/replay/{name}")
    for kind in ("html", "json"):
        kept = console.get(f"/replay/{name}/difference.{kind}")
        assert (kept.status, kept.headers["content-disposition"][:10]) == (200, "attachment")
    assert [one["asked"]["id"] for one in console.view("/replay")["replays"]] == [name]
    assert console.get("/replay/none").status == 404
    assert console.get("/replay/..%2F..").status == 404
    assert console.stop() == 0


def test_only_so_many_replays_are_kept_and_one_that_died_says_what_it_said(tmp_path):
    for number in range(KEPT + 3):
        place = tmp_path / f"r{number}"
        place.mkdir()
        (place / "asked.json").write_bytes(msgspec.json.encode(Asked(f"r{number}", "x", "1h", "", "ann", number)))
        (place / "said.txt").write_text("no such store")
    replays = Replays(Settings(console=ConsoleSettings(rule_sets={"x": "/nowhere"})), tmp_path)
    assert {one.state for one in replays.all()} == {"failed"}
    assert replays.one("r1").said == "no such store"
    replays.begin({"rules": "x", "since": "1h"}, "ann", 1000)
    assert len(replays.all()) == KEPT
    with pytest.raises(AnswerError, match="one at a time"):
        replays.begin({"rules": "x", "since": "1h"}, "ann", 1001)
    replays.stop()


def test_a_replay_that_has_no_place_for_what_comes_of_it_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    replays = Replays(Settings(console=ConsoleSettings(rule_sets={"x": "/nowhere"})), tmp_path / "file")
    with pytest.raises(AnswerError, match="file: Not a directory"):
        replays.begin({"rules": "x", "since": "1h"}, "ann", 1000)
