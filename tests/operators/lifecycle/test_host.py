"""The host tells the engine of every key that a batch may change: only those are snapshotted (engine.md 1.2; design.md 1)."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from operators.batch import Polled, Raw
from operators.intake.decode import MIXED
from operators.lifecycle.host import Host
from operators.model.alert import Alert
from operators.model.records import DeadLetter
from operators.model.slot import KEYS, SHARED
from operators.state.slot import Slot
from tests.replay.driver import RULES, T0, command, delete, event, put, replay_of, strategy_event
from tests.replay.scenes import SERIES, SETTINGS, scenes
from tests.replay.test_laws import KNOWN


def host_of(rules=RULES, options=None):
    worker = replay_of(rules, options).worker
    return Host(worker, lambda book=worker.scene.book: book)


def raws(lines):
    texts = (line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    return [Raw(None, "input", str(number), text, MIXED) for number, text in enumerate(texts, 1)]


def fed(host, lines, clock=None):
    """Feed lines as one poll; return the keys shared to, and what was said."""
    shares = host.take_in([Polled(raws(lines), clock)])
    said = []
    for key, share in shares:
        if key not in host._known:
            host.begin(key)
        said += host.run(share)
    return {key for key, _ in shares}, said


def standing(host):
    """Every key's bytes."""
    return {key: host.snapshot(key) for key in KEYS}


def changed(host, lines, clock=None):
    """Feed lines; return the keys whose bytes changed, and the keys the engine was told of."""
    before = standing(host)
    keys, _ = fed(host, lines, clock)
    after = standing(host)
    return {key for key in KEYS if after[key] != before[key]}, keys


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(scenes(KNOWN, size=25), st.lists(st.integers(1, 4), min_size=1), st.integers(0, 3000))
def test_nothing_changes_of_which_the_engine_is_not_told(lines, sizes, more):
    host = host_of(SERIES, SETTINGS)
    fed(host, [])
    sizes = sizes * len(lines)
    while lines:
        size = sizes.pop()
        really, told = changed(host, lines[:size])
        assert really <= told
        lines = lines[size:]
    really, told = changed(host, [], host.worker.clock + more)
    assert really <= told


def test_the_first_poll_wakes_every_key():
    assert fed(host_of(), [strategy_event(0)])[0] == set(KEYS)


def test_a_batch_wakes_only_what_it_may_change():
    host = host_of()
    fed(host, [])
    keys, _ = fed(host, [strategy_event(0)])
    assert keys == {SHARED, *host.worker.states.slots}


def test_a_timer_wakes_its_slot():
    host = host_of({})
    fed(host, [])
    fed(host, [event(0)])
    (slot,) = host.worker.states.slots
    assert fed(host, [], T0 + 3599)[0] == {SHARED}
    assert fed(host, [], T0 + 3600)[0] == {SHARED, slot}


def test_a_command_by_alert_id_and_a_change_of_rules_wake_what_they_reach():
    host = host_of()
    fed(host, [])
    _, said = fed(host, [strategy_event(0)])
    (slot,) = host.worker.states.slots
    name = next(thing.id for thing in said if type(thing).__name__ == "Alert")
    assert slot in fed(host, [command(1, "ack", alert_id=name)])[0]
    assert slot in fed(host, [delete(2, strategies=[1])])[0]


def test_what_stands_behind_a_change_of_rules_is_read_under_the_new_rules():
    host = host_of({})
    fed(host, [])
    node = {"bk_host_id": 1, "ip": "10.0.0.1", "bk_cloud_id": 0, "bk_biz_id": 2}
    _, said = fed(host, [put(0, hosts=[node]), event(1)])
    assert [thing.bk_biz_id for thing in said if type(thing).__name__ == "Alert"] == [2]


def test_a_restart_reads_under_the_rules_of_before():
    host = host_of({})
    fed(host, [put(0, hosts=[{"bk_host_id": 1, "ip": "10.0.0.1", "bk_cloud_id": 0, "bk_biz_id": 2}])])
    kept, again = standing(host), host_of({})
    shares = again.take_in([Polled(raws([event(1)]))])
    said = []
    for key, share in shares:
        if key not in again._known:
            again.adopt(kept[key])
        said += again.run(share)
    assert [thing.bk_biz_id for thing in said if type(thing).__name__ == "Alert"] == [2]


def test_a_shield_by_command_holds_after_a_restart():
    silence = {
        "id": 9,
        "category": "strategy",
        "dimension_config": {"strategy_id": [1]},
        "begin_time": T0,
        "end_time": T0 + 900,
    }
    host = host_of()
    fed(host, [command(0, "shield", shield=silence)])
    kept, again = standing(host), host_of()
    for key in KEYS:
        again.adopt(kept[key])
    _, said = fed(again, [strategy_event(5)])
    assert next(thing.is_shielded for thing in said if type(thing).__name__ == "Alert")


def test_an_odd_fingerprint_in_a_command_wakes_no_key_of_its_own():
    host = host_of()
    fed(host, [])
    keys, _ = fed(host, [command(0, "ack", dedupe_md5="zz")])
    assert keys <= set(KEYS)


def test_a_key_without_state_restores_as_an_empty_slot():
    host = host_of()
    assert host.adopt(b"a7" + Slot().snapshot()) == "a7"
    assert host.snapshot("a7") == b"a7" + Slot().snapshot()


def opened(raw):
    """The creation of what a raw record opens, and the dead letters, in seconds after T0."""
    host = host_of()
    host.take_in([])
    said = []
    for key, share in host.take_in([Polled([raw], T0 + 100)]):
        host.begin(key)
        said += host.run(share)
    alerts = [thing.create_time - T0 for thing in said if isinstance(thing, Alert)]
    return alerts, [str(thing.reason) for thing in said if isinstance(thing, DeadLetter)]


def test_a_record_whose_arrival_the_source_knows_is_not_believed_about_it():
    line = json.dumps(strategy_event(0)).encode()
    assert opened(Raw(T0 + 50, "raw", "0:0", line)) == ([50], [])


def test_a_record_of_a_file_arrives_when_it_says_but_not_much_later_than_now():
    line = json.dumps(strategy_event(50)).encode()
    assert opened(Raw(None, "file", "1", line, latest=T0 + 50)) == ([50], [])
    assert opened(Raw(None, "file", "1", line, latest=T0 + 49)) == ([], ["from_the_future"])
