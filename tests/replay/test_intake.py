"""Lines in: arrival times, cleaning, what is refused and what is dropped (replay.md Input; spec/lifecycle.md 1)."""

import json

import pytest

from tests.replay.driver import RULES, T0, check, command, event, put, receipt, replay, strategy_event, tick

MD5 = "0123456789abcdef" * 2


def archived(**fields):
    """The archived event of one line."""
    (one,) = replay({}, [event(0, **fields)]).events
    return one


def unstamped(line):
    return {key: value for key, value in line.items() if key != "at"}


# --- arrival


def test_a_line_arrives_when_it_says():
    assert replay({}, [event(7, time=T0)]).alert["create_time"] == T0 + 7


def test_without_at_a_line_arrives_at_its_events_time():
    assert replay({}, [unstamped(event(7))]).alert["create_time"] == T0 + 7


@pytest.mark.parametrize("line", [event(3, target="b"), unstamped(event(3, target="b"))])
def test_no_line_arrives_before_the_line_before(line):
    out = replay({}, [event(9), line])
    assert [one["at"] for one in out.events] == [T0 + 9, T0 + 9]
    assert out.summary["until"] == T0 + 9


def test_a_line_without_any_time_arrives_with_the_line_before():
    out = replay(RULES, [strategy_event(5), {"kind": "command", "command": "comment", "dedupe_md5": MD5}])
    assert out.dead_letters[0]["time"] == T0 + 5


def test_a_check_arrives_at_its_time():
    line = check(0, anomaly=False, time=T0 + 30)
    assert replay(RULES, [strategy_event(0), unstamped(line)]).summary["until"] == T0 + 30


def test_a_fraction_of_a_second_is_cut_off():
    assert replay({}, [{**event(0), "at": T0 + 0.9, "time": T0 + 0.2}]).events[0]["at"] == T0


def test_the_time_of_an_event_may_be_its_ingest_time():
    assert archived(time=None, bk_ingest_time=T0 - 5)["time"] == T0 - 5


@pytest.mark.parametrize(
    "line",
    [
        {"at": T0 + 50, "event_id": "e"},
        {"time": T0 + 50, "event_id": "e"},
        {"at": T0 + 50, "kind": "nonsense"},
        {"at": T0 + 50, "kind": "command"},
        {"at": T0 + 50, "kind": "check"},
        {"at": T0 + 50, "kind": "rules", "put": []},
    ],
)
def test_a_refused_line_moves_the_clock_as_far_as_it_can_be_read(line):
    out = replay({}, [event(0), line])
    assert [letter["time"] for letter in out.dead_letters] == [T0 + 50]
    assert out.summary["until"] == T0 + 50


def test_a_refused_line_of_no_legible_time_leaves_the_clock():
    assert replay({}, [event(0), b"{", {"at": "soon", "time": T0 + 9}]).summary["until"] == T0


# --- what is taken


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("severity", 1, 1),
        ("severity", 0, 1),
        ("severity", -5, 1),
        ("severity", 3, 3),
        ("severity", 4, 3),
        ("severity", "2", 2),
        ("severity", "fatal", 1),
        ("severity", " Critical ", 1),
        ("severity", "average", 2),
        ("severity", "banana", 3),
        ("severity", [1], 3),
        ("severity", None, 3),
        ("severity", 10**30, 3),
        ("status", "recovered", "RECOVERED"),
        ("status", "Closed", "CLOSED"),
        ("status", "ABNORMAL", "ABNORMAL"),
        ("status", " resolved ", "RECOVERED"),
        ("status", "OK", "RECOVERED"),
        ("status", "Expired", "CLOSED"),
        ("status", "firing", "ABNORMAL"),
        ("status", "whatever", "ABNORMAL"),
        ("status", None, "ABNORMAL"),
        ("status", 5, "ABNORMAL"),
        ("data_type", "LOG", "log"),
        ("data_type", "time_series", "time_series"),
        ("data_type", "alert", "event"),
        ("data_type", None, "event"),
        ("target_type", "host", "HOST"),
        ("target_type", "Service", "SERVICE"),
        ("target_type", "K8S-Pod", "K8S-Pod"),
        ("target_type", None, ""),
        ("category", "OS", "os"),
        ("category", "kitchen", "other_rt"),
        ("category", None, "other_rt"),
        ("metric", None, []),
        ("metric", "cpu", ["cpu"]),
        ("metric", ["cpu", "disk"], ["cpu", "disk"]),
        ("metric", "", []),
        ("assignee", None, []),
        ("assignee", ["alice"], ["alice"]),
        ("dedupe_keys", None, []),
        ("dedupe_keys", "alert_name", []),
        ("dedupe_keys", ["tags.a", "tags.b"], ["tags.a", "tags.b"]),
        ("extra_info", None, {}),
        ("description", None, ""),
        ("bk_tenant_id", None, "system"),
        ("strategy_id", 0, ""),
        ("strategy_id", "0", ""),
        ("strategy_id", "", ""),
        ("strategy_id", None, ""),
        ("strategy_id", 7, "7"),
        ("anomaly_time", None, T0),
        ("anomaly_time", T0 - 3, T0 - 3),
        ("target", 5, "5"),
        ("id", "mine", "04e0ef3bd6bb6ed74e2f5cef5d26e1e1"),
        ("create_time", 5, T0),
    ],
)
def test_a_field_is_cleaned(field, given, kept):
    got = archived(**{field: given})[field]
    assert got == kept if field != "id" else got not in ("", given)


def test_the_type_of_a_target_is_written_in_capitals():
    assert archived(target_type="topo", target="module|28")["target_type"] == "TOPO"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("v", "v"),
        (5, 5),
        (1.5, 1.5),
        (True, True),
        ({"b": 1, "a": [2]}, '{"b": 1, "a": [2]}'),
        ([1, {"a": 1}, [2, 3]], [1, '{"a": 1}', "[2, 3]"]),
        ({"a": "\u00e9"}, '{"a": "\\u00e9"}'),
        (2**64, str(2**64)),
        ([2**64], [str(2**64)]),
    ],
)
def test_the_value_of_a_tag_is_made_plain(value, kept):
    assert archived(tags=[{"key": "k", "value": value}])["tags"] == [{"key": "k", "value": kept}]


def test_the_key_of_a_tag_becomes_text():
    assert archived(tags=[{"key": 5, "value": 1}])["tags"][0]["key"] == "5"


def test_null_fields_are_as_if_they_were_not_there():
    whole = event(0)
    nulls = dict.fromkeys(("tags", "metric", "ip", "bk_biz_id", "strategy_id", "dedupe_md5", "kind", "anomaly_time"))
    assert replay({}, [whole]).bytes["events.jsonl"] == replay({}, [{**nulls, **whole}]).bytes["events.jsonl"]


def test_unknown_fields_are_left_out():
    assert "colour" not in archived(colour="red")


def dynamic(level):
    return {
        "origin_alarm": {"data": {"values": {"extra_info": json.dumps({"alert_level_msg": {"alert_level": level}})}}}
    }


@pytest.mark.parametrize(
    ("extra", "severity"),
    [
        (dynamic(1), 1),
        (dynamic(9), 3),
        (dynamic(-4), 1),
        (dynamic("critical"), 1),
        (dynamic("1"), 1),
        (dynamic("worst"), 2),
        (dynamic(None), 2),
        (dynamic(10**30), 3),
        ({"origin_alarm": {"data": {"values": {"extra_info": "{"}}}}, 2),
        ({"origin_alarm": None}, 2),
        ({"origin_alarm": {"data": []}}, 2),
    ],
)
def test_the_detectors_own_level_replaces_the_severity(extra, severity):
    assert archived(extra_info=extra, severity=2)["severity"] == severity


@pytest.mark.parametrize("given", [MD5, MD5.upper()])
def test_a_brought_fingerprint_is_kept(given):
    out = replay({}, [event(0, dedupe_md5=given)])
    assert (out.alert["dedupe_md5"], out.events[0]["dedupe_md5"]) == (given, given)


@pytest.mark.parametrize("given", [None, ""])
def test_an_empty_fingerprint_is_worked_out(given):
    assert replay({}, [{**event(0), "dedupe_md5": given}]).alert == replay({}, [event(0)]).alert


def test_the_archive_has_when_an_event_arrived():
    assert archived(time=T0 - 50)["at"] == T0


# --- what is refused


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "empty"),
        (b"   ", "empty"),
        (b"{", "not_json"),
        (b"{}}", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b'{"event_id": "\xff"}', "not_json"),
        (b"nonsense", "not_json"),
        (b"[]", "not_an_object"),
        (b"5", "not_an_object"),
        (b"null", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"{}", "missing_field"),
        (b'{"severity": 1e400}', "bad_value"),
        (b"[" * 65 + b"]" * 65, "too_deep"),
        (b'{"extra_info": ' + b"[" * 64 + b"]" * 64 + b"}", "too_deep"),
        (b'"' + b"a" * (1 << 20) + b'"', "too_large"),
        ({"kind": "nonsense"}, "unknown_kind"),
        ({"kind": 5}, "unknown_kind"),
        ({"kind": ["event"]}, "unknown_kind"),
        (event(0, event_id=None), "missing_field"),
        (event(0, event_id=""), "missing_field"),
        (event(0, plugin_id=None), "missing_field"),
        (event(0, alert_name=None), "missing_field"),
        (event(0, time=None), "missing_field"),
        (event(0, event_id=["a"]), "wrong_type"),
        (event(0, time="noon"), "wrong_type"),
        (event(0, time=True), "wrong_type"),
        (event(0, time=-1), "bad_value"),
        (event(0, time=T0 * 1000), "bad_value"),
        (event(0, anomaly_time=-1), "bad_value"),
        (event(0, tags="a"), "wrong_type"),
        (event(0, tags=["a"]), "wrong_type"),
        (event(0, tags=[{"value": 1}]), "missing_field"),
        (event(0, extra_info=[]), "wrong_type"),
        (event(0, target={"ip": 1}), "wrong_type"),
        (event(0, bk_biz_id=1.5), "wrong_type"),
        (event(0, dedupe_keys=[["a"]]), "wrong_type"),
        (event(0, dedupe_md5="abc"), "bad_value"),
        (event(0, dedupe_md5="g" * 32), "bad_value"),
        (event(0, dedupe_md5="a" * 33), "bad_value"),
        (event(0, dedupe_md5=" " * 32), "bad_value"),
        (event(0, dedupe_md5=5), "bad_value"),
        (event(0, tags=[{"key": "k"}] * 1001), "too_large"),
        (event(0, tags={f"k{n}": n for n in range(1001)}), "too_large"),
        (event(0, dedupe_keys=["target"] * 101), "too_large"),
        ({"kind": "check", "dedupe_md5": MD5, "time": T0, "anomaly": False, "tags": [{"key": "k"}] * 1001}, "too_large"),
        ({**event(0), "at": "soon"}, "wrong_type"),
        ({**event(0), "at": -1}, "bad_value"),
        ({"kind": "check", "dedupe_md5": MD5, "anomaly": False}, "missing_field"),
        ({"kind": "check", "time": T0, "anomaly": False}, "missing_field"),
        ({"kind": "check", "dedupe_md5": "abc", "time": T0, "anomaly": False}, "bad_value"),
        ({"kind": "check", "dedupe_md5": MD5, "time": T0, "anomaly": True}, "missing_field"),
        ({"kind": "check", "dedupe_md5": MD5, "time": T0, "anomaly": "yes"}, "wrong_type"),
        ({"kind": "check", "dedupe_md5": MD5, "time": T0, "anomaly": True, "level": "2nd"}, "wrong_type"),
        ({"kind": "command"}, "missing_field"),
        ({"kind": "command", "command": "dance"}, "unknown_command"),
        ({"kind": "command", "command": 5}, "wrong_type"),
        ({"kind": "command", "command": "ack"}, "missing_field"),
        ({"kind": "command", "command": "assign", "dedupe_md5": MD5}, "missing_field"),
        ({"kind": "command", "command": "shield"}, "missing_field"),
        ({"kind": "command", "command": "unshield"}, "missing_field"),
        ({"kind": "rules", "put": []}, "wrong_type"),
        ({"kind": "rules", "put": {"colours": [1]}}, "invalid_rules"),
        ({"kind": "rules", "delete": {"strategies": 1}}, "wrong_type"),
        ({"kind": "receipt", "notice": 0}, "unknown_notice"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_used_is_a_dead_letter(line, reason):
    out = replay(RULES, [line, event(1)])
    assert out.refused() == [("1", reason)]
    assert out.summary["alerts"]["opened"] == 1


@pytest.mark.parametrize("count", [999, 1000])
def test_a_thousand_tags_and_a_hundred_dedupe_keys_are_taken(count):
    tags = [{"key": f"k{n}", "value": n} for n in range(count)]
    out = replay({}, [event(0, tags=tags, dedupe_keys=[f"tags.k{n}" for n in range(100)])])
    assert [len(one["tags"]) for one in out.events] == [count]
    assert len([one for one in out.alert["dimensions"] if one["key"].startswith("tags.")]) == 100


def test_a_record_with_too_many_tags_moves_the_clock():
    assert replay({}, [event(7, tags=[{"key": "k"}] * 1001)]).dead_letters[0]["time"] == T0 + 7


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"status": "Melting "}, {"said_status": "Melting"}),
        ({"severity": "banana"}, {"said_severity": "banana"}),
        ({"status": "a" * 90, "severity": "b" * 90}, {"said_status": "a" * 80, "said_severity": "b" * 80}),
        ({"severity": "banana", "extra_info": dynamic(1)}, dynamic(1)),
        ({"severity": "", "status": ""}, {}),
        ({"severity": 7, "status": None}, {}),
        ({"severity": "7", "status": "FIRING"}, {}),
    ],
)
def test_a_word_that_was_not_understood_is_kept(fields, said):
    assert archived(**fields)["extra_info"] == said


def test_a_dead_letter_has_the_place_and_the_bytes():
    (letter,) = replay({}, [event(3), b'{"a": "\xff\\u00e9"}']).dead_letters
    assert (letter["source"], letter["position"], letter["time"]) == ("input", "2", T0 + 3)
    assert letter["raw"] == '{"a": "\\xff\\u00e9"}'
    assert letter["detail"]


def test_the_detail_of_a_dead_letter_names_the_field():
    (letter,) = replay({}, [event(0, tags=[{"key": "a"}, 5])]).dead_letters
    assert "tags[1]" in letter["detail"]


def test_as_deep_as_sixty_four_is_taken():
    raw = json.dumps(event(0))[:-1].encode() + b', "extra_info": {"a": ' + b"[" * 62 + b"]" * 62 + b"}}"
    assert replay({}, [raw]).summary["events"] == 1


def test_brackets_inside_of_text_are_no_depth():
    assert replay({}, [event(0, description="[{" * 100)]).summary["events"] == 1


def test_a_record_of_one_mebibyte_is_taken():
    raw = json.dumps(event(0)).encode()
    padded = raw[:-1] + b', "description": "' + b"a" * ((1 << 20) - len(raw) - 19) + b'"}'
    assert len(padded) == 1 << 20
    assert replay({}, [padded]).summary["events"] == 1
    assert replay({}, [padded + b" "]).refused() == [("1", "too_large")]


def test_a_tick_only_moves_the_clock():
    out = replay(RULES, [tick(5)])
    assert out.summary["until"] == T0 + 5
    assert all(not rows for rows in (out.alerts, out.logs, out.events, out.dead_letters))


# --- what enrichment drops


def test_what_enrichment_drops_is_counted_and_not_archived():
    out = replay({}, [event(0, target_type="TOPO", target="nonsense"), event(1)])
    assert (out.summary["events"], out.summary["dropped"], out.summary["dead_letters"]) == (2, 1, 0)
    assert [one["event_id"] for one in out.events] == ["e1"]


def test_a_dropped_event_moves_the_clock():
    assert replay({}, [event(8, target_type="TOPO", target="nonsense")]).summary["until"] == T0 + 8


def test_an_event_whose_business_stays_unknown_is_dropped_where_there_is_no_default():
    lines = [event(0, target_type="POD"), event(1, target_type="POD", bk_biz_id=2)]
    assert replay({}, lines, settings={"default_business": None}).summary["dropped"] == 1
    assert replay({}, lines).summary["dropped"] == 0


@pytest.mark.parametrize(("listed", "dropped"), [([], 0), ([2], 0), (["2"], 0), ([3], 1)])
def test_a_white_list_holds_for_third_party_events(listed, dropped):
    out = replay({}, [event(0, bk_biz_id=2)], settings={"third_party_whitelist": listed})
    assert out.summary["dropped"] == dropped


def test_a_white_list_does_not_hold_for_strategies():
    assert replay(RULES, [strategy_event(0)], settings={"third_party_whitelist": [3]}).summary["dropped"] == 0


def test_a_check_of_a_series_that_enrichment_drops_is_no_event():
    out = replay({}, [check(0, target_type="TOPO", target="nonsense", anomaly=False)])
    assert (out.summary["events"], out.summary["dropped"], out.summary["dead_letters"]) == (0, 0, 0)


# --- receipts


def test_a_receipt_is_taken_and_changes_no_alert():
    out = replay(RULES, [strategy_event(0), receipt(1, notice=0, results={"alice": {"result": False}})])
    assert out.actions[0]["status"] == "failure"
    assert out.story() == [(0, "CREATE")]


def test_a_command_is_no_event():
    out = replay(RULES, [put(0, strategies=RULES["strategies"]), command(1, "unshield", id=1)])
    assert out.summary["events"] == 0
