"""Whatever is done to them in whatever order, all outboxes answer alike."""

import uuid

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from operators.deliver.delivery import Outcome, drop
from sinks.outbox import MemoryOutbox, State, Terms, open_outbox
from tests.sinks.outbox.notices import buried, notice, released, retried, settled

pytestmark = pytest.mark.servers

TERMS = Terms(visibility=60, retention=500)
NAMES = [f"n{number}" for number in range(6)]
names = st.lists(st.sampled_from(NAMES), max_size=4)


def by_id(entries):
    return sorted((entry.taken.notice.id, entry.state, entry.due, entry.error, entry.taken) for entry in entries)


class Agreement(RuleBasedStateMachine):
    """Three outboxes, one clock, and everything ever taken from them."""

    place = ""

    def __init__(self):
        super().__init__()
        self.now = 1000.0
        self.taken = []
        self.outboxes = [
            MemoryOutbox(TERMS),
            open_outbox(":memory:", TERMS),
            open_outbox(f"{self.place}{uuid.uuid4().hex}", TERMS),
        ]

    def all_say(self, ask):
        first, *others = [ask(outbox) for outbox in self.outboxes]
        assert others == [first, first]
        return first

    @rule(seconds=st.sampled_from([0, 1, 30, 59, 60, 61, 400]))
    def wait(self, seconds):
        self.now += seconds

    @rule(names=names)
    def put(self, names):
        ways = {name: ("mail", "sms")[number % 2] for number, name in enumerate(NAMES)}
        self.all_say(lambda outbox: outbox.put([notice(name, way=ways[name]) for name in names], self.now))

    @rule(rooms=st.fixed_dictionaries({"mail": st.sampled_from([0, 99]), "sms": st.sampled_from([0, 99])}))
    def take(self, rooms):
        taken = self.all_say(
            lambda outbox: sorted(outbox.take(rooms.__getitem__, self.now), key=lambda one: one.notice.id)
        )
        self.taken += taken

    @precondition(lambda self: self.taken)
    @rule(data=st.data(), delay=st.sampled_from([1, 60, 100]))
    def record(self, data, delay):
        outcomes = [settled, released, buried, lambda taken: retried(taken, self.now + delay)]
        chosen = data.draw(st.lists(st.tuples(st.sampled_from(self.taken[-8:]), st.sampled_from(outcomes)), max_size=3))
        self.all_say(lambda outbox: outbox.record([make(one) for one, make in chosen], self.now))

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def extend(self, data):
        chosen = data.draw(st.lists(st.sampled_from(self.taken[-8:]), max_size=3))
        self.all_say(lambda outbox: outbox.extend(chosen, self.now))

    @rule(names=names)
    def revive(self, names):
        self.all_say(lambda outbox: outbox.revive(names, self.now))

    @rule(names=st.lists(st.sampled_from(NAMES), unique=True, max_size=2))
    def drop(self, names):
        for entry in self.all_say(lambda outbox: outbox.find(names, self.now)):
            self.all_say(
                lambda outbox, held=entry.taken: outbox.record(
                    [Outcome(held, drop(held, "dropped", self.now))], self.now
                )
            )

    @rule(limit=st.integers(1, 5))
    def write_back(self, limit):
        self.all_say(lambda outbox: [logged.receipt for logged in outbox.receipts(limit)])
        for outbox in self.outboxes:
            outbox.forget([logged.cursor for logged in outbox.receipts(limit)])

    @invariant()
    def alike(self):
        self.all_say(lambda outbox: outbox.depth(self.now))
        for state in State:
            self.all_say(lambda outbox, state=state: by_id(outbox.entries(state, 99, self.now)))

    def teardown(self):
        for outbox in self.outboxes:
            outbox.close()


def test_all_outboxes_agree(redis_address):
    Agreement.place = f"redis://{redis_address}/0/"
    run_state_machine_as_test(
        Agreement,
        settings=settings(
            max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
