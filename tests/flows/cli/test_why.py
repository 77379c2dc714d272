"""`tocsin why` and `tocsin notices`: what somebody was told, in which words, and what not, and why."""

import json
import os
import time

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from flows.cli.why import alike, missed
from operators.explain.heard import Unheard
from tests.flows.cli.answers import answer, items

NOW = int(time.time()) - 600
RULES = {
    "strategies": [{"id": 1, "name": "CPU", "notice": {"user_groups": ["ops"]}}],
    "user_groups": [
        {"id": "ops", "name": "Ops", "users": ["alice", "dora"], "ways": ["mail"]},
        {"id": "desk", "name": "Desk", "users": ["erin"], "ways": ["mail"]},
    ],
    "dispatch": [
        {
            "id": 1,
            "name": "paper",
            "rules": [
                {
                    "id": 1,
                    "conditions": [{"field": "alert.name", "method": "eq", "value": ["Paper"]}],
                    "user_groups": ["desk"],
                    "actions": [{"action_type": "notice"}],
                }
            ],
        }
    ],
    "shields": [
        {"id": "work", "category": "dimension", "begin_time": 0, "end_time": 4000000000,
         "dimension_config": {"dimension_conditions": [{"key": "ip", "method": "eq", "value": ["10.0.0.9"]}]}},
    ],
}  # fmt: skip


def event(name, target, **more):
    return {
        "event_id": name,
        "plugin_id": "p",
        "time": NOW,
        "severity": 1,
        "target_type": "HOST",
        "target": target,
        **more,
    }


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The data directory of a job that told of three alerts, with its courier."""
    place = tmp_path_factory.mktemp("told")
    (place / "rules.json").write_text(json.dumps(RULES))
    events = [
        event("1", "10.0.0.1", strategy_id=1, alert_name="CPU"),
        event("2", "10.0.0.9", strategy_id=1, alert_name="CPU"),
        event("3", "10.0.0.3", alert_name="Paper"),
    ]
    (place / "events.jsonl").write_text("".join(json.dumps(one) + "\n" for one in events))
    words = ["--rules", place / "rules.json", "--input", place / "events.jsonl", "--data", place / "d", "--recording"]
    bare = dict.fromkeys(name for name in os.environ if name.startswith(("TOCSIN_", "MESSAGE_QUEUE")))
    done = CliRunner(env=bare).invoke(main, ["run", *map(str, words)])
    assert done.exit_code == 0, done.output
    return str(place / "d")


def said(*words):
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_what_somebody_was_told_and_what_not_is_said_with_the_reason(data):
    (found,) = items(said("why", "dora", "--since", "1h", "--data", data, "--json"))
    assert [(one["way"], one["state"]) for one in found["told"]] == [("mail", "written_to_file")]
    assert [(one["name"], one["ways"], one["reason"]) for one in found["untold"]] == [
        ("CPU", ["mail"], "shielded_by_rule")
    ]
    assert [(one["name"], one["people"]) for one in found["elsewhere"]] == [("Paper", ["erin"])]


def test_the_first_line_is_the_answer(data):
    first = said("why", "dora", "--since", "1h", "--data", data).splitlines()[0]
    assert first == "dora was told once; 1 notice did not reach them; 1 alert went to others only."
    first = said("why", "nobody", "--since", "1h", "--data", data).splitlines()[0]
    assert first == "nobody was told nothing; nothing meant for them was held back; 3 alerts went to others only."


def test_others_are_named_on_request(data):
    assert "Paper" not in said("why", "dora", "--since", "1h", "--data", data)
    assert "Paper" in said("why", "dora", "--since", "1h", "-v", "--data", data)


def test_notices_are_shown_as_they_were_sent(data):
    (one,) = items(said("notices", "--to", "dora", "--data", data, "--json"))
    assert (one["way"], one["receivers"], one["state"]) == ("mail", ["alice", "dora"], "written_to_file")
    shown = said("notices", one["id"], "--data", data)
    assert "CPU" in shown
    assert "10.0.0.1" in shown
    assert said("notices", "--to", "nobody", "--data", data) == "no notices\n"
    assert said("notices", "--unsent", "--data", data) == "no notices\n"


def test_a_page_of_notices_says_where_it_ended(data):
    first = answer(said("notices", "--limit", "1", "--data", data, "--json"))
    second = answer(said("notices", "--limit", "1", "--after", first.next, "--data", data, "--json"))
    assert {first.items[0]["id"], second.items[0]["id"]} == {
        one["id"] for one in items(said("notices", "--data", data, "--json"))
    }


def test_a_place_that_is_none_is_wrong_usage(data):
    assert CliRunner().invoke(main, ["notices", "--after", "nowhere", "--data", data]).exit_code == 2
    assert CliRunner().invoke(main, ["alerts", "list", "--after", "nowhere", "--data", data]).exit_code == 2


def test_alerts_are_read_on_page_by_page(data):
    seen, after = [], ""
    while after is not None:
        page = answer(said("alerts", "list", "--limit", "1", "--after", after, "--data", data, "--json"))
        seen += [one["id"] for one in page.items]
        after = page.next
    assert sorted(seen) == sorted(one["id"] for one in items(said("alerts", "list", "--data", data, "--json")))


def test_what_was_held_back_for_one_reason_is_said_once_with_how_often():
    held = [
        Unheard(NOW + second, f"a{second}", "CPU", 1, "abnormal", ("mail",), "merged", "In a summary.")
        for second in range(4)
    ]
    other = Unheard(NOW, "b", "CPU", 1, "recovered", ("mail",), "merged", "In a summary.")
    assert [[one.alert_id for one in some] for some in alike([*held, other])] == [["a0", "a1", "a2", "a3"], ["b"]]
    assert missed(held, 3).plain == "4 times: fatal CPU, abnormal (a0, a1, a2 and 1 more) [merged]\nIn a summary."
    assert missed([other], 3).plain == "fatal CPU, recovered (b) [merged]\nIn a summary."


def test_of_very_many_actions_only_those_of_the_person_are_read_to_the_end(data, monkeypatch):
    monkeypatch.setattr("flows.cli.why.OTHERS", 1)
    monkeypatch.setattr("flows.cli.why.PAGE", 1)
    told = said("why", "dora", "--since", "1h", "--data", data)
    assert "dora was told once; 1 notice did not reach them" in told
    first = said("why", "erin", "--since", "1h", "--data", data).splitlines()[0]
    assert first.startswith("erin was told once; nothing meant for them was held back")
    whole = answer(said("why", "dora", "--since", "1h", "--data", data, "--json"))
    (found,) = whole.items
    assert (len(found["told"]), len(found["untold"]), len(found["elsewhere"])) == (1, 1, 1)
    assert whole.summary == {"is_whole": True}
    monkeypatch.setattr("flows.cli.why.NAMED_OTHERS", 1)
    part = answer(said("why", "dora", "--since", "1h", "--data", data, "--json"))
    assert part.summary == {"is_whole": False}
    assert [(len(one["told"]), len(one["untold"])) for one in part.items] == [(1, 1)]
