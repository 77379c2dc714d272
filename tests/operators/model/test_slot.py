"""Every worker reads all commands; of what it says of one, exactly one worker speaks."""

import json

import pytest

from operators.batch import Polled, Raw
from operators.lifecycle.host import Host
from operators.lifecycle.worker import Worker
from operators.model.records import DeadLetter
from operators.model.settings import CoreSettings
from operators.model.slot import Owner
from operators.rules.book import RuleBook

T = 1_700_000_000
MD5 = "a7" + "0" * 30
ID = f"{T}a70123456789"
SHIELD = {"id": 5, "category": "scope", "scope_type": "biz", "begin_time": T, "end_time": T + 60}


def render(*_):
    raise AssertionError


def workers():
    return [Host(Worker(CoreSettings(), RuleBook.empty(), render), RuleBook.empty, Owner(n, 4, 16)) for n in range(4)]


def tell(host, line):
    raw = Raw(T, "commands", "0:0", line if isinstance(line, bytes) else json.dumps(line).encode(), "command")
    said = []
    for key, share in host.take_in([Polled([raw], T)]):
        host.begin(key)
        said += host.run(share)
    return said


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
    hosts = workers()
    for host in hosts:
        tell(host, {"command": "shield", "shield": SHIELD})
    assert [list(host.worker.scene.book.shields) for host in hosts] == [["5"]] * 4
