"""`tocsin who`: who would hear, by which rule, in a line; why nobody would."""

import json

import msgspec
import pytest
from click.testing import CliRunner

from flows.cli.main import main
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
from tests.flows.cli.answers import items
from tests.sinks.store.samples import alert

RULES = {
    "strategies": [
        {
            "id": 1,
            "name": "CPU",
            "notice": {
                "user_groups": ["ops"],
                "options": {"upgrade_config": {"is_enabled": True, "upgrade_interval": 30, "user_groups": ["boss"]}},
            },
        }
    ],
    "user_groups": [
        {"id": "ops", "name": "Ops", "users": ["alice", "dora"], "ways": ["mail"]},
        {"id": "boss", "name": "Boss", "users": ["carol"], "ways": ["sms"]},
        {"id": "desk", "name": "Desk", "users": ["erin"], "alert_notice": [{"time_range": "08:00--18:00", "notify_config": [{"level": 2, "notice_ways": [{"name": "mail"}]}]}]},
    ],
    "dispatch": [
        {"id": 1, "name": "third", "rules": [
            {"id": 7, "conditions": [{"field": "tags.service", "method": "eq", "value": ["web"]}], "user_groups": ["boss"], "actions": [{"action_type": "notice"}]},
            {"id": 8, "conditions": [{"field": "alert.name", "method": "eq", "value": ["Paper"]}], "user_groups": ["desk"], "actions": [{"action_type": "notice"}]},
        ]}
    ],
    "shields": [{"id": "work", "category": "dimension", "begin_time": 0, "end_time": 4000000000, "dimension_config": {"dimension_conditions": [{"key": "ip", "method": "eq", "value": ["10.0.0.9"]}]}}],
}  # fmt: skip


@pytest.fixture
def who(tmp_path):
    (tmp_path / "rules.json").write_text(json.dumps(RULES))

    def ask(*words):
        return CliRunner().invoke(main, ["who", "--rules", str(tmp_path), "--at", "2026-01-05T12:00+00:00", *words])

    return ask


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--strategy", "1", "--target", "10.0.0.1"), "alice by mail, dora by mail would hear."),
        (("--name", "X", "--tag", "service=web"), "carol by sms would hear."),
        (("--name", "Paper", "--severity", "warning"), "erin by mail would hear."),
        (("--name", "Paper"), "Nobody would hear: No group, rule or duty plan named anybody"),
        (("--name", "X"), "Nobody would hear: no rule listens"),
        (("--strategy", "1", "--target", "10.0.0.9"), "Nobody would hear: A shield matches the alert and is in its time."),
        (("--strategy", "2"), "Nobody would hear: The event's strategy is not in the rules"),
    ],
)  # fmt: skip
def test_the_first_line_is_the_answer(who, words, line):
    done = who(*words)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0].startswith(line)


def test_it_says_which_rule_group_and_way_and_who_would_be_told_later(who):
    (found,) = items(who("--strategy", "1", "--json").stdout)
    assert found["rule"] == "notice of strategy 1 (CPU)"
    assert [(one["group"], one["people"], one["ways"]) for one in found["groups"]] == [
        ("ops", ["alice", "dora"], ["mail"])
    ]
    assert found["escalation"] == [{"after": 1800, "group": "boss", "people": ["carol"]}]


def test_hours_without_a_way_are_said(who):
    (found,) = items(who("--name", "Paper", "--severity", "3", "--json").stdout)
    assert (found["hearers"], found["reason"], found["groups"][0]["ways"]) == ([], "nobody", [])


@pytest.mark.parametrize("words", [("--tag", "nothing"), ("--severity", "huge"), ("--at", "soon")])
def test_what_cannot_be_asked_is_refused(who, words):
    assert who(*words).exit_code in (1, 2)


def test_without_rules_it_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["who", "--name", "X"])
    assert (done.exit_code, done.output) == (1, "no rules in rules: name them with --rules\n")


INHIBIT = {
    "id": "down",
    "source": [{"field": "alert.name", "method": "eq", "value": ["Host down"]}],
    "target": [{"field": "alert.strategy_id", "method": "eq", "value": ["1"]}],
    "equal": ["bk_target_ip"],
    "description": "its host is down",
}


@pytest.fixture
def asked_of_store(tmp_path):
    """Ask who would hear now, where a host is said to be down."""
    (tmp_path / "rules.json").write_text(json.dumps({**RULES, "inhibits": [INHIBIT]}))
    down = alert(
        1, event_changes={"alert_name": "Host down", "strategy_id": "", "target": "10.0.0.1", "ip": "10.0.0.1"}
    )
    down = msgspec.structs.replace(down, alert_name="Host down", strategy_id="", bk_biz_id=0)
    store = SqliteStore(tmp_path / "tocsin.sqlite3")
    store.write(Batch(alerts=[down]))
    store.close()
    known = ["who", "--rules", str(tmp_path / "rules.json"), "--strategy", "1", "--biz", "0"]

    def ask(*words, store="tocsin.sqlite3"):
        return CliRunner().invoke(main, [*known, "--store", str(tmp_path / store), *words])

    return down.id, ask


def test_an_open_alert_that_keeps_it_silent_is_named(asked_of_store):
    down, ask = asked_of_store
    (found,) = items(ask("--target", "10.0.0.1", "--json").stdout)
    assert (found["hearers"], found["reason"]) == ([], "inhibited")
    assert [(one["rule"], one["open_ids"]) for one in found["silent_while"]] == [("down", [down])]
    said = ask("--target", "10.0.0.1").stdout
    assert said.startswith("Nobody would hear: Another open alert keeps it silent")
    assert f"the same bk_target_ip (rule down: its host is down); open now: {down}" in said


def test_what_would_keep_it_silent_is_said_where_nothing_does_now(asked_of_store):
    _, ask = asked_of_store
    for words in (("--target", "10.0.0.2"), ("--target", "10.0.0.1", "--at", "2026-01-05T12:00+00:00")):
        said = ask(*words).stdout
        assert said.startswith("alice by mail, dora by mail would hear.")
        assert "would be inhibited while an alert is open with alert.name is Host down and the same" in said


def test_without_a_store_it_is_said_that_nothing_is_known_of_what_is_open(asked_of_store):
    done = asked_of_store[1]("--target", "10.0.0.1", store="none.sqlite3")
    assert done.stdout.startswith("alice by mail")
    assert "what is open now is not known: there is no store at" in done.stderr
