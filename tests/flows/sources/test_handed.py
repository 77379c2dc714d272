"""A partition that another job writes goes by that job's clock."""

import json

from flows.sources.handed import HandedPartition

T = 1_700_000_000


def clock(at, writer=0, writers=1):
    return json.dumps({"clock": at, "writer": writer, "writers": writers}, separators=(",", ":")).encode()


def partition():
    return HandedPartition("keyed", 0, "keyed", offset=0, reached=0, now=T + 3600)


def test_time_stands_still_while_its_writer_does():
    part = partition()
    part.end(0)
    assert part.reach(T + 3600) == 0
    part.add(0, T, clock(T))
    part.end(1)
    assert part.reach(T + 3600) == T
    part.doubt()
    part.end(1)
    assert part.reach(T + 3600) == T


def test_the_slowest_writer_counts_once_all_were_heard():
    part = partition()
    part.add(0, T, clock(T + 9, writer=1, writers=2))
    part.end(1)
    assert part.reach(T + 3600) == 0
    part.add(1, T, clock(T + 2, writer=0, writers=2))
    part.end(2)
    assert part.reach(T + 3600) == T + 2


def test_a_clock_never_runs_backwards_and_is_no_record():
    part = partition()
    part.add(0, T + 5, clock(T + 5))
    part.add(1, T + 3, clock(T + 3))
    part.add(2, T + 6, b'{"id":"e"}')
    part.end(3)
    assert part.reach(T + 3600) == T + 5
    assert [raw.position for raw in part.hand(9)] == ["0:2"]
    assert part.next == 3


def test_a_writer_that_is_no_more_holds_nobody_back():
    part = partition()
    part.add(0, T, clock(T + 1, writer=0, writers=2))
    part.add(1, T, clock(T + 1, writer=1, writers=2))
    part.add(2, T, clock(T + 60))
    part.end(3)
    assert part.reach(T + 3600) == T + 60
