"""Laws of the store, whatever is written in whatever order: the newest wins, repetition changes nothing, words are found."""

import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.model.alert import document_version
from sinks.store import sqlite_way
from sinks.store.interface import Batch
from sinks.store.order import ORDERS
from sinks.store.query import AlertQuery, parse_query
from sinks.store.sqlite import QUIET_BATCH, SqliteStore
from sinks.store.sqlite_way import MANY
from sinks.store.words import words_of
from tests.sinks.store.samples import NOW, alert, entry

VERSIONS = st.builds(
    lambda number, generation, revision, severity: alert(
        number, generation=NOW + generation, revision=revision, severity=severity
    ),
    number=st.integers(1, 3),
    generation=st.integers(0, 2),
    revision=st.integers(1, 4),
    severity=st.integers(1, 3),
)
TEXTS = st.text(st.sampled_from("aB 磁盘空间不足使用率%_*\"'ß\n"), max_size=12)


def opened(folder: str) -> SqliteStore:
    return SqliteStore(Path(folder) / "s.sqlite3")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(VERSIONS, max_size=5), max_size=5))
def test_the_highest_version_of_each_alert_stays_and_of_equal_ones_the_last(batches):
    expected = {}
    for one in (one for batch in batches for one in batch):
        known = expected.get(one.id)
        if known is None or document_version(one) >= document_version(known):
            expected[one.id] = one
    with tempfile.TemporaryDirectory() as folder:
        store = opened(folder)
        for batch in batches:
            store.write(Batch(alerts=batch))
        assert {one.id: one for one in store.alerts(AlertQuery())} == expected
        store.close()


@settings(max_examples=50, deadline=None)
@given(st.lists(VERSIONS, max_size=8), st.integers(0, 8))
def test_writing_a_prefix_again_changes_nothing(alerts, length):
    batch = Batch(alerts=alerts, logs=[entry(one) for one in alerts])
    with tempfile.TemporaryDirectory() as folder:
        store = opened(folder)
        for _ in range(2):  # the second time the versions are settled
            store.write(batch)
        before = (store.alerts(AlertQuery()), [store.logs(one.id) for one in alerts])
        highest = {one.id: document_version(one) for one in store.alerts(AlertQuery())}
        prefix = [one for one in alerts[:length] if document_version(one) < highest[one.id]]
        store.write(Batch(alerts=prefix, logs=[entry(one) for one in alerts]))
        assert (store.alerts(AlertQuery()), [store.logs(one.id) for one in alerts]) == before
        store.close()


@pytest.mark.parametrize("many", [0, MANY], ids=["common words", "rare words"])
@settings(max_examples=60, deadline=None)
@given(
    st.lists(TEXTS, min_size=1, max_size=6), TEXTS, st.booleans(), st.integers(0, 5), st.sampled_from(sorted(ORDERS))
)
def test_a_search_finds_exactly_the_alerts_whose_words_hold_each_word(many, texts, wanted, is_busy, changed, sort):
    alerts = [alert(number, event_changes={"description": text}) for number, text in enumerate(texts)]
    padding = [alert(1000, revision=1)] * (QUIET_BATCH if is_busy else 0)
    with tempfile.TemporaryDirectory() as folder:
        store = opened(folder)
        store.write(Batch(alerts=[*alerts, *padding]))
        place = changed % len(alerts)
        event = msgspec.structs.replace(alerts[place].event, description="磁盘 changed")
        alerts[place] = msgspec.structs.replace(alerts[place], revision=2, event=event)
        store.write(Batch(alerts=[alerts[place], *padding]))
        query = msgspec.structs.replace(parse_query(wanted), sort=sort)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sqlite_way, "MANY", many)
            found = {one.id for one in store.alerts(query)}
            counts = store.count(query), sum(store.by_severity(query).counts.values())
            groups = [one.count for one in store.groups(query, "name").groups]
        known = {one.id: one for one in (*alerts, *padding)}.values()
        assert found == {one.id for one in known if all(word in words_of(one) for word in query.words)}
        assert (*counts, sum(groups)) == (len(found),) * 3
        store.close()
