"""The shields that people set over alerts at hand ask for what names them, or for what they share."""

import pytest

from operators.rules.ask.shields import covering
from operators.rules.book import RuleBook
from operators.rules.one_alert import SCOPES, Terms, shields_of
from operators.rules.read.alone import read_alone
from operators.rules.shapes.model import Shield
from tests.sinks.store.samples import alert

TERMS = Terms("by", 1, 2_000_000_000, "alice", "why")
ONE = alert(1)
SAME_NAME = alert(2, event_changes={"target": "10.0.0.9|0"}, strategy_id="7")
OTHER = alert(3, alert_name="Disk full", strategy_id="8", event_changes={"target": "10.0.0.8|0"})


def asked(shield):
    return {one["key"]: one["value"] for one in shield["dimension_config"]["dimension_conditions"]}


def test_a_shield_of_an_alert_asks_for_everything_that_names_it():
    (shield,) = shields_of([ONE], "alert", TERMS)
    assert asked(shield) == {
        "alert.name": ["CPU usage"], "strategy_id": ["1"], "tags.device": ["/dev/vda1"], "target": ["10.0.0.1|0"],
    }  # fmt: skip


def test_alerts_that_share_what_is_asked_share_a_shield():
    (shield,) = shields_of([ONE, SAME_NAME, OTHER], "name", TERMS)
    assert asked(shield) == {"alert.name": ["CPU usage", "Disk full"]}
    assert len(shields_of([ONE, SAME_NAME, OTHER], "alert", TERMS)) == 3
    (target,) = shields_of([ONE], "target", TERMS)
    assert asked(target) == {"target": ["10.0.0.1|0"]}


@pytest.mark.parametrize("scope", SCOPES)
def test_what_a_shield_was_made_of_is_covered_by_it_and_others_are_not(scope):
    documents = shields_of([ONE], scope, TERMS)
    shields = [read_alone(one, Shield)[0] for one in documents]
    covers = [covering(one, RuleBook.empty()) for one in shields]
    found = [one for one in (ONE, SAME_NAME, OTHER) if any(cover(one) for cover in covers)]
    assert found == ([ONE, SAME_NAME] if scope == "name" else [ONE])
