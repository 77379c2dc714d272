"""`tocsin who`: who would hear, by which rule, in a line; why nobody would."""

import json

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from tests.flows.cli.answers import items

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
