"""Names in the engine's tables are part of what a job resumes from: another name is another job, that begins anew."""

import pytest

from flows.recovery import ids
from flows.recovery.ids import KEEPS, STAGES, flow_id, step_id
from flows.recovery.layout import Layout, check_layout, hold
from flows.settings.settings import SettingsError

SAVED = Layout(2, 0, 256, {"raw": 8})


@pytest.mark.parametrize(
    ("job", "flow"),
    [("all", "tocsin"), ("intake", "tocsin-intake"), ("alerts", "tocsin-alerts"), ("notices", "tocsin-notices")],
)
def test_each_job_is_a_flow_of_its_own_and_its_name_stays(job, flow):
    assert flow_id(job) == flow
    assert [step_id(job, step) for step in (ids.READ, ids.INTAKE, ids.ALERTS, ids.NOTICES)] == [
        f"{flow}.read", f"{flow}.intake.rules", f"{flow}.alerts.slots", f"{flow}.notices.slots",
    ]  # fmt: skip


def test_a_job_keeps_what_its_stages_keep():
    assert {job: [KEEPS[stage] for stage in stages] for job, stages in STAGES.items()} == {
        "all": ["alerts.slots", "notices.slots"], "intake": [], "alerts": ["alerts.slots"], "notices": ["notices.slots"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (Layout(4, 1, 64, {"raw": 16}, "alerts", 3), "the state has format 2, this program keeps format 3"),
        (Layout(4, 1, 64, {"raw": 16}, "alerts", 1), "the state has format 2, this program reads up to 1"),
        (Layout(4, 1, 64, {"raw": 16}, "alerts"), "the state is that of job `all`, not of `alerts`"),
        (Layout(4, 1, 64, {"raw": 16}), "the state is that of 2 workers, not of 4"),
        (Layout(2, 1, 64, {"raw": 16}), "the state is that of worker 0, not of worker 1"),
        (Layout(2, 0, 64, {"raw": 16}), "the state has 256 slots, not 64"),
        (Layout(2, 0, 256, {"raw": 16}), "topic raw had 8 partitions, now it has 16"),
    ],
    ids=["older", "newer", "job", "workers", "worker", "slots", "partitions"],
)
def test_of_several_differences_the_one_that_says_most_is_told(now, why):
    assert check_layout(SAVED, now).startswith(why)


def test_of_topics_that_changed_the_first_by_name_is_told_and_one_that_is_new_is_none():
    saved = Layout(2, 0, 256, {"b": 8, "a": 8, "gone": 8})
    told = check_layout(saved, Layout(2, 0, 256, {"b": 16, "a": 4, "new": 16}))
    assert told.startswith("topic a had 8 partitions, now it has 4: ")


def test_a_directory_that_is_in_use_is_refused_by_its_name_and_free_again_afterwards(tmp_path):
    with hold(tmp_path):
        with pytest.raises(SettingsError) as told, hold(tmp_path):
            pass
        assert str(told.value) == f"{tmp_path}: another process has it in use; stop that job first"
    with hold(tmp_path):
        pass
