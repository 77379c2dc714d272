"""Rules as the console reads them, and what a shield would do before it is set."""

from contextlib import closing

import pytest

from flows.console.preview import SHOWN as SOME
from flows.console.preview import foreseen
from flows.console.rulebook import concerning, rule, rules
from flows.settings.settings import Settings
from operators.rules.read.documents import RuleError
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
from tests.operators.rules.books import book_of
from tests.sinks.store.samples import NOW, alert, worker

STRATEGY = {"id": 1, "name": "CPU usage", "bk_biz_id": 2, "notice": {"user_groups": ["ops"]}}
DISPATCH = {
    "id": "web", "name": "Web team", "bk_biz_id": 0, "priority": 1,
    "rules": [{"id": 11, "conditions": [{"field": "alert.name", "value": ["Disk full"]}], "user_groups": ["dev"],
               "actions": [{"action_type": "notice"}]}],
}  # fmt: skip
BOOK = book_of(
    strategies=[STRATEGY, {"id": 2, "name": "Memory", "is_enabled": False}],
    user_groups=[{"id": "ops", "name": "Operations", "users": ["ann"]}, {"id": "dev", "name": "Developers", "users": ["bob"]}],
    dispatch=[DISPATCH],
    businesses=[{"id": 2, "name": "shop"}],
    shields=[{"id": "s1", "category": "strategy", "bk_biz_id": 2, "begin_time": NOW, "end_time": NOW + 60,
              "dimension_config": {"strategy_id": [1]}}],
    channels=[{"way": "mail", "host": "h", "sender": "a@b", "username": "u", "password": {"env": "PW"}, "tls": True}],
)  # fmt: skip


@pytest.fixture
def store(tmp_path):
    with closing(SqliteStore(tmp_path / "store.sqlite3")) as made:
        yield made


def listed(store, mistakes=(), **given):
    return rules(store, BOOK, mistakes, given, Settings(), NOW)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"kind": "strategies"}, {("strategies", "1"), ("strategies", "2")}),
        ({"q": "cpu"}, {("strategies", "1")}),
        ({"q": "CPU USAGE"}, {("strategies", "1")}),
        ({"q": "ann operations"}, {("user_groups", "ops")}),
        ({"q": "ops", "kind": "strategies"}, {("strategies", "1")}),
        ({"q": "nothing of this"}, set()),
        ({"kind": "colours"}, set()),
    ],
)
def test_rules_are_listed_by_kind_and_by_every_word_that_is_in_them(store, given, found):
    page = listed(store, **given)
    assert {(one.kind, one.id) for one in page.entries} == found
    assert page.total == len(found)


def test_the_page_counts_rules_by_kind_and_names_version_and_mistakes(store):
    mistake = RuleError("rules.yaml", "strategies[0]", "no name")
    page = listed(store, (mistake,))
    assert page.counts == {
        "strategies": 2, "user_groups": 2, "dispatch": 1, "businesses": 1, "shields": 1, "channels": 1,
    }  # fmt: skip
    assert (page.version, page.mistakes, page.in_force) == (BOOK.version, (mistake,), ())


def test_a_host_has_its_own_name_and_a_name_that_is_the_id_is_not_said_twice(store):
    hosts = [{"bk_host_id": 1, "ip": "10.0.0.1", "bk_host_name": "web-1"}, {"bk_host_id": 2, "ip": "10.0.0.2"}]
    book = book_of(hosts=hosts, user_groups=[{"id": "ops", "name": "ops", "users": ["a"]}])
    found = {(one.kind, one.id): one.name for one in rules(store, book, (), {}, Settings(), NOW).entries}
    assert found == {("hosts", "1"): "web-1", ("hosts", "2"): "10.0.0.2", ("user_groups", "ops"): ""}


def test_a_disabled_rule_is_listed_as_such(store):
    assert {one.id: one.is_enabled for one in listed(store, kind="strategies").entries} == {"1": True, "2": False}


def test_versions_in_force_are_those_of_the_newest_alerts_the_latest_first(store):
    made = [alert(1, rules_version="v1"), alert(2, rules_version="v2"), alert(3, rules_version="v1"), alert(4)]
    store.write(Batch(alerts=made))
    assert [(one.version, one.alerts, one.last) for one in listed(store).in_force] == [
        ("v1", 2, NOW + 3),
        ("v2", 1, NOW + 2),
    ]


def test_a_worker_that_works_by_other_rules_than_those_here_is_shown_and_no_alert_is_asked_for_its_rules(store):
    store.write(Batch(alerts=[alert(1, rules_version="v1")]))
    store.write(Batch(workers=[worker(0, rules_version=BOOK.version), worker(1, rules_version="v0")]))
    page = listed(store)
    assert [(one.said.worker, one.is_other) for one in page.workers] == [(0, False), (1, True)]
    assert page.in_force == ()


@pytest.mark.parametrize(
    ("kind", "name", "names", "named_by"),
    [
        ("strategies", "1", {("user_groups", "ops")}, set()),
        ("user_groups", "ops", set(), {("strategies", "1")}),
        ("dispatch", "web", {("user_groups", "dev")}, set()),
        ("user_groups", "dev", set(), {("dispatch", "web")}),
    ],
)
def test_a_rule_leads_to_what_it_names_and_to_what_names_it(kind, name, names, named_by):
    page = rule(BOOK, kind, name)
    assert {(one.kind, one.id) for one in page.names} == names
    assert {(one.kind, one.id) for one in page.named_by} == named_by
    assert (page.kind, page.id, page.version) == (kind, name, BOOK.version)
    assert name in page.text


@pytest.mark.parametrize(
    ("kind", "name"), [("strategies", "9"), ("colours", "1"), ("__class__", "1"), ("version", "1")]
)
def test_a_rule_that_is_not_there_has_no_page(kind, name):
    assert rule(BOOK, kind, name) is None


def test_a_rule_shows_where_a_secret_stands_and_never_the_secret(monkeypatch):
    monkeypatch.setenv("PW", "geheim")
    text = rule(BOOK, "channels", "mail").text
    assert "PW" in text
    assert "geheim" not in text


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, {"strategies 1", "user_groups ops", "shields s1", "businesses 2"}),
        (
            {"alert_name": "Disk full"},
            {"strategies 1", "dispatch web", "user_groups dev", "shields s1", "businesses 2"},
        ),
        ({"strategy_id": "", "bk_biz_id": 9}, set()),
    ],
    ids=["by-its-strategy", "by-dispatch", "of-none"],
)
def test_the_rules_that_have_a_say_in_an_alert_are_named(changed, found):
    settings = Settings()
    assert {f"{one.kind} {one.id}" for one in concerning(alert(**changed), BOOK, settings, NOW + 1)} == found


# --- what a shield would do


def over(name, **equals):
    return {
        "id": name, "category": "dimension", "bk_biz_id": 2, "begin_time": NOW, "end_time": NOW + 600,
        "dimension_config": {"dimension_conditions": [{"key": key, "method": "eq", "value": [value]} for key, value in equals.items()]},
    }  # fmt: skip


NAMED_A, NAMED_B = over("a", **{"alert.name": "A"}), over("b", **{"alert.name": "B"})


@pytest.mark.parametrize(
    ("documents", "alerts"),
    [([NAMED_A], 2), ([NAMED_A, NAMED_B], 3), ([NAMED_A, {**NAMED_A, "id": "again"}], 2), ([], 0)],
    ids=["one", "two", "twice-the-same", "none"],
)
def test_each_open_alert_counts_once_whatever_covers_it(store, documents, alerts):
    store.write(
        Batch(
            alerts=[
                alert(1, alert_name="A", severity=3), alert(2, alert_name="A", severity=1, is_shielded=True),
                alert(3, alert_name="B"), alert(4, alert_name="A", status="CLOSED", end_time=NOW),
                alert(5, alert_name="A", bk_biz_id=3),
            ]
        )
    )  # fmt: skip
    found = foreseen(store, documents, BOOK, Settings(), NOW)
    assert (found.alerts, found.shields, found.is_all) == (alerts, len(documents), True)
    assert found.already == (1 if documents else 0)
    assert [one.severity for one in found.some] == sorted(one.severity for one in found.some)


def test_who_sees_some_businesses_is_told_of_those_alone(store):
    store.write(Batch(alerts=[alert(1, alert_name="A"), alert(2, alert_name="A")]))
    assert foreseen(store, [NAMED_A], BOOK, Settings(), NOW, ("3",)).alerts == 0


@pytest.mark.parametrize(("count", "shown"), [(SOME - 1, SOME - 1), (SOME + 3, SOME)])
def test_some_of_the_alerts_are_shown(store, count, shown):
    store.write(Batch(alerts=[alert(number + 1, alert_name="A") for number in range(count)]))
    found = foreseen(store, [NAMED_A], BOOK, Settings(), NOW)
    assert (found.alerts, len(found.some), found.end) == (count, shown, NOW + 600)
