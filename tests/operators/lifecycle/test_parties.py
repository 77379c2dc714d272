"""Which alerts the stage by business is told of because a rule of inhibition concerns them (design.md 7.66)."""

import pytest

from operators.lifecycle.parties import news, news_of
from operators.model.alert import document
from operators.rules.book import RuleBook
from operators.state.state import State
from tests.operators.check.made import T0
from tests.operators.rules.books import book_of
from tests.operators.state.staged import MD5, kept, states_of

ASKED = {
    "source": [{"field": "alert.name", "method": "eq", "value": ["down"]}],
    "target": [{"field": "alert.name", "method": "eq", "value": ["slow"]}],
}
INHIBITING = book_of(inhibits=[{"id": 1, **ASKED, "equal": []}])


def party(name, **about):
    return State(MD5, 1, 1, alert=kept(alert_name=name, strategy_id="", **about))


@pytest.mark.parametrize(("name", "source", "target"), [("down", 1, 0), ("slow", 0, 1)])
def test_an_alert_that_a_rule_concerns_is_told_once(name, source, target):
    state = party(name)
    found = news_of(state, INHIBITING, T0)
    assert (len(found.source), len(found.target), found.at, found.party) == (source, target, T0, document(state.alert))
    assert news_of(state, INHIBITING, T0 + 1) is None


def test_an_alert_that_no_rule_concerns_is_told_to_nobody():
    assert news_of(party("other"), INHIBITING, T0) is None
    assert news_of(party("down"), book_of(), T0) is None
    assert news_of(party("down", status="CLOSED"), INHIBITING, T0) is None
    assert news_of(State(MD5, 1, 1), INHIBITING, T0) is None


@pytest.mark.parametrize(("name", "told"), [("slow", True), ("down", False)], ids=["a target", "a source"])
def test_each_document_of_a_target_is_told_and_of_a_source_what_changes_its_side(name, told):
    state = party(name)
    news_of(state, INHIBITING, T0)
    state.alert.revision += 1
    assert (news_of(state, INHIBITING, T0) is not None) is told


def test_the_end_of_a_party_is_told_and_then_it_is_none():
    state = party("down")
    news_of(state, INHIBITING, T0)
    state.alert.status = "RECOVERED"
    found = news_of(state, INHIBITING, T0 + 5)
    assert (found.source, found.party.status, state.known) == ((), "RECOVERED", None)
    assert news_of(state, INHIBITING, T0 + 6) is None


def test_rules_that_no_longer_concern_an_alert_are_told_at_once():
    state = party("down")
    news_of(state, INHIBITING, T0)
    (found,) = news(states_of(state), INHIBITING, book_of(), T0 + 5)
    assert (found.source, found.target) == ((), ())


def test_a_change_of_other_rules_tells_nothing():
    other = book_of(inhibits=[{"id": 1, **ASKED, "equal": []}], strategies=[{"id": 1, "name": "CPU"}])
    states = states_of(party("down"))
    assert list(news(states, INHIBITING, other, T0)) == []
    assert len(list(news(states, RuleBook.empty(), INHIBITING, T0))) == 1


def test_the_first_book_of_a_process_is_compared_with_nothing():
    state = party("down")
    state.known = None
    assert len(list(news(states_of(state), RuleBook.empty(), INHIBITING, T0))) == 1
    assert list(news(states_of(state), RuleBook.empty(), INHIBITING, T0)) == []
