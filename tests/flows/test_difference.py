"""Two rule sets on one history: what differs, and that all ways to it say the same."""

import json
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.replay.compared import compare, output_at
from flows.replay.side import Decided, replay_into
from flows.replay.side_by_side import SideError, feed
from operators.compare.cause import Kind
from operators.compare.result import Difference
from tests.replay.driver import RULES, T0, _prepared, command, event, lines_of, put, strategy_event
from tests.replay.scenes import SERIES, SETTINGS, scenes
from tests.replay.test_laws import KNOWN

ODD = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def how(rules, known=None, **changed):
    """Return how a replay is done, and the book of its rules."""
    parsed, words, book = _prepared(json.dumps(rules), json.dumps(known or {}))
    given = {"settings": parsed, "render": words, "check_template": words.check_template, **changed}
    return Decided(**given), book


def difference(old, new, lines, until=None, known=None, *, lean=False, room=1 << 24) -> Difference:
    """Replay lines with two rule sets, one after the other, and compare."""
    with TemporaryDirectory() as folder:
        for name, rules in (("old", old), ("new", new)):
            decided, book = how(rules, known, is_lean=lean, until=None if until is None else T0 + until)
            replay_into(Path(folder) / name, book, decided, lines_of(lines))
        return named(compare(output_at(f"{folder}/old"), output_at(f"{folder}/new"), room=room))


def named(found: Difference) -> Difference:
    """Return a difference that does not say where its sides lay."""
    return Difference(**{**{name: getattr(found, name) for name in Difference.__struct_fields__}, "old": "", "new": ""})


def changed(**strategy):
    return {**RULES, "strategies": [{**RULES["strategies"][0], **strategy}]}


def quiet(**more):
    """Return rules whose strategy tells nobody of recoveries."""
    return changed(notice={"user_groups": ["ops"], "signal": ["abnormal"]}, **more)


MORNING = [strategy_event(0), strategy_event(100, "RECOVERED"), strategy_event(4000), strategy_event(4100, "RECOVERED")]
"""Two problems of one series."""


def causes(found):
    return [
        (str(one.cause.kind), str(one.cause.why), one.cause.detail, one.alerts, one.messages) for one in found.causes
    ]


def test_the_same_rules_differ_in_nothing():
    found = difference(RULES, RULES, MORNING)
    assert (found.is_empty, found.alerts["both"], found.messages["old"]) == (True, 2, 4)


def test_a_strategy_that_is_gone_is_the_cause_of_all_its_alerts():
    other = {**RULES, "strategies": [{**RULES["strategies"][0], "id": 7}]}
    found = difference(RULES, other, MORNING)
    assert causes(found) == [("only_old", "no_such_strategy", "", 2, 4)]
    assert [one.name for one in found.examples["only_old"]] == ["CPU usage"] * 2


def test_a_signal_that_is_not_wanted_any_more_is_named_as_the_reason():
    found = difference(RULES, quiet(), MORNING)
    assert causes(found) == [("told_fewer", "withheld", "signal_not_wanted", 2, 2)]
    assert [(one.person, one.way, one.old, one.new) for one in found.people] == [("alice", "mail", 4, 2)]


def test_the_other_way_round_it_is_told_more_for_the_same_reason():
    assert causes(difference(quiet(), RULES, MORNING)) == [("told_more", "withheld", "signal_not_wanted", 2, 2)]


def test_a_shield_is_named():
    shield = {
        "id": 9,
        "category": "strategy",
        "begin_time": T0,
        "end_time": T0 + 3000,
        "dimension_config": {"strategy_id": [1]},
    }
    found = difference(RULES, {**RULES, "shields": [shield]}, MORNING)
    assert ("told_fewer", "withheld", "shielded_by_rule (shield 9)") in [one[:3] for one in causes(found)]


def dispatching(name, severity=None, users=("dora",)):
    rule = {"id": 5, "conditions": [], "user_groups": [name], "actions": [{"action_type": "notice"}]}
    rule |= {"alert_severity": severity} if severity else {}
    return {
        **RULES,
        "dispatch": [{"id": 1, "name": name, "bk_biz_id": 0, "rules": [rule]}],
        "user_groups": [*RULES["user_groups"], {"id": name, "name": name, "users": list(users), "ways": ["mail"]}],
    }


def test_a_dispatch_rule_that_moves_alerts_to_others_is_one_cause_for_all_of_them():
    found = difference(
        dispatching("db"), dispatching("web", users=["erin"]), [*MORNING, event(5000, target="10.0.0.9")]
    )
    assert [one[:4] for one in causes(found)] == [("told_others", "dispatch", "db: 5 -> web: 5", 3)]


def test_a_severity_that_a_dispatch_rule_sets_is_other_severity():
    found = difference(RULES, dispatching("db", severity=1), MORNING[:2])
    assert (found.alerts[Kind.SEVERITY], found.examples["severity"][0].severity_new) == (1, 1)


def test_the_hours_of_a_person_are_those_of_the_messages():
    found = difference(RULES, quiet(), MORNING)
    (told,) = found.people
    hour = T0 // 3600 * 3600
    assert told.hours == {hour: (2, 1), hour + 3600: (2, 1)}
    assert [(one.hour, one.old, one.new) for one in found.hours] == [(hour, 2, 1), (hour + 3600, 2, 1)]


def test_the_stories_of_a_cause_stand_beside_it():
    (cause,) = difference(RULES, quiet(), MORNING).causes
    assert [line.what for line in cause.old.lines].count("NOTICE") == 2
    assert "signal_not_wanted" in [line.reason for line in cause.new.lines]


def test_another_version_of_the_rules_is_no_difference():
    renamed = {**RULES, "user_groups": [{**RULES["user_groups"][0], "name": "Operations"}]}
    assert difference(RULES, renamed, MORNING).is_empty


# --- laws

OTHER = {
    **SERIES,
    "strategies": [one for one in SERIES["strategies"] if one["id"] != 3],
    "dispatch": [*SERIES.get("dispatch", []), {"id": 77, "name": "late", "bk_biz_id": 0, "priority": 1, "rules": [
        {"id": 771, "conditions": [], "user_groups": ["boss"], "alert_severity": 1, "actions": [{"action_type": "notice"}]},
    ]}],
}  # fmt: skip


@ODD
@given(scenes(KNOWN), st.integers(0, 5000))
def test_lean_outputs_and_little_memory_differ_in_the_same(lines, more):
    until = max([0, *(line["at"] - T0 for line in lines if isinstance(line, dict))]) + more
    plain = difference(SERIES, OTHER, lines, until, SETTINGS)
    assert difference(SERIES, OTHER, lines, until, SETTINGS, lean=True, room=500) == plain


@ODD
@given(scenes(KNOWN))
def test_the_counts_are_those_of_a_plain_look_at_both_outputs(lines):
    with TemporaryDirectory() as folder:
        for name, rules in (("old", SERIES), ("new", OTHER)):
            decided, book = how(rules, SETTINGS)
            replay_into(Path(folder) / name, book, decided, lines_of(lines))
        found = compare(output_at(f"{folder}/old"), output_at(f"{folder}/new"))
        old, new = (_read(Path(folder) / side) for side in ("old", "new"))
    assert (found.alerts["old"], found.alerts["new"]) == (len(old["alerts"]), len(new["alerts"]))
    assert found.alerts["old"] == found.alerts["both"] + found.alerts[Kind.ONLY_OLD]
    assert found.alerts["new"] == found.alerts["both"] + found.alerts[Kind.ONLY_NEW]
    before, after = _told(old["notices"]), _told(new["notices"])
    assert (found.messages["more"], found.messages["fewer"]) == ((after - before).total(), (before - after).total())
    for one in found.people:
        assert (one.old, one.new) == tuple(
            sum(count for (person, way, _), count in side.items() if (person, way) == (one.person, one.way))
            for side in (before, after)
        )


def _read(directory):
    return {
        name: [json.loads(line) for line in (directory / f"{name}.jsonl").read_bytes().splitlines()]
        for name in ("alerts", "notices")
    }


def _told(notices):
    return Counter((person, one["way"], one["time"] // 3600) for one in notices for person in one["receivers"])


# --- side by side


def side_by_side(lines, folder, rules=None):
    sides = {}
    for name, one in zip(("old", "new"), rules or (RULES, quiet()), strict=True):
        decided, book = how(one, is_lean=True)
        sides[name] = lambda sent, name=name, book=book, decided=decided: replay_into(
            folder / name, book, decided, sent
        )
    feed(sides, lines, lambda count, line: None)
    return named(compare(output_at(f"{folder}/old"), output_at(f"{folder}/new")))


def test_side_by_side_they_differ_as_one_after_the_other(tmp_path):
    lines = [*MORNING, command(4200, "ack", dedupe_md5="0" * 32), put(4300, user_groups=RULES["user_groups"])]
    assert side_by_side(lines_of(lines), tmp_path) == difference(RULES, quiet(), lines)


def test_many_lines_pass_through_both_pipes(tmp_path):
    lines = lines_of(event(second, target=f"10.0.0.{second % 50}", description="x" * 900) for second in range(5000))
    found = side_by_side(lines, tmp_path, (RULES, changed(name="CPU")))
    assert json.loads((tmp_path / "old/summary.json").read_text())["events"] == 5000
    assert found.alerts["both"] == 50


def test_a_side_that_fails_ends_the_other_too(tmp_path, capfd):
    def fails(lines):
        next(iter(lines))
        raise ValueError("broken")

    with pytest.raises(SideError, match="the replay of bad failed"):
        feed(
            {"bad": fails, "good": lambda lines: None},
            lines_of(event(second) for second in range(5000)),
            lambda count, line: None,
        )
    assert "broken" in capfd.readouterr().err


def test_a_stream_that_breaks_off_leaves_no_summary(tmp_path):
    def breaks():
        yield from lines_of([event(0)])
        raise OSError(5, "Input/output error", "events.jsonl")

    with pytest.raises(OSError, match="Input/output error"):
        side_by_side(breaks(), tmp_path)
    assert not (tmp_path / "old/summary.json").exists()
