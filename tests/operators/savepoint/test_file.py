"""A job that changes the number of its workers goes on as if it had never stopped (design.md 5)."""

import json
from collections import Counter

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from operators.converge.pending import ENDS
from operators.intake.decode import MIXED
from operators.intake.name import take_in
from operators.intake.poll import Polled
from operators.limits import quota
from operators.model import snapshot
from operators.model.slot import ALONE, SHARED, SLOTS, Owner
from operators.savepoint.divide import shared_out
from operators.savepoint.file import (
    FORMAT,
    BusinessState,
    FilePlace,
    FilesPlace,
    Head,
    IntakeState,
    KafkaPlace,
    Savepoint,
    SavepointError,
    SharedState,
    SlotState,
)
from operators.savepoint.framing import MAGIC, dump, parse
from operators.savepoint.inherit import read_on_from, states_for
from operators.state.scene import VERSION, Kept, ShieldNews
from operators.state.slot import Slot
from tests.replay.driver import T0, check, command, delete, event, finished, lines_of, put, replay_of, strategy_event
from tests.replay.scenes import EXTRA_SHIELD

ODD = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
HEAD = Head(FORMAT, T0, "0.1.0", "all", 2, 256, {"raw": 16})
SAVED = Savepoint(
    HEAD,
    [KafkaPlace(0, T0, {"raw:0": (7, T0)}), KafkaPlace(1, T0 + 1, {"raw:1": (9, T0)})],
    [IntakeState(0, b"rules")],
    [SharedState(0, b"a"), SharedState(1, b"b")],
    [SlotState(0, "00", b"states")],
    [BusinessState(0, "cf", b"windows")],
)
BYTES = b"".join(dump(SAVED))

# --- the file


def test_what_is_written_is_read():
    assert parse(BYTES) == SAVED


@ODD
@given(st.integers(0, len(BYTES) - 1))
def test_a_file_that_was_cut_off_is_refused(length):
    with pytest.raises(SavepointError, match=r"cut off|no savepoint|damaged"):
        parse(BYTES[:length])


@ODD
@given(st.integers(len(MAGIC), len(BYTES) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused(place, by):
    damaged = bytearray(BYTES)
    damaged[place] ^= by
    with pytest.raises(SavepointError, match=r"damaged|cut off|format"):
        parse(bytes(damaged))


def test_a_newer_format_is_refused_whatever_else_it_holds():
    newer = msgspec.msgpack.encode({"type": "head", "format": FORMAT + 1, "colour": "red"})
    with pytest.raises(SavepointError, match=f"it has format {FORMAT + 1}, this program reads up to {FORMAT}"):
        parse(MAGIC + len(newer).to_bytes(4, "big") + newer)


# --- where to read on


def test_the_clock_is_that_of_the_worker_that_lags_most():
    assert read_on_from(SAVED.places) == KafkaPlace(0, T0, {"raw:0": (7, T0), "raw:1": (9, T0)})


def test_a_worker_without_a_clock_holds_nobody_back():
    assert read_on_from([KafkaPlace(0, 0, {}), KafkaPlace(1, T0, {})]).clock == T0


def test_commands_are_read_on_where_the_hindmost_worker_stood():
    places = [KafkaPlace(0, T0, {"commands:0": (7, T0)}), KafkaPlace(1, T0, {"commands:0": (9, T0)})]
    assert read_on_from(places).partitions == {"commands:0": (7, T0)}


def test_a_partition_that_some_workers_share_is_refused():
    places = [KafkaPlace(worker, T0, {"raw:0": (7 + worker, T0)} if worker else {}) for worker in range(3)]
    with pytest.raises(SavepointError, match="raw:0 was read by several workers, not by all"):
        read_on_from(places)


def test_files_are_read_on_where_they_were_left():
    place = FilesPlace(0, (FilePlace("events.jsonl", 1, 2, 120, 3, 40, 7),))
    assert read_on_from([place]) == place


# --- who gets what


def test_a_slot_that_two_workers_have_state_of_is_refused():
    twice = msgspec.structs.replace(SAVED, slots=[SlotState(0, "a7", b"x"), SlotState(1, "a7", b"y")])
    with pytest.raises(SavepointError, match="slot a7 has state in several workers"):
        states_for(twice, ALONE)


KEPT = Kept(T0, {}, {}, b"", {}, ShieldNews(), "v", {})


def counted(clock, **counters):
    noise = replay_of({}).worker.scene.noise.snapshot()
    return snapshot.pack(VERSION, msgspec.structs.replace(KEPT, clock=clock, alert_quota=counters, noise=noise))


def hits(shared, workers):
    parts = [shared_out(shared, Owner(worker, workers, 16)) for worker in range(workers)]
    return [snapshot.unpack("shared state", VERSION, part, Kept).alert_quota for part in parts]


def test_hits_of_a_quota_are_divided_as_its_threshold_is():
    kept = counted(T0, key=quota.Counter(T0 + 60, 7))
    assert hits([kept], 3) == [{"key": quota.Counter(T0 + 60, count)} for count in (3, 2, 2)]


def test_hits_of_a_quota_are_added_up_where_workers_are_joined():
    one, other = counted(T0, key=quota.Counter(T0 + 60, 7)), counted(T0, key=quota.Counter(T0 + 50, 2))
    assert hits([one, other], 1) == [{"key": quota.Counter(T0 + 60, 9)}]


def test_a_quota_window_that_is_over_is_not_joined():
    one, other = counted(T0, key=quota.Counter(T0 + 60, 7)), counted(T0 + 99, key=quota.Counter(T0 + 50, 2))
    assert hits([one, other], 1) == [{"key": quota.Counter(T0 + 60, 7)}]


# --- the law

ALONE_EACH = {
    "strategies": [
        {
            "id": 1,
            "name": "told",
            "notice": {
                "user_groups": ["ops"],
                "signal": ["abnormal", "recovered", "closed", "ack"],
                "options": {
                    "need_biz_converge": False,
                    "upgrade_config": {"is_enabled": True, "upgrade_interval": 3, "user_groups": ["boss"]},
                },
                "config": {"notify_interval": 90},
            },
        },
    ],
    "user_groups": [
        {"id": "ops", "name": "Ops", "users": ["alice", "carol"], "ways": ["mail", "voice"]},
        {"id": "boss", "name": "Boss", "users": ["bob"], "ways": ["mail"]},
    ],
}
"""Every group of notices is of one fingerprint (chaos_load.py says why)."""
TOGETHER = {
    **ALONE_EACH,
    "strategies": [
        {"id": 1, "name": "told", "notice": {"user_groups": ["ops"], "config": {"notify_interval": 90}}},
        {
            "id": 2,
            "name": "held",
            "notice": {
                "user_groups": ["ops"],
                "options": {"noise_reduce_config": {"is_enabled": True, "dimensions": ["unit"], "count": 30}},
            },
        },
    ],
}
"""Groups and gates of many fingerprints."""
SETTINGS = {
    "recover_delay": 20,
    "ended_retention": 300,
    "timeout": 900,
    "quota": {"alert": {"threshold": 0}, "action": {"threshold": 0}},
    "converge": {"window": 120, "delay": 60, "business_threshold": 1},
    "noise_reduce": {"window": 90},
}
UNITS = 12


def of_unit(at, unit, status="ABNORMAL", strategy=1, **fields):
    return strategy_event(
        at,
        status,
        strategy_id=strategy,
        tags=[{"key": "unit", "value": str(unit)}],
        dedupe_keys=["tags.unit"],
        **fields,
    )


def fingerprint(unit):
    out = replay_of(ALONE_EACH, SETTINGS)
    out.fold(*lines_of([of_unit(0, unit)]))
    return next(iter(out.outcome.alerts.values())).dedupe_md5


MD5S = [fingerprint(unit) for unit in range(UNITS)]


@st.composite
def lines(draw):
    at, found = 0, []
    for _ in range(draw(st.integers(1, 25))):
        at += draw(st.one_of(st.integers(0, 5), st.integers(0, 120)))
        kind = draw(st.integers(0, 12))
        if kind == 0:
            found.append(
                command(
                    at,
                    draw(st.sampled_from(["ack", "close", "comment"])),
                    dedupe_md5=draw(st.sampled_from(MD5S)),
                    message="why",
                )
            )
        elif kind == 1:
            shield = {
                **EXTRA_SHIELD,
                "category": "strategy",
                "dimension_config": {"strategy_id": [1]},
                "begin_time": T0 + at,
                "end_time": T0 + at + 100,
            }
            found.append(command(at, "shield", shield=shield))
        elif kind == 2:
            found.append(
                draw(st.sampled_from([delete(at, strategies=[1]), put(at, strategies=ALONE_EACH["strategies"])]))
            )
        elif kind == 3:
            found.append(check(at, strategy_id=1, anomaly=False, value=1, target_type="HOST", target="10.0.0.1"))
        else:
            status = draw(st.sampled_from(["ABNORMAL", "ABNORMAL", "ABNORMAL", "RECOVERED", "CLOSED"]))
            severity = draw(st.sampled_from([1, 2, 2, 3]))
            found.append(
                of_unit(at, draw(st.integers(0, UNITS - 1)), status, severity=severity, event_id=f"e{len(found)}")
            )
    return found  # fmt: skip


class Team:
    """Workers that share the slots, each with what it has said."""

    def __init__(self, rules, count, savepoint=None):
        self.owners = [Owner(worker, count, 256) for worker in range(count)]
        self.members = [replay_of(rules, SETTINGS) for _ in self.owners]
        for owner, member in zip(self.owners, self.members, strict=True) if savepoint else ():
            states = states_for(savepoint, owner)
            for key, data in states.slots.items():
                member.worker.restore_shared(data) if key == SHARED else member.worker.restore_slot(key, data)
            for slot, data in states.businesses.items():
                member.notices.restore(slot, data)
            member.intake.restore(states.intake)
            for record in member.intake.take(Polled()).records:
                member.worker.fold(record)

    def fold(self, line):
        _, body = take_in(line.raw, self.members[0].intake.book, self.members[0].intake.settings, MIXED)
        slot = (getattr(body, "dedupe_md5", None) or "")[:2]
        for owner, member in zip(self.owners, self.members, strict=True):
            if not slot or owner.owns(slot):
                member.fold(line)

    def savepoint(self):
        states = [(number, member.worker) for number, member in enumerate(self.members)]
        made = Savepoint(
            msgspec.structs.replace(HEAD, workers=len(states)),
            [KafkaPlace(number, worker.clock, {}) for number, worker in states],
            [IntakeState(number, member.intake.snapshot()) for number, member in enumerate(self.members)],
            [SharedState(number, worker.snapshot_shared()) for number, worker in states],
            [
                SlotState(number, key, worker.snapshot_slot(key))
                for number, worker in states
                for key in SLOTS
                if worker.snapshot_slot(key) != Slot().snapshot()
            ],
            [
                BusinessState(number, slot, store.snapshot())
                for number, member in enumerate(self.members)
                for slot, store in member.notices.slots.items()
            ],
        )
        return parse(b"".join(dump(made)))


def told(teams, until):
    """Everything that was said by whoever worked: documents as last said, entries and notices by id."""
    said = {name: {} for name in ("alerts", "logs", "notices", "actions", "signals")}
    for number, (_, members) in enumerate(teams):
        for member in members:
            out = finished(member, until) if number == len(teams) - 1 else taken(member)
            said["alerts"].update((one["id"], one) for one in out.alerts)
            said["actions"].update((one["id"], one) for one in out.actions)
            said["logs"].update((one["id"], one) for one in out.logs)
            said["notices"].update((one["id"], one) for one in out.notices)
            said["signals"].update((json.dumps(one), one) for one in out.signals)
    return said


def taken(member):
    """What a worker said before it was stopped: nothing is flushed."""
    member.worker.states = type(member.worker.states)()
    member.worker._timers = type(member.worker._timers)()
    member.notices.slots.clear()
    return finished(member)


def last(found):
    return max(line["at"] for line in found) - T0


def rescaled(rules, found, until, counts, rng):
    team, teams = Team(rules, counts[0]), []
    left = counts[1:]
    for line in lines_of(found):
        if left and rng.random() < 0.2:
            teams.append((None, team.members))
            team = Team(rules, left.pop(0), team.savepoint())
        team.fold(line)
    return told([*teams, (None, team.members)], until)


@ODD
@given(
    lines(),
    st.integers(0, 2000),
    st.lists(st.integers(1, 4), min_size=2, max_size=5),
    st.randoms(use_true_random=False),
)
def test_workers_that_change_in_number_say_what_one_worker_says(found, more, counts, rng):
    until = last(found) + more
    solo = replay_of(ALONE_EACH, SETTINGS)
    for line in lines_of(found):
        solo.fold(line)
    assert rescaled(ALONE_EACH, found, until, counts, rng) == told([(None, [solo])], until)


@ODD
@given(lines(), st.lists(st.integers(1, 4), min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_whoever_waits_in_a_merge_window_is_told_once_whatever_becomes_of_the_workers(found, counts, rng):
    found = [
        of_unit(line["at"] - T0, line["tags"][0]["value"], line["status"], 2, event_id=line["event_id"])
        if number % 3 == 0 and "tags" in line
        else line
        for number, line in enumerate(found)
    ]
    said = rescaled(TOGETHER, found, last(found) + 5000, counts, rng)
    children = Counter(
        (action, one["way"], receiver)
        for one in said["notices"].values()
        for action in one["action_ids"]
        for receiver in one["receivers"]
    )  # fmt: skip
    assert set(children.values()) <= {1}
    told_of = {action for action, _, _ in children}
    named = {(alert, one["time"]) for one in said["notices"].values() for alert in one["alert_ids"]}
    for action in said["actions"].values():
        # an end whose problem still waits is told by the summary of the problem, which names the problem's action
        by_problem = action["signal"] in ENDS and any(
            alert in action["alert_ids"] and at >= action["time"] for alert, at in named
        )
        is_told = action["id"] in told_of or (action["reason"] == "merged" and by_problem)
        assert is_told == (action["status"] == "success" or action["reason"] == "merged"), action
        assert action["reason"] != "noise_held"


def test_events_of_one_name_are_held_apart_by_their_unit():
    assert len(set(MD5S)) == UNITS
    assert event(0)["event_id"]
