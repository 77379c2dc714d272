"""When an alert that has ended is let go of, and what is kept longer (design.md 5, 7.45)."""

import pytest

from operators.lifecycle.forget import forget
from operators.model.memory import Anomaly, CheckMemory
from tests.operators.check.made import T0
from tests.operators.state.staged import Stage, kept, run

RECENT = bytearray(b"12345678")


def gone(later, due=None, **known):
    stage = Stage(kept(status="CLOSED", end_time=T0), **({"ended_at": T0} | known))
    turn = stage.turn(later)
    turn.look(due)
    return forget(turn), turn.due and turn.due - T0, stage


@pytest.mark.parametrize(
    ("later", "is_gone", "asks"),
    [(3599, False, 3600), (3600, True, None), (9999, True, None)],
    ids=["it may still be asked for", "an hour after its end", "later"],
)
def test_an_alert_that_ended_goes_after_its_retention(later, is_gone, asks):
    found, due, stage = gone(later)
    assert (found, due) == (is_gone, asks)
    assert stage.state.alert is not None


def test_a_record_since_then_keeps_it_for_as_long():
    assert gone(3600, touched=T0 + 50)[:2] == (False, 3650)


def test_what_is_asked_for_later_keeps_it():
    assert gone(3600, due=T0 + 4000)[:2] == (False, 4000)


def test_check_results_keep_it_while_a_window_can_reach_them():
    later = CheckMemory((Anomaly(T0 + 3500, 2),))
    found, due, _ = gone(3600, checks=later)
    assert (found, due > 3600) == (False, True)


@pytest.mark.parametrize(
    ("later", "known", "is_gone", "asks"),
    [
        (86400, {"recent": RECENT, "newest": T0}, False, 86401),
        (86401, {"recent": RECENT, "newest": T0}, True, None),
        (3600, {"recent": RECENT, "newest": T0, "late_until": T0 + 90_000}, False, 90_000),
        (3600, {"newest": T0}, True, None),
    ],
    ids=["its events may come again", "they would be too old", "an end is remembered", "nothing came"],
)
def test_what_tells_its_events_from_new_ones_is_kept_longer(later, known, is_gone, asks):
    found, due, stage = gone(later, **known)
    assert (found, due) == (is_gone, asks)
    assert (stage.state.alert is None) is not is_gone


def test_what_waited_for_its_minute_is_written_before_it_goes():
    _, _, stage = gone(3600, run=run(), stale_since=T0)
    assert (stage.entries, len(stage.documents)) == ([("CONVERGE", "repeated")], 1)
