"""When an alert ends by time: what its newest event, its source, its strategy and its block say (design.md 7.31, 7.53, 7.61)."""

import pytest

from operators.lifecycle.ends import timeout_of, with_tags
from operators.model.event import RESOLVES, Tag
from operators.model.settings import CoreSettings, PluginSettings
from tests.operators.check.made import T0, book, event, item, strategy
from tests.operators.state.staged import Stage, kept

WATCHED, FOREIGN = {"strategy_id": "1"}, {"strategy_id": ""}
SENDER = {"extra_info": {RESOLVES: True}}
NEVER = (None, None)


def of_plugin(seconds):
    return {"plugins": {"p": PluginSettings(timeout=seconds)}}


def closes(after):
    return ("CLOSED", T0 + 9 + after)


@pytest.mark.parametrize(
    ("about", "newest", "settings", "by", "found"),
    [
        (FOREIGN, {}, {}, {}, closes(3600)),
        (FOREIGN, {}, {"timeout": 60}, {}, closes(60)),
        (FOREIGN, {}, {"timeout": 0}, {}, NEVER),
        (FOREIGN, {}, of_plugin(7), {}, closes(7)),
        (FOREIGN, {}, of_plugin(0), {}, NEVER),
        (FOREIGN, {}, of_plugin(None), {}, closes(3600)),
        (FOREIGN, {"plugin_id": "q"}, of_plugin(7), {}, closes(3600)),
        (FOREIGN, SENDER, {}, {}, NEVER),
        (FOREIGN, SENDER, of_plugin(7), {}, closes(7)),
        (FOREIGN, SENDER, of_plugin(None), {}, NEVER),
        (FOREIGN, {"extra_info": {RESOLVES: "yes"}}, {}, {}, closes(3600)),
        (FOREIGN, {"until": T0 + 5}, {}, {}, ("RECOVERED", T0 + 5)),
        (WATCHED, {"until": T0 + 5}, {}, {"timeout": 60}, ("RECOVERED", T0 + 5)),
        (WATCHED, {"until": 0}, {}, {}, ("RECOVERED", 0)),
        (WATCHED, {}, {}, {}, NEVER),
        (WATCHED, {}, {}, {"timeout": 60}, closes(60)),
        (WATCHED, {}, {}, {"timeout": 60, "items": (item(),)}, NEVER),
        (WATCHED, {}, of_plugin(7), {}, NEVER),
        ({"strategy_id": "9"}, {}, {}, {}, NEVER),
        ({**WATCHED, "is_blocked": True}, {}, {}, {"timeout": 60}, closes(3600)),
        ({**WATCHED, "is_blocked": True}, {}, of_plugin(7), {}, closes(3600)),
        ({**WATCHED, "is_blocked": True}, SENDER, {}, {}, closes(3600)),
        ({**FOREIGN, "is_blocked": True}, {}, of_plugin(7), {}, closes(7)),
    ],
    ids=[
        "third-party", "as the setting says", "never by setting", "as the source may", "never by source",
        "source without a word", "another source", "its sender ends it", "source before sender", "sender where source is silent",
        "a word that is not true", "a lease", "a lease before a time-out", "a lease from the beginning", "a strategy",
        "a strategy's own", "a strategy with items", "source of a strategy's", "unknown strategy", "blocked",
        "blocked strategy of a source", "blocked strategy whose sender ends it", "blocked third-party",
    ],
)  # fmt: skip
def test_what_ends_an_alert_by_time(about, newest, settings, by, found):
    watching = strategy(**({"items": ()} | by))
    stage = Stage(rules=book(strategies={"1": watching}), settings=CoreSettings(**settings))
    assert timeout_of(stage.scene, T0 + 9, kept(**about), event(**newest)) == found


@pytest.mark.parametrize(
    ("own", "added", "found"),
    [
        ((Tag("a", 1),), [], (Tag("a", 1),)),
        ((Tag("a", 1),), [{"key": "b", "value": 2}], (Tag("a", 1), Tag("b", 2))),
        ((Tag("a", 1), Tag("c", 3)), [{"key": "a", "value": 2}], (Tag("c", 3), Tag("a", 2))),
        ((Tag("a", 1), Tag("a", 2)), [{"key": "a", "value": 3}], (Tag("a", 3),)),
        ((), [{"key": "a", "value": 1}, {"key": "a", "value": 2}], (Tag("a", 2),)),
    ],
    ids=["nothing", "another", "in its place", "in the place of both", "the last word"],
)
def test_tags_of_rules_take_the_place_of_those_of_the_event(own, added, found):
    one = event(tags=own)
    assert with_tags(one, added).tags == found
    assert with_tags(with_tags(one, added), added).tags == found
    assert one.tags == own
