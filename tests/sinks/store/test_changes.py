"""What every store tells of what is new."""

import pytest

from sinks.store.changes import MOST_CHANGED, Watch
from sinks.store.cursor import CursorError, cursor
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
from sinks.store.sqlite_changes import KEPT
from tests.sinks.store.samples import action, alert, archived, command, entry, receipt, sent, shield


@pytest.fixture
def watch(store, settle):
    store.write(Batch(alerts=[alert(9)], shields=[shield("old")], notices=[sent("old")], commands=[command("old")]))
    settle()
    made = Watch(store)
    made.news()  # what was written in the last seconds may be told once more
    return made


def told(watch):
    news = watch.news()
    return sorted(news.alerts), sorted(news.kinds & {"alerts", "actions", "notices", "shields", "commands"})


def test_what_was_written_since_is_told_once(store, settle, watch):
    assert told(watch)[0] == []
    store.write(Batch(alerts=[alert(1), alert(2)], logs=[entry(alert(1))]))
    settle()
    news = watch.news()
    assert (sorted(news.alerts), "alerts" in news.kinds, news.is_complete) == ([alert(1).id, alert(2).id], True, True)
    assert told(watch)[0] == []


def test_an_alert_that_is_written_again_is_told_again(store, settle, watch):
    for revision in (1, 2):
        store.write(Batch(alerts=[alert(1, revision=revision)]))
        settle()
        assert told(watch)[0] == [alert(1).id]


@pytest.mark.parametrize(
    ("batch", "kind"),
    [
        (Batch(actions=[action(alert(1))]), "actions"),
        (Batch(notices=[sent(alert_ids=(alert(1).id,))], receipts=[receipt(action(alert(1)))]), "notices"),
        (Batch(commands=[command(alert_id=alert(1).id)]), "commands"),
    ],
)
def test_what_was_done_about_an_alert_is_news_of_it(store, settle, watch, batch, kind):
    store.write(batch)
    settle()
    news = watch.news()
    assert (list(news.alerts), kind in news.kinds) == ([alert(1).id], True)


def test_a_shield_is_news_of_no_alert(store, settle, watch):
    store.write(Batch(shields=[shield()]))
    settle()
    assert "shields" in watch.news().kinds


def test_events_and_log_entries_alone_are_no_news(store, settle, watch):
    store.write(Batch(events=[archived()], logs=[entry(alert(1))]))
    settle()
    assert told(watch)[0] == []


def test_more_than_can_be_told_at_once_is_said_to_be_more(store, settle, watch):
    store.write(Batch(alerts=[alert(number) for number in range(MOST_CHANGED + 1)]))
    settle()
    news = watch.news()
    assert (dict(news.alerts), news.is_complete) == ({}, False)
    assert "alerts" in news.kinds


def test_an_empty_store_has_no_news(store):
    assert told(Watch(store)) == ([], [])


@pytest.mark.parametrize("place", ["x", cursor("a")])
def test_what_is_no_place_is_refused(store, place):
    with pytest.raises(CursorError):
        store.changes(place)


def test_sqlite_remembers_its_last_batches_and_says_when_it_forgot(tmp_path):
    store = SqliteStore(tmp_path / "s.sqlite3")
    store.write(Batch(alerts=[alert(0)]))
    place = store.changes().cursor
    for number in range(1, KEPT + 2):
        store.write(Batch(commands=[command(f"c{number}", alert_id=alert(number % 7).id)]))
    assert not store.changes(place).is_complete
    here = store.changes().cursor
    assert store.changes(here).kinds == frozenset()
    store.write(Batch(alerts=[alert(3)]))
    assert list(store.changes(here).alerts) == [alert(3).id]
    store.close()


def test_a_place_of_a_file_that_was_replaced_by_a_younger_one_says_that_all_is_new(tmp_path):
    store = SqliteStore(tmp_path / "s.sqlite3")
    assert not store.changes(cursor(99)).is_complete
    store.close()
