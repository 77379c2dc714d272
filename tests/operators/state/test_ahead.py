"""What is packed ahead of a snapshot: what was left alone for a while, in the second half of the way to it."""

from operators.state.packing import Packer
from tests.operators.test_batch import Stages, fed, standing
from tests.replay.driver import event

COUNT = 400
"""Alerts; one event a second."""


def fold(stages, begin, count=COUNT, of=COUNT):
    """Fold an event a second of as many alerts in turn, ten a batch."""
    lines = [event(second, target=f"10.0.0.{second % of}") for second in range(begin, begin + count)]
    for start in range(0, count, 10):
        fed(stages, lines[start : start + 10])


def running(of=COUNT):
    """Return stages between two snapshots, as many records behind the last as lay before it."""
    stages = Stages({})
    fed(stages, [])
    standing(stages)
    fold(stages, 0)
    standing(stages)
    fold(stages, COUNT, of=of)
    return stages


def states(stages):
    return [state for slot in stages.worker.states.slots.values() for state in slot.states.values()]


def test_a_snapshot_finds_most_states_packed():
    assert sum(not state.packed for state in states(running())) < COUNT / 3


def test_a_state_that_changes_all_the_time_is_left_to_it():
    hot = [state for state in states(running(of=20)) if state.touched >= 1_700_000_000 + COUNT]
    assert len(hot) == 20
    assert not any(state.packed for state in hot)


def test_nothing_is_packed_before_the_distance_of_two_snapshots_is_known_nor_in_the_first_half_of_it():
    stages = Stages({})
    fed(stages, [])
    fold(stages, 0)
    assert not any(state.packed for state in states(stages))
    standing(stages)
    fold(stages, COUNT, COUNT // 2)
    assert sum(not state.packed for state in states(stages)) == COUNT // 2


def test_what_was_packed_ahead_are_the_bytes_that_the_snapshot_would_have_made():
    packed = {state.dedupe_md5: (state.packed, Packer().pack(state)) for state in states(running()) if state.packed}
    assert packed
    assert all(ahead == now for ahead, now in packed.values())
