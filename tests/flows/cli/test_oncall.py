"""`tocsin oncall --weeks`: the coming turns, as people read them and as programs do."""

import json

import pytest
import yaml
from click.testing import CliRunner
from icalendar import Calendar

from flows.cli.main import main
from tests.flows.cli.answers import answer, items

RULES = {
    "user_groups": [
        {
            "id": "ops", "name": "Operations", "need_duty": True, "duty_rules": ["week"],
            "alert_notice": [{"time_range": "08:00--19:59", "notify_config": [
                {"level": level, "notice_ways": [{"name": "mail"}]} for level in (1, 2)
            ]}],
        },
        {"id": "web", "name": "Web", "users": ["erin"], "ways": ["mail"]},
    ],
    "duties": [
        {
            "id": "week", "category": "handoff", "effective_time": "2026-01-05 00:00:00", "handoff_time": "09:00",
            "end_time": "2026-01-20 00:00:00",
            "duty_arranges": [{"duty_time": [{"work_type": "weekly"}], "duty_users": [["alice"], ["bob"]]}],
        }
    ],
    "strategies": [{"id": 1, "name": "CPU", "notice": {"user_groups": ["ops", "web"]}}],
}  # fmt: skip


@pytest.fixture
def oncall(tmp_path):
    (tmp_path / "rules.yaml").write_text(json.dumps(RULES))
    options = ["oncall", "--rules", str(tmp_path), "--at", "2026-01-06T12:00:00+00:00"]
    return lambda *more: CliRunner(env={"COLUMNS": "120"}).invoke(main, [*options, *more], catch_exceptions=False)


def test_every_turn_of_some_weeks_is_shown_and_gaps_are_named(oncall):
    done = oncall("--weeks", "3")
    assert done.exit_code == 0
    assert [" ".join(line.split()) for line in done.output.splitlines()] == [
        "group from until on duty",
        "Operations 2026-01-06 12:00:00+00:00 2026-01-12 09:00:00+00:00 alice",
        "Operations 2026-01-12 09:00:00+00:00 2026-01-19 09:00:00+00:00 bob",
        "Operations 2026-01-19 09:00:00+00:00 2026-01-20 00:00:00+00:00 alice",
        "Operations 2026-01-20 00:00:00+00:00 nobody is on duty",
        "Operations daily 00:00 daily 07:59 nobody is reached",
        "Operations daily 08:00 daily 19:59 nobody is reached for remind",
        "Operations daily 20:00 daily 23:59 nobody is reached",
        "Web 2026-01-06 12:00:00+00:00 erin",
    ]


def test_programs_read_the_same(oncall):
    (found,) = items(oncall("ops", "--weeks", "1", "--json").stdout)
    assert found["group_id"] == "ops"
    assert [one["people"] for one in found["turns"]] == [["alice"], ["bob"]]
    assert found["turns"][1]["until"] is None


@pytest.mark.parametrize("weeks", ["0", "53", "x"])
def test_a_number_of_weeks_that_is_none_is_refused(oncall, weeks):
    assert oncall("--weeks", weeks).exit_code == 2


def test_turns_are_a_calendar_that_programs_read(oncall):
    entries = Calendar.from_ical(oncall("ops", "--ical", "--weeks", "2").stdout).walk("VEVENT")
    assert [(str(one["summary"]), one.decoded("dtstart").isoformat(), one.decoded("dtend").isoformat()) for one in entries] == [
        ("Operations: alice", "2026-01-05T00:00:00+00:00", "2026-01-12T09:00:00+00:00"),
        ("Operations: bob", "2026-01-12T09:00:00+00:00", "2026-01-19T09:00:00+00:00"),
        ("Operations: alice", "2026-01-19T09:00:00+00:00", "2026-01-20T00:00:00+00:00"),
        ("Operations: nobody is on duty", "2026-01-20T00:00:00+00:00", "2026-01-20T12:00:00+00:00"),
    ]  # fmt: skip
    (mine,) = Calendar.from_ical(oncall("ops", "--ical", "--weeks", "2", "--person", "bob").stdout).walk("VEVENT")
    assert str(mine["uid"]) == "1768208400-ops@tocsin"


def test_gaps_alone_are_shown_and_said_by_the_exit_code(oncall):
    done = oncall("--gaps", "--json", "ops")
    assert done.exit_code == 3
    told = answer(done.stdout)
    assert [(one["kind"], one["since"]) for one in told.items] == [("nobody", 1768867200)]
    assert told.summary["daily"]["ops"][0] == {"first": "00:00", "last": "07:59", "severities": [1, 2, 3]}
    assert told.summary["ways_without_channel"] == {"mail": ["ops"]}
    assert "nobody is on duty" in oncall("--gaps").stdout


def test_a_swap_is_printed_as_rules_that_make_it_so(oncall, tmp_path):
    words = (
        "swap",
        "ops",
        "--from",
        "alice",
        "--to",
        "dora",
        "--since",
        "2026-01-06T18:00+00:00",
        "--until",
        "2026-01-07T06:30+00:00",
    )
    done = CliRunner().invoke(main, ["oncall", *words, "--rules", str(tmp_path)])
    assert done.exit_code == 0
    rules = json.loads((tmp_path / "rules.yaml").read_text())
    (duty,) = yaml.safe_load(done.stdout)["duties"]
    rules["duties"].append(duty)
    rules["user_groups"][0]["duty_rules"].insert(0, duty["id"])
    (tmp_path / "rules.yaml").write_text(json.dumps(rules))
    found = [
        (people, turn["since"])
        for turn in items(oncall("ops", "--weeks", "1", "--json").stdout)[0]["turns"]
        for people in turn["people"]
    ]
    assert found[:3] == [("alice", 1767700800), ("dora", 1767722400), ("alice", 1767767400)]


@pytest.mark.parametrize("words", [("--ical", "--json"), ("--person", "bob"), ("--ical", "--gaps")])
def test_options_that_contradict_each_other_are_wrong_usage(oncall, words):
    assert oncall(*words).exit_code == 2
