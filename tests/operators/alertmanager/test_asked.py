"""A silence as it is asked for covers what was meant, and nothing else."""

import pytest

from operators.alertmanager.asked import Asked, shield_asked, silenced_alert
from operators.alertmanager.matchers import parse_matcher
from operators.explain.preview import preview
from operators.rules.read.alone import read_alone
from operators.rules.shapes.model import Shield
from tests.replay.driver import RULES, T0, command, event, finished, lines_of, replay_of, strategy_event

POLLING = {
    **RULES,
    "strategies": [
        {**RULES["strategies"][0], "notice": {"user_groups": ["ops"], "config": {"notify_interval": 300}}},
    ],
}
TAGS = [{"key": "service", "value": "web"}, {"key": "env", "value": "prod"}]
OPEN = [
    strategy_event(0, target="10.0.0.1"),
    strategy_event(0, target="10.0.0.2", event_id="two"),
    event(0, target="db-1", target_type="SERVICE", event_id="three", tags=TAGS, alert_name="Slow"),
]


def shield(asked, begin=5, end=900):
    return shield_asked(asked, "s", 0, T0 + begin, T0 + end, "alice", "why")


def silent(asked):
    """Names of the targets that a silence keeps quiet."""
    out = replay_silence(shield(asked))
    return sorted(one["event"]["target"] for one in out.alerts if one["is_shielded"])


def replay_silence(document, lines=(), until=10, rules=RULES):
    driver = replay_of(rules)
    for line in lines_of([*OPEN, command(5, "shield", shield=document), *lines]):
        driver.fold(line)
    return finished(driver, until)


def matching(*texts):
    return tuple(parse_matcher(text) for text in texts)


@pytest.mark.parametrize(
    ("asked", "targets"),
    [
        (Asked(targets=("10.0.0.1",)), ["10.0.0.1"]),
        (Asked(targets=("10.0.0.1", "db-1")), ["10.0.0.1", "db-1"]),
        (Asked(targets=("10.0.0",)), []),
        (Asked(names=("CPU usage",)), ["10.0.0.1", "10.0.0.2"]),
        (Asked(names=("CPU usage",), targets=("10.0.0.2",)), ["10.0.0.2"]),
        (Asked(matchers=matching("service=web")), ["db-1"]),
        (Asked(matchers=matching("service=web", "env=~pr.*")), ["db-1"]),
        (Asked(matchers=matching("service=web", "env!=prod")), []),
        (Asked(matchers=matching("service=web"), targets=("10.0.0.1",)), []),
        (Asked(matchers=matching("service!=web")), ["10.0.0.1", "10.0.0.2"]),
    ],
)
def test_a_silence_covers_what_was_meant(asked, targets):
    assert silent(asked) == targets


def test_a_silence_of_one_alert_ends_with_it():
    alert_id = next(one["id"] for one in replay_silence(shield(Asked())).alerts if one["event"]["target"] == "10.0.0.1")
    document = shield(Asked(alert_id=alert_id))
    again = [strategy_event(20, "RECOVERED", target="10.0.0.1"), strategy_event(40, target="10.0.0.1")]
    out = replay_silence(document, again, until=60)
    first, second = (one for one in out.alerts if one["event"]["target"] == "10.0.0.1")
    assert (first["id"], first["shield_id"], second["is_shielded"]) == (alert_id, ["s"], False)
    assert silenced_alert(document) == alert_id


@pytest.mark.parametrize("asked", [Asked(targets=("x",)), Asked(names=("x",)), Asked(matchers=matching("a=b"))])
def test_other_silences_end_with_no_alert(asked):
    assert silenced_alert(shield(asked)) is None


def test_what_only_matchers_say_is_shown_to_the_tools_of_alertmanager_as_it_was_written():
    assert shield(Asked(matchers=matching("a=b")))["matchers"] == ['a="b"']
    assert "matchers" not in shield(Asked(matchers=matching("a=b"), targets=("x",)))


@pytest.mark.parametrize("end", [299, 300, 900, 1000])
def test_a_preview_counts_the_repeats_that_a_silence_holds_back(end):
    """Of an alert that goes on without a pause."""
    document = shield(Asked(targets=("10.0.0.1",)), end=end)
    driver = replay_of(POLLING)
    for line in lines_of(OPEN):
        driver.fold(line)
    value, _ = read_alone(document, Shield)
    scene = driver.worker.scene
    found = preview(value, driver.worker.states.open(), scene.book, scene.settings, T0 + 5)
    going_on = [strategy_event(at, target="10.0.0.1", event_id=f"e{at}") for at in range(10, end + 1, 10)]
    out = replay_silence(document, going_on, until=end, rules=POLLING)
    held = [one for one in out.actions if one["reason"] == "shielded_by_rule"]
    assert [one.event.target for one in found.alerts] == ["10.0.0.1"]
    assert found.notices == len(held)
