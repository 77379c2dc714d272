"""A change of rules in the stream that leaves none is refused like any other (design.md 7.50)."""

import pytest

from tests.replay.driver import RULES, T0, put, replay, strategy_event

ALL = {"id": 9, "name": "all", "rules": [{"id": 1, "user_groups": ["ops"]}]}
OFF = {**RULES["strategies"][0], "is_enabled": False}


def delete(at: int, **kinds: list) -> dict:
    return {"kind": "rules", "at": T0 + at, "delete": kinds}


def opened(*lines: dict) -> tuple[int, list[str]]:
    """Number of alerts that come after changes of the rules, and why changes were refused."""
    out = replay(RULES, [*lines, strategy_event(9)])
    return len(out.alerts), [reason for _, reason in out.refused()]


def test_the_last_strategy_cannot_be_deleted():
    assert opened(delete(1, strategies=[1])) == (1, ["invalid_rules"])


def test_the_last_strategy_may_be_deleted_where_that_is_asked_for():
    line = {**delete(1, strategies=[1]), "put": {"strategies": []}}
    assert opened(line)[1] == []


def test_the_last_strategy_may_be_deleted_where_a_dispatch_rule_is_left():
    assert opened(put(1, dispatch=[ALL]), delete(2, strategies=[1]))[1] == []


def test_the_last_dispatch_rule_cannot_follow_the_last_strategy():
    lines = [put(1, dispatch=[ALL]), delete(2, strategies=[1]), put(3, dispatch=[{**ALL, "rules": []}])]
    assert opened(*lines)[1] == ["invalid_rules"]


def test_a_disabled_strategy_is_a_strategy():
    assert opened(put(1, strategies=[OFF]))[1] == []


@pytest.mark.parametrize("kinds", [{"shields": []}, {"tests": []}])
def test_a_stream_may_begin_without_rules(kinds: dict):
    assert replay(kinds, [delete(1, strategies=[1])]).refused() == []
