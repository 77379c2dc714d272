"""One alert after another of a fingerprint: what is written first, and for how long the earlier ones are known."""

import pytest

from operators.model.reason import OpType, Reason
from operators.model.records import LogEntry
from tests.operators.check.made import T0
from tests.operators.state.staged import Stage, kept, run


def begun(stage, later, name):
    turn = stage.turn(later)
    turn.begin(kept(T0 + later, id=name), None)
    return turn


def test_a_new_alert_is_written_as_its_first_revision_with_places_from_the_first():
    stage = Stage()
    turn = begun(stage, 0, "n")
    turn.log(OpType.CREATE, Reason.OPENED)
    turn.finish()
    assert ([one.id for one in stage.told(LogEntry)], stage.documents[0].revision) == (["n-1-0"], 1)


def test_the_alert_before_is_written_first_with_its_open_run():
    stage = Stage(kept(id="o", end_time=T0), run=run())
    turn = begun(stage, 5, "n")
    turn.finish()
    assert [(one.id, one.revision) for one in stage.documents] == [("o", 2), ("n", 1)]
    assert [one.id for one in stage.told(LogEntry)] == ["o-2-0"]
    assert [one.id for one in stage.state.previous] == ["o"]


def test_a_new_alert_forgets_what_waited_for_the_last():
    stage = Stage(kept(), repeat_waits=True, is_assigned=True, ended_at=T0)
    begun(stage, 5, "n")
    assert (stage.state.repeat_waits, stage.state.is_assigned, stage.state.ended_at) == (False, False, None)


def test_the_last_four_alerts_that_gave_way_are_kept():
    stage = Stage()
    let_go = []
    for number in range(7):
        turn = begun(stage, number, f"{number}")
        stage.state.alert.end_time = T0 + number
        let_go += turn.let_go
        turn.finish()
    assert [one.id for one in stage.state.previous] == ["2", "3", "4", "5"]
    assert let_go == ["0", "1"]


@pytest.mark.parametrize(("later", "known"), [(3599, ["o"]), (3600, []), (3601, [])])
def test_an_alert_that_gave_way_is_kept_as_long_as_one_that_ended(later, known):
    stage = Stage(kept(id="m", end_time=T0 + later), previous=(kept(id="o", end_time=T0),))
    turn = begun(stage, later, "n")
    assert [one.id for one in stage.state.previous] == [*known, "m"]
    assert turn.let_go == ([] if known else ["o"])
