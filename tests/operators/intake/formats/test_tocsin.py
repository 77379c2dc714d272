"""Our own events in a body."""

import json

import pytest

from operators.intake.formats.format import Made
from operators.intake.formats.tocsin import read

EVENT = {"event_id": "e1", "plugin_id": "p", "alert_name": "A", "time": 1_700_000_000}
LINE = json.dumps(EVENT)


@pytest.mark.parametrize(
    "body",
    [LINE, f"{LINE}\n", json.dumps(EVENT, indent=2), f"[{LINE}]", json.dumps([EVENT], indent=2), f"\n\n{LINE}\r\n\n"],
)
def test_one_event_may_stand_in_any_form(body):
    made = read(body.encode(), 0)
    assert [json.loads(event) for event in made.events] == [EVENT]
    assert not made.refused
    assert b"\n" not in made.events[0]


def test_lines_that_are_no_events_are_refused_with_their_place():
    made = read(f'{LINE}\nnonsense\n{{"event_id": "e2"}}\n{LINE}\n'.encode(), 0)
    assert len(made.events) == 2
    assert [(one.place, one.reason) for one in made.refused] == [("line 2", "not_json"), ("line 3", "missing_field")]


def test_members_of_an_array_are_refused_with_their_place():
    made = read(f"[{LINE}, 5, {LINE}]".encode(), 0)
    assert len(made.events) == 2
    assert [(one.place, one.reason) for one in made.refused] == [("events[1]", "not_an_object")]


@pytest.mark.parametrize("kind", ["command", "rules", "tick", "receipt", "check"])
def test_what_is_no_event_does_not_come_in_as_one(kind):
    made = read(json.dumps({**EVENT, "kind": kind}).encode(), 0)
    assert (made.events, len(made.refused)) == ([], 1)


@pytest.mark.parametrize("body", [b"", b"   ", b"\n\n"])
def test_an_empty_body_is_nothing(body):
    assert read(body, 0) == Made([])
