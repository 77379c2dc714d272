"""A record that the store can never take becomes a dead letter with its kind, id, time, reason and text; the others go on."""

import json

import pytest

from operators.model.check import Check, CheckResult
from operators.model.reason import DeadReason
from sinks.store.refusal import arrival, encode_each, refusal
from tests.sinks.store.samples import NOW, action, alert, archived, command, entry, event, receipt, sent, shield

ALERT = alert(1, update_time=NOW + 5)
ENTRY = entry(ALERT, time=NOW + 6)
ACTION = action(ALERT, time=NOW + 7)


@pytest.mark.parametrize(
    ("record", "position", "time"),
    [
        (ALERT, f"alert {ALERT.id}", NOW + 5),
        (ENTRY, f"log {ENTRY.id}", NOW + 6),
        (ACTION, f"action {ACTION.id}", NOW + 7),
        (receipt(ACTION, time=NOW + 8), f"receipt notice-{ACTION.id}", NOW + 8),
        (archived(id="e9", at=NOW + 9), "event e9", NOW + 9),
        (event(id="e9", at=None, time=NOW + 10), "event e9", NOW + 10),
        (shield("s1", time=NOW + 11), "shield s1", NOW + 11),
        (command("c1", time=NOW + 12), "command c1", NOW + 12),
        (sent("n1", time=NOW + 13), "notice n1", NOW + 13),
    ],
    ids=["alert", "log", "action", "receipt", "event", "event-without-arrival", "shield", "command", "notice"],
)
def test_a_refused_record_is_named_by_its_kind_and_id(record, position, time):
    letter = refusal(record, "too large")
    assert (letter.source, letter.position, letter.time, letter.detail) == ("store", position, time, "too large")
    assert letter.reason is DeadReason.REFUSED_BY_STORE
    assert json.loads(letter.raw)


def test_a_check_is_named_by_its_fingerprint_and_arrives_with_its_event():
    letter = refusal(Check("b" * 32, CheckResult(time=NOW), archived(at=NOW + 3)), "x")
    assert (letter.position, letter.time) == (f"check {'b' * 32}", NOW + 3)


@pytest.mark.parametrize("text", ["\ud800", "ok \udfff"])
def test_what_no_text_can_hold_is_kept_escaped(text):
    letter = refusal(entry(ALERT, description=text), "no text")
    letter.raw.encode()
    assert letter.raw.isascii()
    assert "\\ud" in letter.raw


@pytest.mark.parametrize(("at", "time", "arrived"), [(7, 5, 7), (0, 5, 0), (None, 5, 5)])
def test_an_event_arrives_when_its_source_said_and_else_at_its_own_time(at, time, arrived):
    assert arrival(event(at=at, time=time)) == arrived


def test_what_can_be_encoded_goes_on_in_its_order_and_the_rest_is_refused():
    records = [entry(ALERT, position=number) for number in range(4)]

    def encode(record):
        if record in (records[1], records[3]):
            raise OverflowError("number too great")
        return record.id

    encoded, refused = encode_each(records, encode)
    assert encoded == [records[0].id, records[2].id]
    assert [(one.position, one.detail) for one in refused] == [
        (f"log {records[1].id}", "number too great"), (f"log {records[3].id}", "number too great"),
    ]  # fmt: skip


@pytest.mark.parametrize("error", [ValueError, TypeError, OverflowError, RecursionError])
def test_every_way_in_which_encoding_fails_costs_one_record(error):
    def encode(_):
        raise error("broken")

    assert [one.detail for one in encode_each([ENTRY], encode)[1]] == ["broken"]


def test_an_error_of_our_own_is_no_fault_of_the_record():
    def encode(_):
        raise KeyError("ours")

    with pytest.raises(KeyError):
        encode_each([ENTRY], encode)
