"""The event archive as one stream: the same of every store (the fixture `store` makes each of them)."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from operators.model.event import Event
from sinks.store.history import InOrder
from sinks.store.interface import Batch, Retention
from tests.sinks.store.samples import DAY, NOW, archived


def at(second: int, name: str, **fields) -> Event:
    return msgspec.structs.replace(archived(), id=name, event_id=name, at=NOW + second, time=NOW + second, **fields)


def names(store, since=0, until=DAY, businesses=()):
    found = store.archive(NOW + since, NOW + until, businesses)
    return [msgspec.json.decode(one.document, type=Event).id for one in found]


def test_events_come_in_order_of_arrival_whatever_the_order_of_writing(store, settle):
    store.write(Batch(events=[at(5, "e5"), at(6, "e6")]))
    store.write(Batch(events=[at(1, "e1"), at(5, "f5")]))
    settle()
    assert names(store) in (["e1", "e5", "f5", "e6"], ["e1", "f5", "e5", "e6"])


def test_an_event_reads_back_as_it_was_archived_with_its_arrival(store, settle):
    written = at(3, "e3")
    store.write(Batch(events=[written]))
    settle()
    (one,) = store.archive(NOW, NOW + DAY)
    assert (one.at, msgspec.json.decode(one.document, type=Event)) == (NOW + 3, written)


def test_both_ends_of_the_range_count(store, settle):
    store.write(Batch(events=[at(second, f"e{second}") for second in range(5)]))
    settle()
    assert names(store, 1, 3) == ["e1", "e2", "e3"]


def test_only_the_businesses_named_are_read(store, settle):
    store.write(Batch(events=[at(1, "e1", bk_biz_id=2), at(2, "e2", bk_biz_id=3), at(3, "e3", bk_biz_id=None)]))
    settle()
    assert (names(store, businesses=["3"]), names(store, businesses=["2", "3"])) == (["e2"], ["e1", "e2"])


def test_an_event_that_was_written_again_comes_once(store, settle):
    store.write(Batch(events=[at(1, "e1"), at(2, "e2")]))
    store.write(Batch(events=[at(2, "e2"), at(3, "e3")]))
    settle()
    assert names(store) == ["e1", "e2", "e3"]


def test_the_span_is_that_of_the_arrivals(store, settle):
    assert store.archive_span() is None
    store.write(Batch(events=[at(7, "e7"), at(2, "e2")]))
    settle()
    assert store.archive_span() == (NOW + 2, NOW + 7)


def test_what_retention_dropped_is_not_there(store, settle):
    store.write(Batch(events=[at(0, "e0")]))
    store.write(Batch(events=[at(40 * DAY, "e40")]))
    settle()
    store.retain(NOW + 41 * DAY, Retention(events=30))
    settle()
    assert names(store, until=50 * DAY) == ["e40"]


@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=5), max_size=8))
def test_blocks_of_several_writers_make_one_ordered_stream(blocks):
    held, came = InOrder(), []
    for number, block in sorted(enumerate(blocks), key=lambda one: min(one[1])):
        came += held.before(min(block))
        for place, second in enumerate(block):
            held.add(second, f"{number}-{place}", b"")
    came += held.before(10)
    assert [one.at for one in came] == sorted(second for block in blocks for second in block)
