"""Every worker reads all commands; of what it says of one, exactly one worker speaks."""

import json

import pytest

from operators.intake.intake import Intake
from operators.intake.poll import Polled, Raw
from operators.lifecycle.worker import Worker
from operators.model.records import DeadLetter
from operators.model.settings import CoreSettings
from operators.model.slot import Owner
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
