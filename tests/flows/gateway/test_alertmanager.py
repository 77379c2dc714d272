"""Alertmanager's API, read and written as its tools do."""

import time

import pytest
import yaml

from operators.model.command import CommandDocument
from operators.model.event import Tag
from operators.model.shield import ShieldDocument
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
from tests.flows.gateway.stand import Stand
from tests.sinks.store.samples import alert

RULES = {"user_groups": [{"id": "ops", "name": "Ops", "users": ["alice"]}, {"id": "dev", "name": "Dev", "users": ["bob"]}],
         "strategies": [{"id": 1, "name": "CPU usage", "notice": {"user_groups": ["ops"]}}]}  # fmt: skip
NOW = int(time.time())


def stored(number, labels, **changed):
    event = {"tags": tuple(Tag(*pair) for pair in labels.items()), "extra_info": {}}
    return alert(number, opened=NOW - 100 - number, event_changes=event, **changed)


ALERTS = [
    stored(1, {"alertname": "HighCPU", "severity": "critical", "instance": "a:1"}),
    stored(2, {"alertname": "HighCPU", "severity": "warning", "instance": "b:1"}, strategy_id=""),
    stored(3, {"alertname": "Disk", "severity": "warning"}, is_shielded=True, shield_id=("s1",)),
    stored(4, {"alertname": "Over"}, status="RECOVERED", end_time=NOW),
]


@pytest.fixture(scope="module")
def tools(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alertmanager")
    (folder / "rules").mkdir()
    (folder / "rules" / "r.yaml").write_text(yaml.safe_dump(RULES))
    store = SqliteStore(folder / "data" / "tocsin.sqlite3")
    store.write(Batch(alerts=ALERTS))
    stand = Stand(folder, "--settings", "/dev/null", "--rules", str(folder / "rules"))
    stand.store = store
    yield stand
    assert stand.stop() == 0
    store.close()


def names(answer):
    return [(one["labels"]["alertname"], one["labels"].get("instance")) for one in answer.json()]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"a:1", "b:1", "10.0.0.1|0"}),
        ("?silenced=false", {"a:1", "b:1"}),
        ("?active=false", {"10.0.0.1|0"}),
        ("?filter=severity%3Dwarning", {"b:1", "10.0.0.1|0"}),
        ("?filter=severity%3D%22warning%22&filter=alertname%3D~%22High.*%22", {"b:1"}),
        ("?filter=instance!~%22a.*%22&silenced=false", {"b:1"}),
        ("?filter=nosuch%3D%22%22&silenced=false", {"a:1", "b:1"}),
        ("?receiver=ops", {"a:1", "10.0.0.1|0"}),
        ("?receiver=op", set()),
    ],
)
def test_open_alerts_are_filtered_as_alertmanager_does(tools, query, found):
    answer = tools.get(f"/api/v2/alerts{query}")
    assert answer.status == 200
    assert {instance for _, instance in names(answer)} == found


def test_alerts_come_sorted_by_fingerprint_with_all_that_tools_read(tools):
    found = tools.get("/api/v2/alerts").json()
    assert [one["fingerprint"] for one in found] == sorted(one["fingerprint"] for one in found)
    (silenced,) = [one for one in found if one["labels"]["alertname"] == "Disk"]
    assert silenced["status"] == {"state": "suppressed", "silencedBy": ["s1"], "inhibitedBy": [], "mutedBy": []}
    assert silenced["receivers"] == [{"name": "ops"}]


INHIBITS = {"id": 1, "source": [{"field": "tags.alertname", "value": ["HostDown"]}], "target": [{"field": "tags.severity", "value": ["warning"]}], "equal": ["instance"]}  # fmt: skip


@pytest.fixture(scope="module")
def inhibiting(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inhibiting")
    (folder / "rules").mkdir()
    (folder / "rules" / "r.yaml").write_text(yaml.safe_dump({**RULES, "inhibits": [INHIBITS]}))
    store = SqliteStore(folder / "data" / "tocsin.sqlite3")
    store.write(
        Batch(alerts=[*ALERTS, stored(5, {"alertname": "HostDown", "instance": "b:1", "severity": "critical"})])
    )
    stand = Stand(folder, "--settings", "/dev/null", "--rules", str(folder / "rules"))
    yield stand
    assert stand.stop() == 0
    store.close()


def test_an_inhibited_alert_names_the_fingerprint_of_what_inhibits_it(inhibiting):
    found = {
        one["labels"]["alertname"] + one["labels"].get("instance", ""): one
        for one in inhibiting.get("/api/v2/alerts").json()
    }
    silent, source = found["HighCPUb:1"], found["HostDownb:1"]
    assert silent["status"] == {
        "state": "suppressed",
        "silencedBy": [],
        "inhibitedBy": [source["fingerprint"]],
        "mutedBy": [],
    }
    assert source["status"]["state"] == "active"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?inhibited=false", {"HighCPU a:1", "HostDown b:1", "Disk 10.0.0.1|0"}),
        ("?active=false", {"HighCPU b:1", "Disk 10.0.0.1|0"}),
        ("?active=false&silenced=false", {"HighCPU b:1"}),
        ("?active=false&inhibited=false", {"Disk 10.0.0.1|0"}),
    ],
)
def test_what_is_inhibited_can_be_left_out(inhibiting, query, found):
    assert {f"{name} {instance}" for name, instance in names(inhibiting.get(f"/api/v2/alerts{query}"))} == found


@pytest.mark.parametrize("query", ["filter=%22", "filter=a%3D~%22(%22", "receiver=("])
def test_what_cannot_be_understood_is_a_bad_request(tools, query):
    assert tools.get(f"/api/v2/alerts?{query}").status == 400


def test_groups_hold_each_alert_once_a_receiver(tools):
    groups = tools.get("/api/v2/alerts/groups").json()
    assert [(one["receiver"]["name"], one["labels"]["alertname"], len(one["alerts"])) for one in groups] == [
        ("ops", "Disk", 1), ("ops", "HighCPU", 1), ("tocsin", "HighCPU", 1),
    ]  # fmt: skip


def test_status_and_receivers(tools):
    status = tools.get("/api/v2/status").json()
    assert status["cluster"]["status"] == "disabled"
    assert set(status["versionInfo"]) == {"version", "revision", "branch", "buildUser", "buildDate", "goVersion"}
    assert yaml.safe_load(status["config"]["original"])["route"]["receiver"] == "tocsin"
    assert tools.get("/api/v2/receivers").json() == [{"name": "dev"}, {"name": "ops"}]
    assert tools.get("/api/v1/alerts").status == 410


def iso(second):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(second))


def silence(**changes):
    matcher = {"name": "alertname", "value": "HighCPU", "isRegex": False, "isEqual": True}
    return {
        "matchers": [matcher],
        "startsAt": iso(NOW),
        "endsAt": iso(NOW + 7200),
        "createdBy": "alice",
        "comment": "why",
        **changes,
    }


def test_a_silence_is_there_at_once_and_goes_the_way_of_all_commands(tools):
    answer = tools.post("/api/v2/silences", silence())
    name = answer.json()["silenceID"]
    shown = tools.get(f"/api/v2/silence/{name}").json()
    assert (shown["status"]["state"], shown["createdBy"], shown["comment"]) == ("active", "alice", "why")
    assert name in [one["id"] for one in tools.get("/api/v2/silences").json()]
    (command,) = [one for one in tools.kept() if one.get("shield", {}).get("id") == name]
    assert (command["kind"], command["command"], command["operator"]) == ("command", "shield", "alice")


def test_a_silence_that_is_deleted_has_ended(tools):
    name = tools.post("/api/v2/silences", silence()).json()["silenceID"]
    delete = tools.http.request("DELETE", f"http://{tools.listen}/api/v2/silence/{name}")
    assert delete.status == 200
    assert tools.get(f"/api/v2/silence/{name}").json()["status"]["state"] == "expired"
    assert tools.kept()[-1]["command"] == "unshield"


def test_an_update_keeps_the_id_unless_others_would_be_silenced(tools):
    name = tools.post("/api/v2/silences", silence()).json()["silenceID"]
    starts = tools.get(f"/api/v2/silence/{name}").json()["startsAt"]
    longer = tools.post("/api/v2/silences", silence(id=name, startsAt=starts, endsAt=iso(NOW + 9000)))
    assert longer.json()["silenceID"] == name
    other = [{"name": "alertname", "value": "Disk", "isRegex": False, "isEqual": True}]
    wider = tools.post("/api/v2/silences", silence(id=name, startsAt=starts, matchers=other)).json()["silenceID"]
    assert wider != name
    assert tools.get(f"/api/v2/silence/{name}").json()["status"]["state"] == "expired"


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"id": "no-such"}, 404), ({"matchers": []}, 400), ({"endsAt": iso(NOW - 9), "startsAt": iso(NOW - 99)}, 400)],
)
def test_silences_that_cannot_be_are_refused(tools, changes, status):
    assert tools.post("/api/v2/silences", silence(**changes)).status == status


def test_a_silence_that_is_not_there_is_not_found(tools):
    assert tools.get("/api/v2/silence/0").status == 404
    assert tools.http.request("DELETE", f"http://{tools.listen}/api/v2/silence/0").status == 404


def test_shields_of_the_store_are_shown_and_found_by_their_matchers(tools):
    document = {"id": "kept", "begin_time": NOW - 9, "end_time": NOW + 99, "matchers": ['team="db"']}
    tools.store.write(Batch(shields=[ShieldDocument(id="kept", time=NOW - 9, shield=document, operator="bob")]))
    found = tools.get("/api/v2/silences?filter=team%3D%22db%22").json()
    assert [one["id"] for one in found] == ["kept"]
    assert found[0]["matchers"] == [{"name": "team", "value": "db", "isRegex": False, "isEqual": True}]


def test_what_became_of_a_silence_is_found_under_the_id_of_its_command(tools):
    name = tools.post("/api/v2/silences", silence()).headers["Tocsin-Command"]
    kept = tools.kept()[-1]
    assert (kept["command_id"], kept["origin"]) == (name, "gateway, alertmanager")
    assert tools.get(f"/v1/commands/{name}").json() == {"command_id": name, "outcome": "pending", "command": None}
    done = CommandDocument(id=name, time=NOW, command="shield", outcome="refused", reason="invalid_rules", detail="why")
    tools.store.write(Batch(commands=[done]))
    told = tools.get(f"/v1/commands/{name}").json()
    assert (told["outcome"], told["command"]["detail"]) == ("refused", "why")
    assert tools.get("/v1/commands/no%20id").status == 404
