"""State belongs to one worker of a number of workers, and to a number of partitions: anything else is refused."""

from pathlib import Path

import msgspec
import pytest

from flows.recovery.layout import Layout, check_layout, check_neighbours, of_worker, save_layout, saved_layout
from flows.settings.sections import KafkaSettings, RecoverySettings
from flows.settings.settings import Settings

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


@pytest.mark.parametrize(
    ("directory", "worker", "workers", "kept"),
    [
        ("d", 0, 1, "d"),
        ("d", 0, 2, "d/worker-0"),
        ("d/alerts", 3, 4, "d/alerts/worker-3"),
        ("none", 1, 2, "none"),
        ("", 1, 2, ""),
    ],
)
def test_one_of_several_workers_has_a_folder_of_its_own(directory, worker, workers, kept):
    settings = Settings(
        recovery=RecoverySettings(directory=directory), kafka=KafkaSettings(worker=worker, workers=workers)
    )
    assert of_worker(settings).recovery.directory == kept


def laid(top: Path, place: str, workers: int, index: int, job: str) -> None:
    (top / place).mkdir(parents=True, exist_ok=True)
    save_layout(top / place, Layout(workers, index, 256, {}, job))


@pytest.mark.parametrize(
    ("there", "now", "why"),
    [
        (("", 1, 0, "all"), ("worker-0", 2, 0, "all"), "holds the state of 1 workers, not of 2"),
        (("worker-1", 2, 1, "all"), ("", 1, 0, "all"), "holds the state of 2 workers, not of 1"),
        (("worker-0", 2, 0, "all"), ("worker-3", 4, 3, "all"), "holds the state of 2 workers, not of 4"),
        (("alerts/worker-0", 2, 0, "alerts"), ("alerts", 1, 0, "alerts"), "holds the state of 2 workers, not of 1"),
        (("", 1, 0, "all"), ("alerts/worker-0", 2, 0, "alerts"), "holds the state of job `all`"),
        (("notices", 1, 0, "notices"), ("", 1, 0, "all"), "holds the state of job `notices`"),
        (("worker-0", 2, 0, "all"), ("worker-1", 2, 1, "all"), None),
        (("", 1, 0, "all"), ("", 1, 0, "all"), None),
        (("intake", 1, 0, "intake"), ("alerts/worker-0", 2, 0, "alerts"), None),
    ],
)
def test_state_of_another_form_in_the_same_place_is_refused(tmp_path, there, now, why):
    laid(tmp_path, *there)
    place, *layout = now
    found = check_neighbours(tmp_path / place, Layout(layout[0], layout[1], 256, {}, layout[2]))
    assert (found is None) if why is None else why in found
