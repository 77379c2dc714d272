"""Several partitions become one stream in the order of arrival; its clock is the second that all of them have reached."""

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.sources.merge import Merge
from flows.sources.partition import Partition
from operators.intake.decode import MAX_BYTES, TOMBSTONE, decode
from operators.model.reason import DeadReason

NOW = 1_000.0


def partition(number: int = 0, *times: int, is_read: bool = False, reached: int = 0) -> Partition:
    made = Partition("events", number, "event", offset=0, reached=reached, now=NOW)
    for offset, time in enumerate(times):
        made.add(offset, time, f"{number}/{offset}".encode())
    made.is_read = is_read
    return made


def merge(*partitions: Partition, size: int = 100, patience: float = 60.0, clock: int = 0) -> Merge:
    return Merge(partitions, size=size, patience=patience, clock=clock)


def values(raws) -> list[str]:
    return [raw.raw.decode() for raw in raws]


# --- one partition


def test_arrival_never_runs_backwards_in_a_partition():
    assert [raw.at for raw in partition(0, 5, 3, 7).held] == [5, 5, 7]


def test_a_record_names_its_topic_partition_and_offset():
    raw = partition(3, 5).held[0]
    assert (raw.source, raw.position, raw.kind) == ("events", "3:0", "event")


def test_a_record_read_again_after_a_pause_is_left_out():
    one = partition(0, 5, 6)
    one.add(1, 6, b"again")
    assert values(one.hand(10)) == ["0/0", "0/1"]


def test_a_tombstone_is_a_kind_of_its_own():
    one = partition()
    one.add(0, 5, None)
    assert (one.held[0].kind, one.held[0].raw) == (TOMBSTONE, b"")
    assert decode(b"", TOMBSTONE).reason == DeadReason.TOMBSTONE
    assert decode(b'{"kind": "tombstone"}').reason == DeadReason.UNKNOWN_KIND


@pytest.mark.parametrize(("size", "kept"), [(MAX_BYTES, MAX_BYTES), (MAX_BYTES + 1, MAX_BYTES + 1), (MAX_BYTES * 3, MAX_BYTES + 1)])  # fmt: skip
def test_of_a_huge_record_only_enough_is_kept_to_refuse_it(size, kept):
    one = partition()
    one.add(0, 5, b"x" * size)
    assert (len(one.held[0].raw), one.weight) == (kept, kept)


def test_the_next_offset_is_that_after_the_last_record_handed_on():
    one = partition(0, 5, 6, 7)
    assert (one.next, one.handed) == (0, 0)
    one.hand(2)
    assert (one.next, one.handed) == (2, 6)
    one.hand(1)
    assert (one.next, one.handed, one.weight) == (3, 7, 0)


def test_the_end_of_a_partition_counts_what_is_never_delivered():
    one = partition(0, 5)
    one.hand(1)
    one.end(4)  # markers of transactions stand behind the record
    assert one.next == 4


def test_doubt_keeps_the_second_up_to_which_all_was_known():
    one = partition(0, is_read=True)
    one.answered = 900.0
    one.doubt()
    assert (one.bound(1000), one.is_read) == (900, False)


# --- many


def test_records_of_all_partitions_come_in_order_of_arrival():
    stream = merge(partition(0, 1, 4, 6, is_read=True), partition(1, 2, 4, 5, is_read=True))
    assert values(stream.take(NOW)) == ["0/0", "1/0", "0/1", "1/1", "1/2", "0/2"]


def test_the_clock_is_the_wall_clock_once_all_is_read():
    stream = merge(partition(0, 1, is_read=True), partition(1, is_read=True))
    stream.take(NOW)
    assert stream.clock == 1000


def test_a_partition_that_lags_holds_back_the_others_and_the_clock():
    behind, ahead = partition(0, 10), partition(1, 5, 10, 11, 500)
    stream = merge(behind, ahead)
    assert values(stream.take(NOW)) == ["1/0", "0/0", "1/1"]  # more of 10 may come
    assert stream.clock == 10
    behind.add(1, 11, b"0/1")
    behind.end(2)
    assert values(stream.take(NOW)) == ["0/1", "1/2", "1/3"]
    assert stream.clock == 500
    ahead.end(4)
    assert stream.take(NOW) == []
    assert stream.clock == 1000


def test_nothing_is_handed_on_while_a_partition_has_not_shown_anything():
    stream = merge(partition(0), partition(1, 5, is_read=True))
    assert stream.take(NOW) == []
    assert stream.clock == 0


@pytest.mark.parametrize(("seconds", "handed"), [(59, []), (60, []), (61, ["1/0"])])
def test_a_silent_broker_holds_up_the_others_only_so_long(seconds, handed):
    stream = merge(partition(0), partition(1, 5, is_read=True), patience=60)
    stream._partitions[1].answered = NOW + seconds
    assert values(stream.take(NOW + seconds)) == handed


def test_the_clock_stands_still_while_no_broker_answers():
    stream = merge(partition(0, is_read=True), partition(1, is_read=True))
    stream.take(NOW)
    for one in stream._partitions:
        one.doubt()
    stream.take(NOW + 600)
    assert stream.clock == 1000


def test_the_clock_never_goes_back():
    stream = merge(partition(0, 5), clock=800)
    stream.take(NOW)
    assert stream.clock == 800


def test_a_worker_without_partitions_lives_by_the_wall_clock():
    stream = merge()
    assert stream.take(NOW) == []
    assert stream.clock == 1000


def test_a_poll_brings_at_most_its_size_the_oldest_first():
    stream = merge(partition(0, 1, 1, 1, 9, is_read=True), partition(1, 1, 2, 3, is_read=True), size=4)
    assert values(stream.take(NOW)) == ["0/0", "0/1", "0/2", "1/0"]
    assert stream.clock == 2
    assert values(stream.take(NOW)) == ["1/1", "1/2", "0/3"]


def test_a_burst_in_one_second_is_shared_out_over_polls():
    stream = merge(partition(0, 1, 1, 1, is_read=True), partition(1, 1, 1, 1, is_read=True), size=2)
    polls = [values(stream.take(NOW)) for _ in range(4)]
    assert polls == [["0/0", "0/1"], ["0/2", "1/0"], ["1/1", "1/2"], []]


lists = st.lists(st.lists(st.integers(0, 50), max_size=12), min_size=1, max_size=4)


@settings(deadline=None)
@given(lists, st.integers(1, 7), st.randoms(use_true_random=False))
def test_however_records_trickle_in_they_come_once_in_order_and_never_before_the_clock(partitions, size, chance):
    """The law behind catching up: the order handed on does not depend on how fetches were answered."""
    stream = merge(*(partition(number) for number in range(len(partitions))), size=size)
    waiting = {number: iter(enumerate(times)) for number, times in enumerate(partitions)}
    handed = []
    for turn in count():
        for number, one in enumerate(stream._partitions):
            for _ in range(chance.randint(0 if turn < 100 else 1, 3)):
                offset, time = next(waiting[number], (None, None))
                if offset is None:
                    one.end(len(partitions[number]))
                else:
                    one.add(offset, time, b"%d/%d" % (number, offset))
        before = stream.clock
        raws = stream.take(NOW)
        assert len(raws) <= size
        assert all(before <= raw.at <= stream.clock for raw in raws)
        handed += raws
        if stream.clock == NOW and not any(one.held for one in stream._partitions):
            break
        assert turn < 500
    assert [raw.at for raw in handed] == sorted(raw.at for raw in handed)
    assert sorted(values(handed)) == sorted(f"{n}/{o}" for n, times in enumerate(partitions) for o in range(len(times)))
