"""The engine is told of every key that a batch may change: only those are snapshotted (engine.md 1.2; design.md 1)."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from operators.batch import InOrder, state_of
from operators.intake.intake import Intake
from operators.intake.poll import Polled, Raw
from operators.model.alert import Alert
from operators.model.records import DeadLetter
from operators.model.slot import KEYS, SHARED
from operators.state.slot import Slot
from tests.replay.driver import RULES, T0, command, delete, event, put, replay_of, strategy_event
from tests.replay.scenes import SERIES, SETTINGS, scenes
from tests.replay.test_laws import KNOWN


class Stages:
    """Intake and the lifecycle, with the engine's part played by hand."""

    def __init__(self, rules=RULES, options=None):
        made = replay_of(rules, options).intake
        self.intake = Intake(made.settings, lambda: made.book)
        self.lifecycle = InOrder(made.settings)
        self.worker = self.lifecycle.worker


def raws(lines):
    texts = (line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    return [Raw(None, "input", str(number), text, "mixed") for number, text in enumerate(texts, 1)]


def fed(stages, lines, clock=None, kept=None):
    """Feed lines as one poll; return the keys shared to, and the documents said. What is `kept` is what slots begin with."""
    lifecycle, said = stages.lifecycle, []
    shares = lifecycle.share([stages.intake.take(Polled(raws(lines), clock))])
    for key, share in shares:
        if key not in lifecycle._known:
            lifecycle.begin(key) if kept is None else lifecycle.adopt(kept[key])
        said += [thing for one in lifecycle.run(share) for thing in one.documents]
    return {key for key, _ in shares}, said


def standing(stages):
    """Every key's bytes."""
    return {key: stages.lifecycle.snapshot(key) for key in KEYS}


def changed(stages, lines, clock=None):
    """Feed lines; return the keys whose bytes changed, and the keys the engine was told of."""
    before = standing(stages)
    keys, _ = fed(stages, lines, clock)
    after = standing(stages)
    return {key for key in KEYS if after[key] != before[key]}, keys


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(scenes(KNOWN, size=25), st.lists(st.integers(1, 4), min_size=1), st.integers(0, 3000))
def test_nothing_changes_of_which_the_engine_is_not_told(lines, sizes, more):
    stages = Stages(SERIES, SETTINGS)
    fed(stages, [])
    sizes = sizes * len(lines)
    while lines:
        size = sizes.pop()
        really, told = changed(stages, lines[:size])
        assert really <= told
        lines = lines[size:]
    really, told = changed(stages, [], stages.worker.clock + more)
    assert really <= told


def test_the_first_poll_wakes_every_key():
    assert fed(Stages(), [strategy_event(0)])[0] == set(KEYS)


def test_a_batch_wakes_only_what_it_may_change():
    stages = Stages()
    fed(stages, [])
    keys, _ = fed(stages, [strategy_event(0)])
    assert keys == {SHARED, *stages.worker.states.slots}


def test_a_timer_wakes_its_slot():
    stages = Stages({})
    fed(stages, [])
    fed(stages, [event(0)])
    (slot,) = stages.worker.states.slots
    assert fed(stages, [], T0 + 3599)[0] == {SHARED}
    assert fed(stages, [], T0 + 3600)[0] == {SHARED, slot}


def test_a_command_by_alert_id_and_a_change_of_rules_wake_what_they_reach():
    stages = Stages()
    fed(stages, [])
    _, said = fed(stages, [strategy_event(0)])
    (slot,) = stages.worker.states.slots
    name = next(thing.id for thing in said if type(thing).__name__ == "Alert")
    assert slot in fed(stages, [command(1, "ack", alert_id=name)])[0]
    assert slot in fed(stages, [delete(2, strategies=[1])])[0]


NODE = {"bk_host_id": 1, "ip": "10.0.0.1", "bk_cloud_id": 0, "bk_biz_id": 2}


def test_what_stands_behind_a_change_of_rules_is_read_under_the_new_rules():
    stages = Stages({})
    fed(stages, [])
    _, said = fed(stages, [put(0, hosts=[NODE]), event(1)])
    assert [thing.bk_biz_id for thing in said if type(thing).__name__ == "Alert"] == [2]


def restarted(stages, again, *lines):
    """What the stages say of lines after a restart, their rules and slots as they were."""
    again.intake.begin(stages.intake.snapshot())
    _, said = fed(again, lines, kept=standing(stages))
    return [thing for thing in said if type(thing).__name__ == "Alert"]


def test_a_restart_reads_under_the_rules_of_before():
    stages = Stages({})
    fed(stages, [put(0, hosts=[NODE])])
    assert [alert.bk_biz_id for alert in restarted(stages, Stages({}), event(1))] == [2]


def test_a_shield_by_command_holds_after_a_restart():
    silence = {
        "id": 9,
        "category": "strategy",
        "dimension_config": {"strategy_id": [1]},
        "begin_time": T0,
        "end_time": T0 + 900,
    }
    stages = Stages()
    fed(stages, [command(0, "shield", shield=silence)])
    assert [alert.is_shielded for alert in restarted(stages, Stages(), strategy_event(5))] == [True]


def test_an_odd_fingerprint_in_a_command_wakes_no_key_of_its_own():
    stages = Stages()
    fed(stages, [])
    keys, _ = fed(stages, [command(0, "ack", dedupe_md5="zz")])
    assert keys <= set(KEYS)


def test_a_key_without_state_restores_as_an_empty_slot():
    lifecycle = Stages().lifecycle
    empty = lifecycle.snapshot("a7")
    assert Stages().lifecycle.adopt(empty) == "a7"
    assert state_of(empty) == Slot().snapshot()


def opened(raw):
    """The creation of what a raw record opens, and the dead letters, in seconds after T0."""
    stages = Stages()
    fed(stages, [])
    stages.worker.fold(stages.intake.record(raw))
    said = stages.worker.drain().documents
    alerts = [thing.create_time - T0 for thing in said if isinstance(thing, Alert)]
    return alerts, [str(thing.reason) for thing in said if isinstance(thing, DeadLetter)]


def test_a_record_whose_arrival_the_source_knows_is_not_believed_about_it():
    line = json.dumps(strategy_event(0)).encode()
    assert opened(Raw(T0 + 50, "raw", "0:0", line)) == ([50], [])


def test_a_record_of_a_file_arrives_when_it_says_but_not_much_later_than_now():
    line = json.dumps(strategy_event(50)).encode()
    assert opened(Raw(None, "file", "1", line, latest=T0 + 50)) == ([50], [])
    assert opened(Raw(None, "file", "1", line, latest=T0 + 49)) == ([], ["from_the_future"])
