"""The first line of an explanation answers: is somebody told, who, and what holds it back."""

import pytest

from operators.explain.explain import explain
from operators.model.records import Action
from tests.replay.driver import RULES, T0, command, finished, lines_of, receipt, replay_of, strategy_event
from tests.replay.test_commands import MD5

SHIELD = {
    "id": "work",
    "category": "strategy",
    "dimension_config": {"strategy_id": [1]},
    "begin_time": T0 + 5,
    "end_time": T0 + 900,
}


def answered(*lines, rules=RULES, until=20):
    driver = replay_of(rules)
    for line in lines_of([strategy_event(0), *lines]):
        driver.fold(line)
    outcome, scene = driver.outcome, driver.worker.scene
    finished(driver, until)
    (alert,) = outcome.alerts.values()
    actions: list[Action] = list(outcome.actions.values())
    return explain(alert, outcome.logs, actions, now=T0 + until, book=scene.book, settings=scene.settings)


@pytest.mark.parametrize(
    ("lines", "rules", "line"),
    [
        ([receipt(5, notice=0, results={"alice": {"result": True}})], RULES, "Told: alice (mail)"),
        ([], RULES, "On its way to alice (mail)"),
        ([receipt(5, notice=0, results={"alice": {"result": False, "message": "full"}})], RULES, "Not reached: alice (mail, attempt 1: full)"),
        ([command(5, "ack", dedupe_md5=MD5)], RULES, "Nobody is told now: the alert is acknowledged by bob"),
        ([command(5, "shield", shield=SHIELD)], RULES, "Nobody is told now: the alert is shielded by work"),
        ([], {"strategies": [{"id": 1, "name": "CPU usage"}]}, "Nobody is told now: nobody listens"),
    ],
)  # fmt: skip
def test_the_first_line_answers(lines, rules, line):
    assert answered(*lines, rules=rules).answer == line


def test_it_says_until_when_and_who_had_heard():
    told = answered(receipt(4, notice=0, results={"alice": {"result": True}}), command(5, "shield", shield=SHIELD))
    assert (told.until, told.heard) == (T0 + 900, "told: alice (mail)")
    assert answered(command(5, "ack", dedupe_md5=MD5, until=T0 + 600)).until == T0 + 600
