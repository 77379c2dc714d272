"""Two ways to read an event, the quick typed one and the long one, agree."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.intake.decode import (
    MAX_BYTES,
    MAX_DEPTH,
    MIXED,
    Decoded,
    Refusal,
    Wire,
    _decode_untyped,
    decode,
    depth,
    oversized,
)
from operators.intake.formats.alertmanager import read_posted
from operators.model.event import Event
from tests.replay.driver import event

texts = st.sampled_from(
    [
        "",
        "a",
        "HOST",
        "host",
        "RECOVERED",
        "closed",
        "log",
        "LOG",
        "os",
        "OS",
        "0",
        "7",
        "a" * 32,
        "g" * 32,
        "\u2028",
        "é",
    ]
)
numbers = st.one_of(
    st.integers(-5, 5),
    st.sampled_from([2**31, 2**63 - 1, 2**63, 2**64, 10**30, 1_700_000_000, 10**10]),
    st.floats(allow_nan=False, allow_infinity=False),
)
words = st.sampled_from(["", " ", "critical", " Warning", "INFO", "2", " 9 ", "-1", "urgent", "urgent " * 20, "é"])
plain = st.one_of(texts, numbers, st.booleans(), st.none())
anything = st.recursive(
    plain, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)), max_leaves=6
)
tags = st.lists(
    st.fixed_dictionaries({"key": texts, "value": anything}, optional={"display_key": texts, "display_value": plain}),
    max_size=3,
)
origin = st.builds(
    lambda level: {
        "origin_alarm": {"data": {"values": {"extra_info": json.dumps({"alert_level_msg": {"alert_level": level}})}}}
    },
    plain,
)
VALUES = {
    **dict.fromkeys(Wire.__struct_fields__, st.one_of(plain, anything)),
    "kind": st.sampled_from(["event", None]), "tags": tags, "extra_info": st.one_of(origin, anything), "severity": st.one_of(numbers, words),
    "metric": st.lists(texts, max_size=2), "dedupe_keys": st.lists(texts, max_size=2), "strategy_id": st.sampled_from([0, 1, "0", "", "2", None]),
}  # fmt: skip
fields = st.sets(st.sampled_from(sorted(VALUES)), max_size=3).flatmap(
    lambda names: st.fixed_dictionaries({name: VALUES[name] for name in sorted(names)})
)


@settings(max_examples=400, deadline=None)
@given(fields)
def test_the_quick_way_agrees_with_the_long_way(changes):
    raw = json.dumps({**event(0), **changes}).encode()
    quick, long = decode(raw), _decode_untyped(raw, "event")
    assert type(quick) is type(long)
    if isinstance(quick, Event):
        assert quick == long
    else:
        assert isinstance(quick, Refusal)
        assert isinstance(long, Refusal)
        assert quick.reason == long.reason


def test_what_senders_of_alerts_send_is_read_the_quick_way(monkeypatch):
    alert = {
        "labels": {"alertname": "Disk", "instance": "a:9100", "severity": "warning"},
        "startsAt": "2026-01-01T00:00:00Z",
    }
    [line] = read_posted(json.dumps([alert]).encode(), 1_800_000_000).events
    monkeypatch.setattr("operators.intake.decode._decode_untyped", lambda *_: None)
    assert (decode(line).alert_name, decode(line).severity) == ("Disk", 2)


BOM = b"\xef\xbb\xbf"


def test_a_byte_order_mark_before_a_record_does_not_count():
    raw = json.dumps(event()).encode()
    assert decode(BOM + raw) == decode(raw)


@pytest.mark.parametrize("kind", ["check", "command", "rules", "receipt", "tick"])
def test_a_byte_order_mark_before_a_record_of_another_kind_does_not_count(kind):
    found = decode(BOM + b'{"kind": "%s", "at": 7, "time": 8}' % kind.encode(), MIXED)
    assert found == Decoded(kind, 7, {"time": 8})


@pytest.mark.parametrize(
    ("raw", "reason", "detail"),
    [
        (BOM, "not_json", "JSON is malformed"),
        (BOM + BOM + b"{}", "not_json", "JSON is malformed"),
        (BOM * 300_000, "not_json", "JSON is malformed"),
        (BOM + b"{", "not_json", "Input data was truncated"),
        (b'{"event_id": "\xff"}', "not_json", "not UTF-8: invalid start byte 0xff"),
        (b'{"event_id": "\xc3"}', "not_json", "not UTF-8: unexpected end of data 0xc3"),
        (b" " * (MAX_BYTES + 1), "too_large", f"more than {MAX_BYTES} bytes"),
        (b" " * MAX_BYTES, "empty", "an empty record"),
    ],
    ids=["mark alone", "two marks", "many marks", "cut", "no start", "no end", "over", "at the bound"],
)
def test_what_is_no_record_says_why(raw, reason, detail):
    found = decode(raw)
    assert isinstance(found, Refusal)
    assert found.reason == reason
    assert found.detail.startswith(detail)


FOREIGN = [
    *(("event", named) for named in ("check", "command", "rules", "receipt", "tick")),
    *(("check", named) for named in ("event", "command", "rules", "receipt", "tick")),
    *(("command", named) for named in ("event", "check", "receipt", "tick")),
]


@pytest.mark.parametrize(("kind", "named"), FOREIGN)
def test_a_source_carries_its_own_kind_and_nothing_else(kind, named):
    found = decode(json.dumps({**event(), "kind": named}).encode(), kind)
    assert isinstance(found, Refusal)
    assert (found.reason, found.detail) == ("foreign_kind", f"`kind`: {named!r} does not come by a source of {kind}s")


@pytest.mark.parametrize("named", [5, ["command"], {"command": 1}, True, "COMMAND", " command", ""])
def test_a_kind_that_is_none_is_refused_whatever_the_source(named):
    for kind in ("event", "check", "command", MIXED):
        found = decode(json.dumps({**event(), "kind": named}).encode(), kind)
        assert isinstance(found, Refusal)
        assert found.reason == "unknown_kind"


@pytest.mark.parametrize(("kind", "named"), [("check", "check"), ("command", "command"), ("command", "rules")])
def test_a_record_may_say_what_its_source_carries_anyway(kind, named):
    found = decode(json.dumps({"kind": named, "time": 8}).encode(), kind)
    assert found == Decoded(named, None, {"time": 8})


# --- bounds of a record (design.md 7.59)


@pytest.mark.parametrize(
    ("raw", "levels"),
    [
        (b"", 0), (b"5", 0), (b"[]", 1), (b'{"a": [{}]}', 3), (b'"[[["', 0), (b'"\\"[["', 0), (b'"\\\\" [', 1), (b"[][][]", 1), (b"[[]]]]]][", 2),
        (b'{"a": "]", "b": [', 2),
    ],
)  # fmt: skip
def test_brackets_nest_outside_of_texts_alone(raw, levels):
    assert depth(raw) == levels


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, None), (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "too_deep"), (b"[]" * 999, None),
        (b'"' + b"[" * 999 + b'"', None), (b" " * MAX_BYTES, None), (b" " * (MAX_BYTES + 1), "too_large"),
    ],
    ids=["as deep as may be", "deeper", "many, none deep", "within a text", "as long as may be", "longer"],
)  # fmt: skip
def test_a_record_is_bounded_before_anything_parses_it(raw, reason):
    found = oversized(raw)
    assert (found and str(found.reason)) == reason
