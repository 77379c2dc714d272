"""The audit goes back page by page, and leaves as a table for spreadsheets."""

import csv
import io
from contextlib import closing

import pytest

from flows.console.audit import audit, exported
from flows.gateway.service import AnswerError
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
from tests.sinks.store.samples import NOW, command


@pytest.fixture
def store(tmp_path):
    """Five commands of five seconds, by two people."""
    with closing(SqliteStore(tmp_path / "store.sqlite3")) as made:
        made.write(
            Batch(
                commands=[
                    command(
                        f"c{n}", time=NOW + n, operator="ann" if n % 2 else "bob", outcome="applied", alert_id=f"a{n}"
                    )
                    for n in range(5)
                ]
            )
        )
        yield made


def ids(found):
    return [one.id for one in found.commands]


def test_the_newest_commands_come_first_and_each_page_says_where_the_next_begins(store):
    first = audit(store, {}, page=2)
    assert (ids(first), first.older) == (["c4", "c3"], NOW + 3)
    seen, given = list(ids(first)), {"until": str(first.older)}
    while (page := audit(store, given, page=2)).older is not None:
        seen += ids(page)
        given = {"until": str(page.older)}
    assert list(dict.fromkeys(seen + ids(page))) == ["c4", "c3", "c2", "c1", "c0"]


@pytest.mark.parametrize(("page", "older"), [(4, NOW + 1), (5, None), (6, None)])
def test_there_is_a_next_page_only_where_something_stands_on_it(store, page, older):
    assert audit(store, {}, page=page).older == older


def test_a_page_of_one_second_leads_to_the_second_before(tmp_path):
    with closing(SqliteStore(tmp_path / "store.sqlite3")) as store:
        store.write(Batch(commands=[command(f"c{n}", time=NOW) for n in range(3)] + [command("old", time=NOW - 5)]))
        found = audit(store, {}, page=2)
        assert found.older == NOW - 1
        assert ids(audit(store, {"until": str(found.older)}, page=2)) == ["old"]


@pytest.mark.parametrize(
    ("given", "found", "filters"),
    [
        ({"operator": "ann"}, ["c3", "c1"], {"operator": "ann"}),
        ({"operator": "", "alert_id": "a2"}, ["c2"], {"alert_id": "a2"}),
        ({"outcome": "refused"}, [], {"outcome": "refused"}),
        ({"until": str(NOW + 1)}, ["c1", "c0"], {}),
        ({"colour": "red"}, ["c4", "c3", "c2", "c1", "c0"], {}),
    ],
    ids=["operator", "alert", "outcome", "until", "unknown"],
)
def test_the_address_narrows_the_commands(store, given, found, filters):
    page = audit(store, given)
    assert (ids(page), page.filters) == (found, filters)


@pytest.mark.parametrize("until", ["soon", "-1", "1.5", "9" * 12, "\u0661", " 1"])
def test_a_moment_that_is_none_is_refused(store, until):
    with pytest.raises(AnswerError, match="until: expected Unix seconds") as told:
        audit(store, {"until": until})
    assert told.value.status == 400


def test_an_empty_store_has_an_empty_page(tmp_path):
    with closing(SqliteStore(tmp_path / "store.sqlite3")) as store:
        assert audit(store, {}).older is None


@pytest.mark.parametrize(
    ("message", "cell"),
    [
        ("plain", "plain"), ("", ""), ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"), ("\rx", "'\rx"), ("1=2", "1=2"), ('say "hi",\nnow', 'say "hi",\nnow'), (" =1", " =1"),
    ],
)  # fmt: skip
def test_a_cell_holds_what_was_said_and_no_formula(message, cell):
    (row,) = csv.DictReader(io.StringIO(exported([command(message=message)]), newline=""))
    assert row["message"] == cell


def test_a_cell_is_empty_where_nothing_is_known():
    (row,) = csv.DictReader(io.StringIO(exported([command("c1", outcome="refused", reason="already_acked")])))
    assert {name: text for name, text in row.items() if text} == {
        "time": str(NOW), "operator": "alice", "command": "ack", "alert_id": "a1", "outcome": "refused",
        "reason": "already_acked", "id": "c1",
    }  # fmt: skip
    assert {"dedupe_md5", "shield_id", "detail", "message"} <= row.keys()
