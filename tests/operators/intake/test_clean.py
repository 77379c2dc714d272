"""What cleaning makes of a field; tests/replay/test_intake.py holds the commonest of it from outside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.intake.clean import CATEGORIES, clean_event
from operators.intake.decode import Wire
from operators.intake.words import severity_of, status_of
from operators.model.fields import FieldError

LEAST = {"event_id": "e", "plugin_id": "p", "alert_name": "a", "time": 5}


def cleaned(**fields):
    return clean_event(Wire(**(LEAST | fields)))


def field(name, value):
    return getattr(cleaned(**{name: value}), name)


# --- words of foreign systems: the whole of design.md 7.51

STATUSES = {
    "RECOVERED": "resolved recovered recovery ok normal up inactive clear cleared",
    "CLOSED": "closed close expired",
    "ABNORMAL": "firing problem alerting triggered trigger active open down",
}
SEVERITIES = {
    1: "fatal critical crit emergency emerg disaster page p1 sev1",
    2: "warning warn error err major high average p2 sev2",
    3: "remind info information informational notice minor low debug p3 p4 p5",
}


@pytest.mark.parametrize(
    ("status", "word"), [(status, word) for status, words in STATUSES.items() for word in words.split()]
)
def test_a_status_word_is_understood_case_and_blanks_aside(status, word):
    assert status_of(word) == status_of(f" {word.upper()}\n") == field("status", word.title()) == status


@pytest.mark.parametrize(
    ("severity", "word"), [(severity, word) for severity, words in SEVERITIES.items() for word in words.split()]
)
def test_a_severity_word_is_understood_case_and_blanks_aside(severity, word):
    assert severity_of(word) == severity_of(f" {word.upper()}\n") == field("severity", word.title()) == severity


@pytest.mark.parametrize("word", ["", " ", "recover", "ok!", "p0", "sev3", "no", None, 5, ["ok"]], ids=repr)
def test_other_words_name_no_status(word):
    assert status_of(word) is None
    assert field("status", word) == "ABNORMAL"


@pytest.mark.parametrize(
    ("given_", "severity"),
    [(2.9, 2), (" 2 ", 2), ("0", 1), (True, 1), ("2.5", None), ("", None), ("p0", None), ({}, None)],
    ids=repr,
)
def test_a_number_names_a_severity_and_what_is_none_is_the_mildest(given_, severity):
    assert severity_of(given_) == severity
    assert field("severity", given_) == (severity or 3)


# --- fields


@pytest.mark.parametrize(
    ("name", "given_", "found"),
    [
        ("metric", ["a", None], ("a",)), ("metric", [], ()), ("assignee", "alice", ("alice",)), ("target", "", ""),
        ("strategy_id", "x", "x"), ("strategy_id", "00", "00"), ("strategy_id", False, ""), ("bk_biz_id", "2", "2"), ("bk_biz_id", 2, 2),
        ("dedupe_keys", ["tags.a", 5], ("tags.a", "5")), ("dedupe_keys", {}, ()), ("dedupe_md5", "aB" * 16, "aB" * 16),
        ("until", None, None), ("until", "9", 9), ("until", 0, 0), ("at", None, None), ("at", "7", 7), ("description", 5, "5"),
        ("extra_info", {"a": 2**70}, {"a": str(2**70)}), ("bk_tenant_id", "t", "t"), ("category", [], "other_rt"), ("ip", 5, "5"),
    ],
    ids=lambda value: repr(value)[:24],
)  # fmt: skip
def test_what_a_field_becomes(name, given_, found):
    assert field(name, given_) == found


def test_every_category_of_the_reference_is_kept():
    assert {field("category", name.upper()) for name in CATEGORIES} == CATEGORIES
    assert len(CATEGORIES) == 12


@pytest.mark.parametrize(
    ("fields", "time", "first"),
    [
        ({"time": 5, "bk_ingest_time": 9}, 5, 5),
        ({"time": None, "bk_ingest_time": 9}, 9, 9),
        ({"time": 0, "bk_ingest_time": 9}, 0, 0),
        ({"time": 5, "anomaly_time": 0}, 5, 0),
        ({"time": 5.9}, 5, 5),
    ],
    ids=["its own", "that of its arrival", "zero is a time", "an anomaly at zero", "a fraction"],
)
def test_the_times_of_an_event(fields, time, first):
    one = cleaned(**fields)
    assert (one.time, one.anomaly_time) == (time, first)


@pytest.mark.parametrize(
    ("fields", "reason", "named"),
    [
        ({"event_id": True}, "wrong_type", "event_id"), ({"plugin_id": []}, "wrong_type", "plugin_id"),
        ({"alert_name": ""}, "missing_field", "alert_name"), ({"time": None, "bk_ingest_time": -1}, "bad_value", "bk_ingest_time"),
        ({"until": -1}, "bad_value", "until"), ({"dedupe_md5": "a" * 30 + "  "}, "bad_value", "dedupe_md5"),
        ({"dedupe_md5": "aa " * 10 + "aa"}, "bad_value", "dedupe_md5"), ({"extra_info": "{}"}, "wrong_type", "extra_info"),
        ({"bk_host_id": True}, "wrong_type", "bk_host_id"), ({"strategy_id": 1.5}, "wrong_type", "strategy_id"),
        ({"strategy_id": []}, "wrong_type", "strategy_id"), ({"metric": [{}]}, "wrong_type", "metric[0]"),
        ({"dedupe_keys": ["a", []]}, "wrong_type", "dedupe_keys[1]"), ({"ip": {}}, "wrong_type", "ip"),
        ({"bk_topo_node": ["a", 5, {}]}, "wrong_type", "bk_topo_node[2]"), ({"target_type": 1.5j}, "wrong_type", "target_type"),
    ],
    ids=lambda value: repr(value)[:30],
)  # fmt: skip
def test_a_record_is_refused_because_of_the_field_that_it_names(fields, reason, named):
    with pytest.raises(FieldError) as caught:
        cleaned(**fields)
    assert (caught.value.reason, str(caught.value).split(":")[0]) == (reason, f"`{named}`")


def test_an_event_of_a_strategy_may_lack_a_name():
    assert cleaned(alert_name=None, strategy_id=1).alert_name == ""
    assert cleaned(alert_name="", strategy_id=1).alert_name == ""
    with pytest.raises(FieldError, match="alert_name"):
        cleaned(alert_name=None, strategy_id=0)


words = st.sampled_from(["ok", "odd", "", "CRITICAL", "5", " up "])
KEPT = ("status", "severity", "target_type", "data_type", "category", "extra_info")


@given(words, words, st.sampled_from(["HOST", "host", "x", ""]), st.sampled_from(["log", "x", "LOG"]))
def test_what_was_cleaned_is_not_cleaned_again(status, severity, target_type, data_type):
    once = cleaned(status=status, severity=severity, target_type=target_type, data_type=data_type)
    again = cleaned(**{name: getattr(once, name) for name in KEPT})
    assert [getattr(again, name) for name in KEPT] == [getattr(once, name) for name in KEPT]
