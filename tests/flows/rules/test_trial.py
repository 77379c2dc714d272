"""The tests of rule files."""

import pytest

from flows.replay.replay import Replay
from flows.rules.source import Terms
from flows.rules.templates import renderer
from flows.rules.trial import START, failures, moment, with_moments
from flows.settings.settings import Settings
from operators.rules.read.load import build
from operators.rules.shapes.model import RuleTest
from tests.flows.rules.made import CPU, OPS, found

EVENT = {
    "event_id": "e1", "plugin_id": "p", "strategy_id": 1, "alert_name": "CPU usage", "target_type": "HOST",
    "target": "10.0.0.1", "severity": 2, "time": 0, "at": 0,
}  # fmt: skip


def tried(events: list[dict], expect: dict, until: int | None = None) -> list[str]:
    book, errors = build(found(strategies=[CPU], user_groups=[OPS]).documents, **Terms().keywords())
    assert errors == []
    settings = Settings()
    test = RuleTest("a test", tuple(events), until, expect)
    return failures(test, Replay(settings, book, renderer(settings)))


def test_what_happens_as_expected_leaves_nothing_to_tell():
    expect = {
        "alerts": [{"strategy_id": 1, "status": "ABNORMAL", "begin_time": 0, "event": {"time": 0}}],
        "signals": [{"signal": "abnormal", "time": 0}],
        "notices": [{"way": "mail", "receivers": ["alice"], "time": 0}],
        "actions": [{"receivers": {"mail": ["alice"]}}],
        "logs": [{"op_type": "CREATE"}, {"op_type": "ACTION"}],
        "dead_letters": [],
        "events": [{"event_id": "e1", "at": 0}],
    }
    assert tried([EVENT], expect) == []


def test_outputs_that_are_not_named_do_not_matter():
    assert tried([EVENT], {}) == []


def test_an_event_that_cannot_be_read_fails_unless_its_dead_letter_is_expected():
    odd = [{**EVENT, "alert_name": None, "strategy_id": None}, {"at": 0, "kind": "foo"}]
    said = tried(odd, {"alerts": []})
    assert [line.partition(":")[0] for line in said] == ["events[0]", "events[1]"]
    assert "alert_name" in said[0]
    assert tried(odd, {"alerts": [], "dead_letters": [{}, {}]}) == []


def test_a_command_may_be_refused():
    assert tried([EVENT, {"kind": "command", "command": "ack", "alert_id": "1", "at": 1}], {}) == []


@pytest.mark.parametrize(("until", "notices"), [(7199, 1), (7200, 1), (7201, 1)])
def test_the_clock_goes_on_to_until(until: int, notices: int):
    assert tried([EVENT], {"notices": [{}] * notices}, until) == []


def test_a_repeat_comes_after_its_interval_when_there_is_a_newer_event():
    events = [EVENT, {**EVENT, "event_id": "e2", "time": 7200, "at": 7200}]
    assert tried(events, {"notices": [{"time": 0}, {"time": 7200}]}, 7260) == []


def test_times_in_commands_and_rules_count_from_the_start_too():
    shield = {
        "id": 1,
        "category": "strategy",
        "begin_time": 0,
        "end_time": 600,
        "dimension_config": {"strategy_id": [1]},
    }
    lines = [{"kind": "rules", "at": 0, "put": {"shields": [shield]}}, EVENT]
    assert tried(lines, {"alerts": [{"is_shielded": True, "shield_id": [1]}]}) == []
    assert tried(lines, {"alerts": [{"is_shielded": False}]}, 601) == []


def test_what_differs_is_told():
    assert tried([EVENT], {"alerts": [{"severity": 1}], "signals": []})[0] == "alerts[0].severity: expected 1, got 2"


@pytest.mark.parametrize(
    ("value", "is_meant"),
    [
        (0, START),
        (-60, START - 60),
        (10**9, START + 10**9),
        (10**9 + 1, 10**9 + 1),
        ("12:00", "12:00"),
        (None, None),
        (True, True),
    ],
)
def test_a_time_counts_from_the_start_up_to_a_billion(value, is_meant):
    assert moment(value) == is_meant


def test_only_fields_that_say_a_moment_are_moved():
    assert with_moments({"time": 1, "duration": 1, "extra": [{"end_time": 2, "shield_left_time": 3}]}) == {
        "time": START + 1,
        "duration": 1,
        "extra": [{"end_time": START + 2, "shield_left_time": 3}],
    }
