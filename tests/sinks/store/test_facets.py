"""What every store counts: alerts by what they have in common."""

import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.model.event import Tag
from sinks.store import sqlite_facets, sqlite_groups
from sinks.store.facets import GROUPED, Facets
from sinks.store.interface import Batch, Retention
from sinks.store.query import AlertQuery, parse_query, term_of
from sinks.store.sqlite import SqliteStore
from tests.sinks.store.samples import DAY, NOW, alert


def of_tags(*pairs, **changed):
    return {"tags": tuple(Tag(key, value) for key, value in pairs), **changed}


GIVEN = (
    alert(1, severity=1, strategy_id="7", appointee=("dora", "kai"), event_changes=of_tags(("device", "sda"), ("cluster", "c1"))),
    alert(2, severity=2, is_ack=True, ack_operator="dora", event_changes=of_tags(("device", "sda"), ("device", "sdb"))),
    alert(3, severity=2, is_shielded=True, strategy_id="", bk_biz_id=None, event_changes=of_tags(("ports", [80, 443]))),
    alert(4, alert_name="Disk full", status="CLOSED", end_time=NOW + 99, is_blocked=True, event_changes=of_tags(target="web-1")),
)  # fmt: skip


@pytest.fixture
def four(store, settle):
    store.write(Batch(alerts=GIVEN))
    settle()
    return store


def test_facets_count_every_value_of_every_field(four):
    assert four.facets(AlertQuery(limit=1)) == Facets(
        total=4,
        counts={
            "status": (("ABNORMAL", 3), ("CLOSED", 1)),
            "severity": (("2", 3), ("1", 1)),
            "strategy": (("1", 2), ("7", 1)),
            "biz": (("2", 3),),
            "target_type": (("HOST", 4),),
            "acked": (("no", 3), ("yes", 1)),
            "shielded": (("no", 3), ("yes", 1)),
            "blocked": (("no", 3), ("yes", 1)),
            "person": (("dora", 2), ("kai", 1)),
            "tags.device": (("sda", 2), ("sdb", 1)),
            "tags.ports": (("443", 1), ("80", 1)),
            "tags.cluster": (("c1", 1),),
        },
        tags_of=4,
    )


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("severity:2 acked:no", 2), ("person:dora", 2), ('name:"Disk full"', 1), ("target:web-1", 1), ("tags.device:sda", 2),
        ("full", 1), ("strategy:8", 0), ("status:ABNORMAL", 3),
    ],
)  # fmt: skip
def test_facets_are_those_of_the_alerts_that_match(four, text, total):
    query = parse_query(text)
    found = four.facets(query)
    assert (found.total, four.count(query)) == (total, total)
    assert four.by_severity(query).counts == {int(value): number for value, number in found.counts["severity"]}
    assert sum(number for _, number in found.counts["severity"]) == total


def test_each_shield_has_the_alerts_that_it_keeps_quiet(store, settle):
    store.write(
        Batch(
            alerts=[
                alert(1, is_shielded=True, shield_id=("s1", "s2")),
                alert(2, is_shielded=True, shield_id=("s1",)),
                alert(3, is_shielded=True, shield_id=("s1",), bk_biz_id=3),
                alert(4, is_shielded=True, shield_id=("s2",), status="CLOSED", end_time=NOW + 9),
                alert(5),
            ]
        )
    )
    settle()
    quiet = AlertQuery(status=("ABNORMAL",), shielded=True)
    assert store.by_shield(quiet) == {"s1": 3, "s2": 1}
    assert store.by_shield(msgspec.structs.replace(quiet, bk_biz_id=("3",))) == {"s1": 1}


def test_facets_of_a_time_are_those_of_the_alerts_that_lived_in_it(four):
    assert four.facets(AlertQuery(since=NOW + 100)).total == 3
    assert four.facets(AlertQuery(until=NOW + 2)).counts["severity"] == (("1", 1), ("2", 1))


def test_every_value_of_a_facet_asks_for_as_many_alerts_as_it_says(four):
    for field, values in four.facets(AlertQuery()).counts.items():
        for value, number in values:
            assert four.count(parse_query(term_of(field, value))) == number, (field, value)


def test_facets_follow_every_change_of_an_alert(four, settle):
    changed = msgspec.structs.replace(
        GIVEN[0], revision=2, severity=2, status="RECOVERED", end_time=NOW + 9, appointee=()
    )
    four.write(Batch(alerts=[changed]))
    four.write(Batch(alerts=[GIVEN[0]]))  # comes late and changes nothing
    settle()
    counts = four.facets(AlertQuery()).counts
    assert (counts["severity"], counts["status"]) == ((("2", 4),), (("ABNORMAL", 2), ("CLOSED", 1), ("RECOVERED", 1)))
    assert counts["person"] == (("dora", 1),)


def test_facets_forget_what_retention_dropped(four, settle):
    four.write(
        Batch(alerts=[msgspec.structs.replace(one, revision=2, status="CLOSED", end_time=NOW + 9) for one in GIVEN])
    )
    settle()
    four.retain(NOW + 100 * DAY, Retention(alerts=30))
    settle()
    found = four.facets(AlertQuery())
    assert (found.total, found.counts["status"]) == (0, ())


def test_an_empty_store_has_nothing_to_count(store):
    assert store.facets(AlertQuery()).total == 0
    for query in (AlertQuery(), AlertQuery(status=("ABNORMAL",)), parse_query("full")):
        assert [store.groups(query, by).total for by in GROUPED] == [0, 0, 0]


def told(found):
    return [(one.value, one.count, one.severity, one.first.id[:10], one.since) for one in found.groups]


def test_groups_say_how_many_the_worst_first_and_of_these_the_largest(four):
    by_name = four.groups(AlertQuery(), "name")
    assert (by_name.total, told(by_name)) == (
        2,
        [("CPU usage", 3, 1, str(NOW + 1), NOW + 1), ("Disk full", 1, 2, str(NOW + 4), NOW + 4)],
    )
    cpu = by_name.groups[0]
    assert (cpu.acked, cpu.shielded, cpu.blocked, cpu.first) == (1, 1, 0, GIVEN[0])
    by_target = four.groups(AlertQuery(), "target")
    assert [(one.value, one.count) for one in by_target.groups] == [("10.0.0.1|0", 3), ("web-1", 1)]
    by_strategy = four.groups(AlertQuery(), "strategy")
    assert [(one.value, one.count) for one in by_strategy.groups] == [("7", 1), ("1", 2), ("", 1)]


def test_groups_are_those_of_the_alerts_that_match_and_come_in_pages(four):
    open_ = AlertQuery(status=("ABNORMAL",), limit=1)
    assert [one.value for one in four.groups(open_, "strategy").groups] == ["7"]
    rest = four.groups(msgspec.structs.replace(open_, offset=1, limit=9), "strategy")
    assert (rest.total, [one.value for one in rest.groups]) == (3, ["", "1"])
    assert [one.value for one in four.groups(parse_query("tags.device:sdb"), "name").groups] == ["CPU usage"]


CHANGES = st.lists(
    st.builds(
        lambda number, revision, severity, status, acked, name: alert(
            number, revision=revision, severity=severity, status=status, is_ack=acked, alert_name=name,
            end_time=None if status == "ABNORMAL" else NOW + revision, event_count=revision,
        ),
        number=st.integers(1, 4), revision=st.integers(1, 9), severity=st.integers(1, 3),
        status=st.sampled_from(["ABNORMAL", "CLOSED"]), acked=st.booleans(), name=st.sampled_from(["a", "b"]),
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(CHANGES, st.booleans())
def test_what_sqlite_keeps_count_of_is_what_a_count_of_the_alerts_says(changes, is_retained):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        store = SqliteStore(Path(folder) / "s.sqlite3")
        for first in range(0, len(changes), 5):
            store.write(Batch(alerts=changes[first : first + 5]))
        if is_retained:
            store.retain(NOW + 100 * DAY, Retention(alerts=30))
        kept = store.facets(AlertQuery()), [store.groups(AlertQuery(), by) for by in GROUPED]
        for room in (sqlite_facets, sqlite_groups):
            patch.setattr(room, "is_of_kinds", lambda _: False)
        assert (store.facets(AlertQuery()), [store.groups(AlertQuery(), by) for by in GROUPED]) == kept
        store.close()
