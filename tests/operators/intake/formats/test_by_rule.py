"""Records read by rules of kind `sources`: fields by path, label, word and constant; what does not fit costs its record."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.intake.decode import Refusal, decode, refused_line
from operators.intake.formats.by_rule import read_as
from operators.intake.intake import Intake
from operators.intake.poll import Raw
from operators.model.reason import DeadReason
from operators.model.records import DeadLetter
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from tests.operators.intake.formats.made import NOW
from tests.operators.intake.formats.test_table import JSON
from tests.operators.rules.drawn import book


def made(body, rule, at=NOW, **more):
    """(events, refusals) of a body under one rule."""
    rule = {"id": "s", **rule, **more}
    name = rule.get("format", "json")
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    out = read_as(f"{name}:s" if name == "json" else name, book(sources=[rule]).sources)(raw, at)
    return [decode(line) for line in out.events], [(one.place, str(one.reason), one.detail) for one in out.refused]


def one(body, rule, **more):
    (event,), refused = made(body, rule, **more)
    assert refused == []
    return event


def field(spec, record, name="target"):
    return getattr(one({"n": "A", **record}, {"event": {"alert_name": "n", name: spec}}), name)


@pytest.mark.parametrize(
    ("spec", "record", "value"),
    [
        ("host.name", {"host": {"name": "db"}}, "db"),
        ("a || b", {"b": "x"}, "x"),
        ({"value": "constant"}, {}, "constant"),
        ({"path": "a", "default": "none"}, {}, "none"),
        ({"path": "a", "default": "none"}, {"a": ""}, "none"),
        ({"path": "a", "words": {" OK ": "fine"}}, {"a": "ok"}, "fine"),
        ({"path": "a", "words": {True: "yes"}}, {"a": True}, "yes"),
        ({"path": "a", "words": {5: "five"}}, {"a": 5}, "five"),
        ({"path": "a", "words": {"x": "y"}}, {"a": "z"}, "z"),
        ("flag", {"flag": False}, "false"),
        ("number", {"number": 5}, "5"),
    ],
)
def test_a_field_is_found(spec, record, value):
    assert field(spec, record) == value


@pytest.mark.parametrize(
    ("moment", "second"),
    [(NOW, NOW), (NOW * 1000 + 5, NOW), (str(NOW), NOW), (f"{NOW}.5", NOW), ("2023-11-14T22:13:20Z", NOW), ("2023-11-14T22:13:20", NOW), ("2023-11-14T23:13:20+01:00", NOW)],
)  # fmt: skip
def test_a_moment_is_read_in_every_usual_spelling(moment, second):
    assert field("t", {"t": moment}, "time") == second


@pytest.mark.parametrize("moment", ["soon", True, [], {}, 1e300, "9" * 400])
def test_what_is_no_moment_costs_its_record(moment):
    events, ((place, reason, detail),) = made([{"n": "A", "t": moment}], {"event": {"alert_name": "n", "time": "t"}})
    assert (events, place, reason) == ([], "[0]", "bad_value")
    assert detail.startswith("time: ")


def test_what_a_rule_does_not_say_has_its_default():
    event = one({"n": "A"}, {"event": {"alert_name": "n"}})
    assert (event.plugin_id, event.time, event.status, event.severity) == ("s", NOW, "ABNORMAL", 3)
    same, other = (
        one({"n": "A"}, {"event": {"alert_name": "n"}}),
        one({"n": "A", "x": 1}, {"event": {"alert_name": "n"}}),
    )
    assert event.event_id == same.event_id != other.event_id


def test_tags_come_from_a_mapping_and_one_by_one_and_tell_problems_apart():
    rule = {
        "event": {"alert_name": "n", "tags_from": "labels", "tags": {"dc": {"label": "zone"}}, "dedupe_except": ["pod"]}
    }
    event = one({"n": "A", "labels": {"zone": "eu", "pod": "p-1", "severity": "x", "deep": {}}}, rule)
    assert {tag.key: tag.value for tag in event.tags} == {"zone": "eu", "pod": "p-1", "severity": "x", "dc": "eu"}
    assert event.dedupe_keys == ("tags.dc", "tags.zone")


BODY = {"checks": [{"n": "A"}, {"n": "B", "soft": True}, {"x": 1}, 5, {"n": "C"}]}


def test_each_record_of_a_body_costs_itself():
    events, refused = made(BODY, {"each": "checks", "when": "!soft", "event": {"alert_name": "n"}})
    assert [event.alert_name for event in events] == ["A", "C"]
    assert [(place, reason) for place, reason, _ in refused] == [("[2]", "missing_field"), ("[3]", "not_an_object")]


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"nonsense", "not_json"), ({}, "bad_value"), (b"\xff", "not_json"), ({"checks": [json.loads('{"n":' * 17 + "1" + "}" * 17)]}, "too_deep")],
)  # fmt: skip
def test_a_body_that_is_none_is_refused(body, reason):
    events, ((_, why, _),) = made(body, {"each": "checks", "event": {"alert_name": "n"}})
    assert (events, why) == ([], reason)


def test_a_rule_that_is_not_there_or_disabled_reads_nothing():
    for name, sources in (
        ("json:none", {}),
        ("json:s", book(sources=[{"id": "s", "is_enabled": False, "event": {"alert_name": "n"}}]).sources),
    ):
        (refused,) = read_as(name, sources)(b'{"n": 1}', NOW).refused
        assert str(refused.reason) == "invalid_rules"


PROMETHEUS = [
    {"labels": {"alertname": "A", "prio": "P0", "team": "pay", "instance": "h:1"}, "annotations": {"dc": "eu"}}
]


def test_the_events_of_a_named_format_get_the_fields_of_the_first_rule_that_holds():
    rules = book(
        sources=[
            {"id": "1", "format": "prometheus", "when": "tags.team == 'none'", "event": {"target": {"value": "wrong"}}},
            {"id": "2", "format": "prometheus", "event": {"severity": {"label": "prio", "words": {"p0": 1}}, "target": "extra_info.annotations.dc", "extra_info": {"via": {"value": "x"}}}},
            {"id": "3", "format": "prometheus", "event": {"target": {"value": "late"}}},
            {"id": "4", "format": "grafana", "event": {"target": {"value": "foreign"}}},
        ]
    ).sources  # fmt: skip
    (line,) = read_as("prometheus", rules)(json.dumps(PROMETHEUS).encode(), NOW).events
    (plain,) = read_as("prometheus", {})(json.dumps(PROMETHEUS).encode(), NOW).events
    event, before = decode(line), decode(plain)
    assert (event.severity, event.target, event.extra_info["via"]) == (1, "eu", "x")
    assert event.dedupe_md5 == before.dedupe_md5
    assert event.extra_info["annotations"] == before.extra_info["annotations"]


def test_labels_that_do_not_count_leave_one_problem():
    rules = book(sources=[{"id": "1", "format": "prometheus", "event": {"dedupe_except": ["replica"]}}]).sources
    bodies = [[{"labels": {"alertname": "A", "replica": name}}] for name in "ab"]
    events = [
        decode(line) for body in bodies for line in read_as("prometheus", rules)(json.dumps(body).encode(), NOW).events
    ]
    assert [(event.dedupe_md5, event.dedupe_keys) for event in events] == [("", ("tags.alertname",))] * 2


SPECS = st.sampled_from(
    ["a", "b.c", "@", "[@, @]", "keys(@)", "*", {"label": "a"}, {"value": [1]}, {"path": "a", "words": {"1": {}}}]
)
FIELDS = st.dictionaries(
    st.sampled_from(["time", "target", "tags_from", "assignee", "severity", "until", "bk_biz_id", "metric"]), SPECS
)


@given(FIELDS, st.one_of(st.binary(max_size=20), JSON.map(lambda value: json.dumps(value).encode())))
def test_whatever_comes_nothing_is_raised_and_what_is_made_can_be_read(fields, body):
    if not isinstance(fields.get("tags_from", ""), str):
        del fields["tags_from"]
    events, _ = made(body, {"event": {"alert_name": "name || 'x'", **fields}})
    assert not any(isinstance(event, Refusal) for event in events)


def test_what_a_gateway_refused_is_a_dead_letter_that_holds_the_body():
    raw = refused_line(Refusal(DeadReason.BAD_VALUE, "webhook/s: why", '{"n": 1}'))
    letter = Intake(CoreSettings(), RuleBook.empty).record(Raw(NOW, "gateway-0/1", "0", raw)).body
    assert isinstance(letter, DeadLetter)
    assert (letter.raw, letter.reason, letter.detail) == ('{"n": 1}', "bad_value", "webhook/s: why")
