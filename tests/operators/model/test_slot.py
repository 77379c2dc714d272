"""Every worker reads all commands; of what it says of one, exactly one worker speaks."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.intake.intake import Intake
from operators.intake.poll import Polled, Raw
from operators.lifecycle.worker import Worker
from operators.model.command import ON_ALERTS, ON_SHIELDS, Command
from operators.model.records import DeadLetter
from operators.model.settings import CoreSettings
from operators.model.slot import ALONE, KEYS, SHARED, SLOTS, Owner, slot_of, slot_of_business, slot_of_command
from operators.rules.book import RuleBook

T = 1_700_000_000
MD5 = "a7" + "0" * 30
ID = f"{T}a70123456789"
SHIELD = {"id": 5, "category": "scope", "scope_type": "biz", "begin_time": T, "end_time": T + 60}


class Stages:
    """Intake and the lifecycle of a worker."""

    def __init__(self, owner):
        self.intake = Intake(CoreSettings(), RuleBook.empty, owner=owner)
        self.worker = Worker(CoreSettings())


def workers():
    return [Stages(Owner(n, 4, 16)) for n in range(4)]


def tell(stages, line):
    raw = Raw(T, "commands", "0:0", line if isinstance(line, bytes) else json.dumps(line).encode(), "command")
    for record in stages.intake.take(Polled([raw], T)).records:
        stages.worker.fold(record)
    return stages.worker.drain().documents


@pytest.mark.parametrize(
    ("line", "reason", "speaker"),
    [
        ({"command": "ack", "dedupe_md5": MD5}, "unknown_alert", 0xA7 % 16 % 4),
        ({"command": "ack", "alert_id": ID}, "unknown_alert", 0xA7 % 16 % 4),
        ({"command": "ack", "alert_id": "nonsense"}, "unknown_alert", 0),
        ({"command": "unshield", "id": 77}, "unknown_shield", 0),
        ({"command": "dance"}, "unknown_command", 0),
        (b"{", "not_json", 0),
    ],
)
def test_one_worker_refuses(line, reason, speaker):
    said = [tell(host, line) for host in workers()]
    letters = [[one.reason for one in told if isinstance(one, DeadLetter)] for told in said]
    assert letters == [[reason] if number == speaker else [] for number in range(4)]


def test_a_shield_concerns_every_worker():
    stages = workers()
    for worker in stages:
        tell(worker, {"command": "shield", "shield": SHIELD})
    assert [list(one.worker.scene.book.shields) for one in stages] == [["5"]] * 4


# --- slots


def test_there_are_256_slots_in_order_and_the_shared_key_behind_them():
    assert (len(SLOTS), SLOTS[0], SLOTS[10], SLOTS[-1]) == (256, "00", "0a", "ff")
    assert sorted(KEYS) == list(KEYS) == [*SLOTS, SHARED]


@pytest.mark.parametrize(("md5", "slot"), [("a7" + "0" * 30, "a7"), ("A7" + "F" * 30, "a7"), ("0" * 32, "00")])
def test_a_slot_is_the_first_two_digits_in_lower_case(md5, slot):
    assert slot_of(md5) == slot


@given(st.text(max_size=5))
def test_every_business_has_a_slot(business):
    assert slot_of_business(business) in SLOTS


@given(st.sampled_from([1, 2, 4, 16, 256]), st.integers(1, 8))
def test_every_slot_is_owned_by_just_one_worker(partitions, workers):
    owners = [Owner(n, workers, partitions) for n in range(workers)]
    for slot in SLOTS:
        (owner,) = [one for one in owners if one.owns(slot)]
        assert owner.worker == int(slot, 16) % partitions % workers


def test_a_worker_alone_owns_all_and_speaks_for_all():
    assert all(ALONE.owns(slot) for slot in SLOTS)
    assert ALONE.is_first
    assert [Owner(n, 2).is_first for n in (0, 1)] == [True, False]


@pytest.mark.parametrize("command", sorted(ON_ALERTS))
@pytest.mark.parametrize(
    ("named", "slot"),
    [
        ({"dedupe_md5": MD5}, "a7"), ({"dedupe_md5": MD5.upper()}, "a7"), ({"alert_id": ID}, "a7"),
        ({"alert_id": ID.upper()}, "a7"), ({"dedupe_md5": "0b" + "0" * 30, "alert_id": ID}, "0b"), ({}, None),
        ({"alert_id": ID[:11]}, None), ({"alert_id": "x" * 22}, None), ({"dedupe_md5": "a"}, None), ({"dedupe_md5": "-1"}, None),
    ],
    ids=[
        "fingerprint", "in capitals", "alert", "alert in capitals", "both", "neither", "a cut id", "no hex", "one digit", "a sign",
    ],
)  # fmt: skip
def test_a_command_goes_to_the_slot_of_the_alert_that_it_names(command, named, slot):
    assert slot_of_command(Command(command, **named)) == slot


@pytest.mark.parametrize("command", sorted(ON_SHIELDS))
def test_a_command_about_shields_has_no_slot(command):
    assert slot_of_command(Command(command, dedupe_md5=MD5, alert_id=ID)) is None
