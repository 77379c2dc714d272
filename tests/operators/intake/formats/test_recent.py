"""What is kept of what was worked out: bounded, and of use however many take turns."""

from hypothesis import given
from hypothesis import strategies as st

from operators.intake.formats.recent import LET_IN, OVERHEAD, Recent

ROOM = 100


def recent():
    return Recent(ROOM * (OVERHEAD + 1), lambda key, value: 1)


def worked_out(kept, keys):
    """Return how many of the keys were not known; they are kept then."""
    missed = 0
    for key in keys:
        if kept.of(key) is None:
            missed += 1
            kept.keep(key, str(key))
    return missed


def test_what_fits_is_worked_out_once():
    kept = recent()
    assert [worked_out(kept, range(ROOM)) for _ in range(3)] == [ROOM, 0, 0]


def test_of_twice_as_many_as_there_is_room_for_almost_half_are_known_each_time():
    kept = recent()
    rounds = [worked_out(kept, range(2 * ROOM)) for _ in range(50)]
    assert max(rounds[1:]) < 1.2 * ROOM


def test_what_comes_no_more_gives_way_to_what_does():
    kept = recent()
    worked_out(kept, range(ROOM))
    rounds = [worked_out(kept, range(ROOM, 2 * ROOM)) for _ in range(2 * LET_IN)]
    assert rounds[0] == ROOM
    assert rounds[-1] < ROOM / 4
    assert kept.of(0) is None


def test_a_value_that_was_kept_is_replaced_where_there_is_no_room_for_more():
    kept = recent()
    worked_out(kept, range(ROOM))
    kept.keep(7, "new")
    assert kept.of(7) == "new"


def test_what_was_asked_for_longest_ago_is_forgotten_first():
    kept = Recent(3000, lambda key, value: len(value))
    for key in "abc":
        kept.keep(key, "x" * 300)
    assert kept.of("a")
    kept.keep("c", "x" * 700)
    assert [key for key in "abc" if kept.of(key)] == ["a", "c"]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5000))))
def test_what_is_kept_stays_within_its_bytes(entries):
    kept = Recent(4000, lambda key, value: len(value))
    for key, size in entries:
        kept.keep(key, b"x" * size)
        held = [kept.of(key) for key in range(10)]
        assert sum(len(one) for one in held if one is not None) <= 4000
