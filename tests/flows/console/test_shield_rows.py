"""Shields of the rules and those set by command stand in one list: which holds, which comes, which is over."""

from contextlib import closing

import pytest

from flows.console.shields import COMES, HOLDS, OVER, shield_rows
from flows.settings.settings import Settings
from operators.rules.shapes.model import FOREVER
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
from tests.operators.rules.books import book_of
from tests.sinks.store.samples import NOW, alert, shield


@pytest.fixture
def store(tmp_path):
    with closing(SqliteStore(tmp_path / "store.sqlite3")) as made:
        yield made


def rule(name="r1", **changed):
    values = {
        "id": name,
        "category": "scope",
        "scope_type": "biz",
        "bk_biz_id": 2,
        "begin_time": NOW,
        "end_time": NOW + 60,
    }
    return values | changed


def rows(store, *rules, at=NOW, businesses=()):
    return shield_rows(store, book_of(shields=list(rules)), Settings(), at, businesses)


@pytest.mark.parametrize(
    ("at", "state", "until"),
    [
        (NOW - 1, COMES, NOW + 60),
        (NOW, HOLDS, NOW + 60),
        (NOW + 59, HOLDS, NOW + 60),
        (NOW + 60, HOLDS, NOW + 60),
        (NOW + 61, OVER, NOW + 60),
    ],
)
def test_a_shield_holds_from_its_begin_through_the_second_of_its_end(store, at, state, until):
    (row,) = rows(store, rule(), at=at)
    assert (row.state, row.until, row.holds, row.by_command) == (state, until, state == HOLDS, False)


def test_a_disabled_shield_is_over_and_draws_nothing(store):
    (row,) = rows(store, rule(is_enabled=False))
    assert (row.state, row.windows) == (OVER, ())


@pytest.mark.parametrize(("begin", "state"), [(NOW - 5, HOLDS), (NOW + 5, COMES)])
def test_a_shield_without_an_end_never_ends(store, begin, state):
    (row,) = rows(store, rule(begin_time=begin, end_time=FOREVER))
    assert (row.state, row.until) == (state, None)


def test_a_daily_shield_comes_between_two_of_its_times(store):
    daily = rule(
        begin_time=NOW - 86400, end_time=NOW + 5 * 86400,
        cycle_config={"type": 2, "begin_time": "13:00:00", "end_time": "14:00:00"},
    )  # fmt: skip
    (row,) = rows(store, daily)
    assert row.state == COMES
    assert len(row.windows) > 3
    (row,) = rows(store, daily, at=NOW + 3600)  # 13:13:20
    assert (row.state, row.until) == (HOLDS, NOW + 2 * 3600 - 13 * 60 - 20)


def test_those_that_hold_come_first_then_those_to_come_the_latest_of_each_first(store):
    found = rows(
        store, rule("over", begin_time=NOW - 9, end_time=NOW - 5), rule("comes", begin_time=NOW + 5),
        rule("older", begin_time=NOW - 9), rule("newer", begin_time=NOW - 1),
    )  # fmt: skip
    assert [row.id for row in found] == ["newer", "older", "comes", "over"]


def by_command(store, name="s1", **changed):
    given = {"shield": rule(name), **changed}
    store.write(Batch(shields=[shield(name, **given)]))


def test_one_set_by_command_says_who_set_it_and_why(store):
    by_command(store, operator="ann", message="new disk")
    (row,) = rows(store)
    assert (row.id, row.by_command, row.state, row.who, row.why) == ("s1", True, HOLDS, "ann", "new disk")


@pytest.mark.parametrize(
    ("ended", "state", "until"), [(NOW, OVER, NOW), (NOW - 5, OVER, NOW - 5), (NOW + 5, HOLDS, NOW + 60)]
)
def test_one_that_a_command_ended_is_over_from_that_second_on(store, ended, state, until):
    by_command(store, ended=ended)
    (row,) = rows(store)
    assert (row.state, row.until) == (state, until)


def test_one_set_by_command_takes_the_place_of_a_rule_of_its_id(store):
    by_command(store, "r1", operator="ann")
    (row,) = rows(store, rule("r1", created_by="rules"))
    assert (row.by_command, row.who) == (True, "ann")


def test_one_that_cannot_be_read_is_told_by_what_its_document_says(store):
    by_command(store, shield={"id": "s1", "category": "of another version", "end_time": NOW + 60}, operator="ann")
    (row,) = rows(store)
    assert (row.id, row.state, row.who, row.until) == ("s1", OVER, "ann", NOW + 60)


def test_who_sees_some_businesses_sees_their_shields_alone(store):
    by_command(store, "s2", shield=rule("s2", bk_biz_id=3))
    by_command(store, "s3", shield=rule("s3", bk_biz_id=2))
    found = rows(store, rule("r2"), rule("r3", bk_biz_id=3), businesses=("2",))
    assert {row.id for row in found} == {"r2", "s3"}


def test_a_row_counts_the_open_alerts_that_it_keeps_quiet(store):
    quiet = {"is_shielded": True, "shield_id": ("r1",)}
    store.write(
        Batch(
            alerts=[
                alert(1, **quiet), alert(2, is_shielded=True, shield_id=("r1", "r2")), alert(3),
                alert(4, status="CLOSED", end_time=NOW, **quiet),
            ]
        )
    )  # fmt: skip
    assert {row.id: row.alerts for row in rows(store, rule("r1"), rule("r2"), rule("r3"))} == {
        "r1": 2,
        "r2": 1,
        "r3": 0,
    }


def test_what_a_shield_asks_of_alerts_is_said_in_words_with_its_and_and_or(store):
    asked = [
        {"field": "alert.name", "method": "eq", "value": ["CPU", "Disk"]},
        {"field": "tags.env", "method": "neq", "value": ["test"], "condition": "and"},
        {"field": "alert.severity", "method": "eq", "value": [3], "condition": "or"},
    ]
    config = {"bk_target_ip": ["10.0.0.1"], "dimension_conditions": asked}
    (row,) = rows(store, rule(category="dimension", scope_type="", dimension_config=config))
    assert row.covers.endswith("; alert.name is CPU or Disk and tags.env is not test or alert.severity is 3")
