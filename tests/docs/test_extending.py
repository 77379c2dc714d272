"""The page on extending does what it says: its checker is judged and explained, its channel is opened and sends."""

import re
from types import SimpleNamespace

from operators.explain.explain import explain
from operators.lifecycle import checkers
from operators.rules.book import RuleBook
from operators.rules.shapes.model import Channel as ChannelRule
from operators.rules.shapes.model import Secret
from sinks.channels.parts import Parts
from tests.operators.explain.test_explain import NOW, alert
from tests.replay.driver import T0, replay, strategy_event
from tests.sinks.channels.given import notice
from tests.tree import ROOT

PAGE = (ROOT / "docs" / "extending.md").read_text()


def written(section):
    """Return what the blocks of a section define."""
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    space = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(block, space)
    return SimpleNamespace(**space)


def test_the_checker_of_the_page_is_told_by_explain(monkeypatch):
    row = written("A checker").ROW
    monkeypatch.setattr(checkers, "CHECKERS", (*checkers.CHECKERS, row))
    told = explain(alert(), [], [], now=NOW, book=RuleBook.empty()).next
    assert (alert().begin_time + 86400, "it has been open for a day") in [(one.time, one.what) for one in told]


def test_the_checker_of_the_page_changes_nothing_else(monkeypatch):
    rules = {"strategies": [{"id": 1, "name": "a"}]}
    before = replay(rules, [strategy_event(0)], until=T0 + 200_000)
    monkeypatch.setattr(checkers, "CHECKERS", (*checkers.CHECKERS, written("A checker").ROW))
    after = replay(rules, [strategy_event(0)], until=T0 + 200_000)
    assert (after.alerts, after.logs) == (before.alerts, before.logs)


def test_the_channel_of_the_page_sends(httpserver):
    httpserver.expect_request("/loft", json={"lofts": ["a", "b"], "text": "hello"}).respond_with_json({"flown": True})
    rule = ChannelRule(way="slack", url=Secret(env="LOFT"))
    channel = written("A channel").open_channel(Parts(rule, {"LOFT": httpserver.url_for("/loft")}, lambda: 0.0))
    results = channel.send(notice("slack", receivers=("a", "b"), content="hello"))
    assert {name: one.ok for name, one in results.items()} == {"a": True, "b": True}


def test_the_page_names_files_and_tables_that_are_there():
    for name in re.findall(r"`((?:operators|sinks|flows|tests|docs)/[\w/.]+)`", PAGE):
        assert name.endswith("/x.py") or (ROOT / name).exists(), name
