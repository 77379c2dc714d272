"""What every store keeps of notices: the text as it was sent, for whom, and what became of it."""

import pytest

from sinks.store.cursor import CursorError, cursor
from sinks.store.interface import Batch, Retention
from sinks.store.query import NoticeQuery, time_cursor
from tests.sinks.store.samples import DAY, NOW, alert, sent


def ids(found):
    return [one.id for one in found]


@pytest.fixture
def notices(store, settle):
    """Four, of which one failed and one was given up."""
    failed = sent(
        "n2", time=NOW + 1, state="failed", receivers=("dora",), alert_ids=(alert(1).id, alert(2).id), due=NOW + 60
    )
    buried = sent("n3", time=NOW + 2, state="given_up", reason="refused", way="voice", receivers=("kai",), bk_biz_id=3)
    store.write(Batch(notices=[sent(), failed, buried, sent("n4", time=NOW + 2, alert_ids=(alert(2).id,))]))
    settle()
    return store


def test_a_notice_reads_back_as_it_was_written(store, settle):
    store.write(Batch(notices=[sent()]))
    settle()
    assert store.notices(NoticeQuery()) == [sent()]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["n4", "n3", "n2", "n1"]),
        ({"limit": 2}, ["n4", "n3"]),
        ({"id": "n2"}, ["n2"]),
        ({"receiver": "dora"}, ["n4", "n2", "n1"]),
        ({"receiver": "kai", "way": ("voice",)}, ["n3"]),
        ({"receiver": "do"}, []),
        ({"alert_id": alert(2).id}, ["n4", "n2"]),
        ({"alert_id": alert(1).id, "receiver": "dora"}, ["n2", "n1"]),
        ({"alert_id": alert(1).id, "receiver": "kai"}, ["n3", "n1"]),
        ({"state": ("failed", "given_up")}, ["n3", "n2"]),
        ({"reason": ("refused",)}, ["n3"]),
        ({"bk_biz_id": "2"}, ["n4", "n2", "n1"]),
        ({"since": NOW + 1, "until": NOW + 1}, ["n2"]),
        ({"receiver": "dora", "since": NOW + 1}, ["n4", "n2"]),
        ({"since": NOW + 9}, []),
    ],
)
def test_notices_are_found_by_receiver_alert_time_and_state(notices, query, found):
    assert ids(notices.notices(NoticeQuery(**query))) == found


@pytest.mark.parametrize("query", [{}, {"receiver": "dora"}, {"alert_id": alert(1).id}])
def test_pages_of_notices_go_on_where_the_last_one_ended(notices, query):
    everything = notices.notices(NoticeQuery(**query))
    read, after = [], ""
    while page := notices.notices(NoticeQuery(**query, limit=1, after=after)):
        read += page
        after = time_cursor(page[-1])
    assert read == everything


@pytest.mark.parametrize("after", ["no cursor", "bnVsbA", "ä", cursor("n1", 5), cursor(5)])
def test_what_is_no_place_to_read_on_from_is_refused(store, after):
    with pytest.raises(CursorError):
        store.notices(NoticeQuery(after=after))


def test_the_document_of_an_earlier_attempt_never_replaces_that_of_a_later_one(store, settle):
    store.write(Batch(notices=[sent(attempt=2)]))
    written = store.write(Batch(notices=[sent(state="failed", due=NOW + 9)]))
    settle()
    assert ([one.state for one in store.notices(NoticeQuery())], written.conflicts) == (["delivered"], 1)


def test_a_notice_that_is_written_again_is_one_notice(store, settle):
    for attempt in (1, 2, 2):
        store.write(Batch(notices=[sent(attempt=attempt)]))
    settle()
    assert [one.attempt for one in store.notices(NoticeQuery(receiver="kai"))] == [2]


def test_notices_go_with_the_actions_of_their_time(store, settle):
    old, young = sent(), sent("n2", time=NOW + 100 * DAY)
    store.write(Batch(notices=[old, young]))
    settle()
    assert store.retain(NOW + 100 * DAY, Retention(actions=30))["notices"] == 1
    settle()
    assert ids(store.notices(NoticeQuery(receiver="dora"))) == ["n2"]
    assert ids(store.notices(NoticeQuery(alert_id=alert().id))) == ["n2"]


def test_a_text_that_no_document_can_hold_is_refused_alone(store, settle):
    written = store.write(Batch(notices=[sent(), sent("n2", content="\ud800")]))
    settle()
    assert [one.position for one in written.refused] == ["notice n2"]
    assert ids(store.notices(NoticeQuery())) == ["n1"]
