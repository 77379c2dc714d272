"""Commands as records hold them, what became of them, and which were acted on already (design.md 8)."""

import pytest

from operators.intake.command import outcome, read_command
from operators.intake.decode import Refusal
from operators.intake.heard import IN_FORCE, Heard
from operators.model.command import Command
from operators.model.identity import digest
from operators.model.reason import DeadReason
from tests.operators.check.made import T0


@pytest.mark.parametrize(
    ("fields", "reason", "detail"),
    [
        ({}, "missing_field", "command: Object missing required field `command`"),
        ({"command": None}, "missing_field", "command: Object missing required field `command`"),
        ({"command": 5}, "wrong_type", "command: Expected `str`"),
        ({"command": "dance"}, "unknown_command", "`command`: 'dance'"),
        ({"command": "x" * 99}, "unknown_command", "`command`: '" + "x" * 80 + "'"),
        ({"command": "ack"}, "missing_field", "`alert_id`: missing"),
        ({"command": "ack", "alert_id": ""}, "missing_field", "`alert_id`: missing"),
        ({"command": "assign", "alert_id": "1"}, "missing_field", "`appointee`: missing"),
        ({"command": "assign", "alert_id": "1", "appointee": []}, "missing_field", "`appointee`: missing"),
        ({"command": "shield"}, "missing_field", "`shield`: missing"),
        ({"command": "shield", "shield": 5}, "wrong_type", "command: Expected `object"),
        ({"command": "unshield"}, "missing_field", "`id`: missing"),
        ({"command": "ack", "alert_id": "1", "until": "soon"}, "wrong_type", "command: Expected `int"),
    ],
    ids=lambda value: repr(value)[:34],
)
def test_what_is_no_command_says_why(fields, reason, detail):
    found = read_command(fields)
    assert isinstance(found, Refusal)
    assert str(found.reason) == reason
    assert found.detail.startswith(detail)


@pytest.mark.parametrize(
    "fields",
    [
        {"command": "ack", "alert_id": "1"}, {"command": "unack", "dedupe_md5": "a"}, {"command": "close", "alert_id": "1", "message": None},
        {"command": "assign", "alert_id": "1", "appointee": ["a"]}, {"command": "shield", "shield": {}}, {"command": "unshield", "id": 0},
        {"command": "comment", "alert_id": "1", "colour": "red"},
    ],
    ids=lambda fields: fields["command"],
)  # fmt: skip
def test_a_command_needs_no_more_than_it_acts_on(fields):
    assert read_command(fields).command == fields["command"]


@pytest.mark.parametrize(
    ("command", "name", "shield"),
    [
        (Command("ack", "bob", command_id="c"), "c", None),
        (Command("ack", "bob"), digest("command", "commands:0:5"), None),
        (Command("shield", shield={"id": 7}), digest("command", "commands:0:5"), "7"),
        (Command("shield", shield={}), digest("command", "commands:0:5"), None),
        (Command("unshield", id=7), digest("command", "commands:0:5"), "7"),
    ],
    ids=["named", "by its place", "a shield", "a shield without id", "the end of a shield"],
)
def test_what_became_of_a_command_is_found_by_its_id_or_its_place(command, name, shield):
    found = outcome(command, "commands", "0:5", T0)
    assert (found.id, found.shield_id, found.outcome, found.reason, found.time) == (name, shield, "applied", "", T0)


def test_the_document_of_an_ack_says_until_when_it_holds():
    assert outcome(Command("ack", alert_id="a1", until=T0), "commands", "1", T0).until == T0
    assert outcome(Command("ack", alert_id="a1"), "commands", "2", T0).until is None


@pytest.mark.parametrize(("said", "origin"), [("", "commands"), ("console", "console")])
def test_where_a_command_was_given_is_what_it_says_itself_or_else_what_it_was_read_from(said, origin):
    assert outcome(Command("ack", alert_id="a1", origin=said), "commands", "1", T0).origin == origin


def test_a_refusal_is_told_with_its_reason():
    found = outcome(Command("ack", "bob", "m", "1"), "commands", "0:5", T0, Refusal(DeadReason.ALERT_ENDED, "d"))
    assert (found.outcome, found.reason, found.detail, found.operator, found.message, found.alert_id) == (
        "refused", "alert_ended", "d", "bob", "m", "1",
    )  # fmt: skip


# --- commands that were acted on (operators/intake/heard.py)


def heard(*positions, key="a7", places=None):
    one = Heard({"commands:0": {"a7": 5, "b0": 8, IN_FORCE: 2}} if places is None else places)
    return [one.has(key, "commands", position) for position in positions]


@pytest.mark.parametrize(
    ("key", "has"),
    [
        ("a7", [True, False, False]),
        ("b0", [True, True, False]),
        (IN_FORCE, [False, False, False]),
        ("c0", [False, False, False]),
    ],
    ids=["up to its place", "further", "less far", "never"],
)
def test_a_slot_has_heard_what_stands_before_its_place(key, has):
    assert heard("0:4", "0:5", "0:8", key=key) == has


def test_other_partitions_and_topics_were_not_heard():
    assert heard("1:4") == [False]
    assert not Heard({"commands:0": {"a7": 5}}).has("a7", "other", "0:4")
    assert heard("0:4", places={}) == [False]


def test_a_partition_is_forgotten_once_all_have_heard_it():
    one = Heard({"commands:0": {"a7": 5, "b0": 8}})
    one.has("a7", "commands", "0:7")
    assert list(one.places) == ["commands:0"]
    one.has("a7", "commands", "0:8")
    assert one.places == {}
