"""State belongs to one worker of a number of workers, and to a number of partitions: anything else is refused."""

import msgspec
import pytest

from flows.recovery.layout import Layout, check_layout, save_layout, saved_layout

SAVED = Layout(workers=2, index=0, slots=256, topics={"raw": 8, "checks": 8})
changed = msgspec.structs.replace


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (SAVED, None),
        (changed(SAVED, workers=3), "the state is that of 2 workers, not of 3: stop the job and move its state"),
        (changed(SAVED, index=1), "the state is that of worker 0, not of worker 1: a wrong volume?"),
        (changed(SAVED, slots=64), "the state has 256 slots, not 64"),
        (changed(SAVED, topics={"raw": 16, "checks": 8}), "topic raw had 8 partitions, now it has 16"),
        (changed(SAVED, topics={"raw": 8}), None),
        (changed(SAVED, topics={"raw": 8, "checks": 8, "commands": 4}), None),
    ],
)
def test_state_goes_on_only_where_it_was_laid_out_so(now, why):
    found = check_layout(SAVED, now)
    assert (found is None) if why is None else found.startswith(why)


def test_without_state_any_layout_will_do():
    assert check_layout(None, SAVED) is None


def test_the_layout_is_kept_with_the_snapshots(tmp_path):
    assert saved_layout(tmp_path) is None
    save_layout(tmp_path, SAVED)
    assert saved_layout(tmp_path) == SAVED
