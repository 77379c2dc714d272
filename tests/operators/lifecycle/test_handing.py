"""Which alerts a summary may yet name, and must see change (design.md 7.25)."""

import pytest

from operators.lifecycle.handing import Handing
from operators.model.alert import document
from operators.model.settings import ConvergeSettings, CoreSettings
from operators.state.state import State
from tests.operators.check.made import T0
from tests.operators.state.staged import MD5, kept, states_of

SETTINGS = CoreSettings(converge=ConvergeSettings(window=100, delay=20), check_interval=10)
HORIZON = 100 + 2 * 20 + 10


def handing(until_named=("1",)):
    made = Handing(SETTINGS)
    for name in until_named:
        made.hands(name, T0)
    return made


@pytest.mark.parametrize(("later", "told"), [(0, True), (HORIZON - 1, True), (HORIZON, False)])
def test_an_alert_that_changed_is_told_as_long_as_a_summary_may_name_it(later, told):
    made, state = handing(), State(MD5, 1, 1, alert=kept(id="1"))
    made.changes(state)
    found = list(made.stands(states_of(state), T0 + later))
    assert [(one.stands, one.at) for one in found] == ([(document(state.alert), T0 + later)] if told else [])


def test_a_change_is_told_once_and_as_it_then_stands():
    made, state = handing(), State(MD5, 1, 1, alert=kept(id="1"))
    made.changes(state)
    made.changes(state)
    state.alert.status = "CLOSED"
    assert [one.stands.status for one in made.stands(states_of(state), T0)] == ["CLOSED"]
    assert list(made.stands(states_of(state), T0)) == []


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({"alert": kept(id="2")}, []),
        ({"alert": kept(id="2"), "previous": (kept(id="1"),)}, ["1"]),
        ({"alert": None}, []),
    ],
    ids=["another alert", "one that gave way", "none"],
)
def test_alerts_of_which_nothing_was_handed_over_are_told_to_nobody(known, told):
    made, state = handing(), State(MD5, 1, 1, **known)
    made.changes(state)
    assert [one.stands.id for one in made.stands(states_of(state), T0)] == told


def test_an_alert_that_gave_way_is_told_once_more_and_then_never():
    made, state = handing(("1", "2")), State(MD5, 1, 1, alert=kept(id="2"), previous=(kept(id="1", status="CLOSED"),))
    told = []
    for later in (0, 1):
        made.changes(state)
        told.append([one.stands.id for one in made.stands(states_of(state), T0 + later)])
    assert told == [["2", "1"], ["2"]]


def test_what_no_summary_can_name_any_more_is_let_go():
    made = handing(("1", "2"))
    made.hands("2", T0 + HORIZON - 1)
    made.hands("3", T0 + HORIZON)
    assert made.awaited == {"2": T0 + 2 * HORIZON - 1, "3": T0 + 2 * HORIZON}
