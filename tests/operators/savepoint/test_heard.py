"""Workers that stood at different commands are joined: each command has its effect once, and is told of once."""

import json
from collections import Counter
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from operators.intake.intake import Intake
from operators.intake.name import InForce, Told
from operators.intake.poll import Polled, Raw
from operators.model.command import Command
from operators.model.settings import CoreSettings
from operators.model.slot import Owner
from operators.rules.book import RuleBook
from operators.savepoint.divide import intake_for
from operators.savepoint.file import Head, IntakeState, KafkaPlace
from operators.savepoint.inherit import read_on_from

T0 = 1_700_000_000
PARTITIONS = 16


def shield(number):
    return {
        "id": f"s{number}", "bk_biz_id": 2, "category": "scope", "scope_type": "biz",
        "begin_time": T0, "end_time": T0 + 3600,
    }  # fmt: skip


def on_alert(number):
    return {"command": "comment", "dedupe_md5": f"{number:02x}" * 16, "message": "seen"}


def on_shields(numbers):
    """Some shields, each set, and then ended or not."""
    for number, is_ended in numbers:
        yield {"command": "shield", "shield": shield(number)}
        if is_ended:
            yield {"command": "unshield", "id": f"s{number}"}


commands = st.lists(
    st.one_of(
        st.integers(0, 255).map(lambda number: [on_alert(number)]),
        st.tuples(st.integers(0, 99), st.booleans()).map(lambda one: list(on_shields([one]))),
    ),
    min_size=1, max_size=12, unique_by=lambda group: json.dumps(group[0]),
).map(lambda groups: [dict(one, operator="alice", command_id=f"c{at}") for at, one in enumerate(chain(*groups))])  # fmt: skip


class Worker:
    """The intake of one worker, and what it made of the commands."""

    def __init__(self, owner, state=None):
        self.intake = Intake(CoreSettings(), lambda: BOOK, owner=owner)
        self.intake.begin(state)
        self.intake.take(Polled())
        self.effects, self.told = Counter(), {}

    def hear(self, lines, start, stop):
        for offset in range(start, stop):
            raw = json.dumps(lines[offset]).encode()
            body = self.intake.record(Raw(T0 + offset, "commands", f"0:{offset}", raw, "command")).body
            if isinstance(body, Command):
                self.effects[body.command_id] += 1
            elif isinstance(body, InForce | Told):
                for one in body.documents:
                    if hasattr(one, "outcome"):
                        assert one.id not in self.told
                        self.told[one.id] = one.outcome
        return self


BOOK = RuleBook.empty()


@given(commands, st.data())
def test_every_command_has_its_effect_once_and_is_told_of_once(lines, data):
    donors = data.draw(st.sampled_from([2, 4]))
    stood = [data.draw(st.integers(0, len(lines)), label=f"worker {number}") for number in range(donors)]
    before = [Worker(Owner(number, donors, PARTITIONS)).hear(lines, 0, at) for number, at in enumerate(stood)]
    head = Head(2, T0, "", "all", donors, 256, {"raw": PARTITIONS, "commands": 1})
    places = [KafkaPlace(number, T0, {"commands:0": (at, T0)}) for number, at in enumerate(stood)]
    states = [IntakeState(number, one.intake.snapshot()) for number, one in enumerate(before)]
    joined, begin = intake_for(states, head, places), read_on_from(places).partitions["commands:0"][0]

    after = data.draw(st.sampled_from([1, 2, 4]))
    cut = data.draw(st.integers(begin, len(lines)), label="stopped once more")
    owners = [Owner(number, after, PARTITIONS) for number in range(after)]
    first = [Worker(owner, joined).hear(lines, begin, cut) for owner in owners]
    last = [
        Worker(owner, one.intake.snapshot()).hear(lines, cut, len(lines))
        for owner, one in zip(owners, first, strict=True)
    ]
    alone = Worker(Owner()).hear(lines, 0, len(lines))
    assert sum((one.effects for one in [*before, *first, *last]), Counter()) == alone.effects
    told = [item for one in [*before, *first, *last] for item in one.told.items()]
    assert sorted(told) == sorted(alone.told.items())
    for one in last:
        assert one.intake._changes.documents == alone.intake._changes.documents
        assert one.intake.book.shields.keys() == alone.intake.book.shields.keys()
