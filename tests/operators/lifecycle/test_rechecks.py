"""What other rules mean for the alerts that are open: which strategies stay, and when each alert is looked at."""

import pytest

from operators.lifecycle.rechecks import looks_to_come, retired
from operators.state.state import State
from tests.operators.check.made import T0, book, strategy
from tests.operators.state.staged import kept, states_of


def opened(*strategy_ids, **about):
    return states_of(
        *(
            State(f"{n:x}" * 32, 1, 1, alert=kept(id=f"{n}", strategy_id=name, dedupe_md5=f"{n:x}" * 32, **about))
            for n, name in enumerate(strategy_ids)
        )
    )


def test_a_strategy_that_leaves_while_an_alert_of_it_is_open_is_kept_in_its_last_form():
    before = book(strategies={"1": strategy(name="now"), "2": strategy(id="2"), "3": strategy(id="3")})
    after = book(strategies={"3": strategy(id="3")})
    known = {"1": strategy(name="once"), "4": strategy(id="4"), "5": strategy(id="5")}
    found = retired(opened("1", "3", "4", ""), before, after, known)
    assert {name: one.name for name, one in found.items()} == {"1": "once", "4": "CPU usage"}


def test_a_strategy_of_ended_alerts_is_not_kept():
    assert retired(opened("1", status="CLOSED"), book(strategies={"1": strategy()}), book(), {}) == {}


@pytest.mark.parametrize(
    ("due", "asked"), [(None, True), (T0 + 99, True), (T0, False)], ids=["no look", "a later one", "a sooner one"]
)
def test_open_alerts_are_looked_at_within_the_interval_unless_they_are_sooner_anyway(due, asked):
    states = opened("1")
    states.get("0" * 32).due = due
    found = looks_to_come(states, T0, 60)
    assert [(one.dedupe_md5, at) for one, at in found] == ([("0" * 32, T0 + 1)] if asked else [])


@pytest.mark.parametrize("within", [1, 7, 60])
def test_looks_are_spread_over_the_interval_and_stay_in_it(within):
    states = states_of(
        *(
            State(f"00{n:06x}" + "0" * 24, 1, 1, alert=kept(id=f"{n}", dedupe_md5=f"00{n:06x}" + "0" * 24))
            for n in range(100)
        )
    )
    seconds = [at - T0 for _, at in looks_to_come(states, T0, within)]
    assert (len(seconds), min(seconds), max(seconds), len(set(seconds))) == (100, 1, within, within)
