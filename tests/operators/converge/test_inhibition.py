"""The stage by business as it keeps silent what is inhibited: its memory, its snapshots, its parts."""

import msgspec
import pytest

from flows.rules.templates import renderer
from flows.settings.settings import Settings
from operators.converge.inhibition import Kept, Source
from operators.converge.notices import Kept as KeptNotices
from operators.converge.notices import Notices
from operators.converge.owed import Untold
from operators.intake.handover import Clock
from operators.model import snapshot
from operators.model.slot import Owner
from operators.rules.ask.inhibition import Side
from operators.savepoint.divide_merging import business_for
from tests.operators.explain.test_explain import alert
from tests.replay.driver import T0, lines_of, replay_of, tick
from tests.replay.test_inhibition import BOOK, host, service

DAY = 86400


def stores(*lines):
    driver = replay_of(BOOK, {"timeout": DAY})
    for line in lines_of(lines):
        driver.fold(line)
    return list(driver.notices.slots.values())


def kept_of(store):
    return msgspec.msgpack.decode(store.snapshot()[1:], type=KeptNotices).inhibition


def test_a_snapshot_of_before_inhibition_is_read():
    (store,) = stores(host(0), tick(1))
    fields = msgspec.msgpack.decode(store.snapshot()[1:])
    del fields["inhibition"]
    old = store.snapshot()[:1] + msgspec.msgpack.encode(fields)
    fresh = Notices(Settings(), renderer(Settings()))
    fresh.restore(old)
    assert fresh.inhibition.snapshot() == Kept()


def test_nothing_is_kept_where_nothing_is_inhibited():
    driver = replay_of({**BOOK, "inhibits": []}, {})
    for line in lines_of([host(0), service(10), tick(20)]):
        driver.fold(line)
    assert [kept_of(store) for store in driver.notices.slots.values()] == [Kept()]
    assert all(state.known is None for slot in driver.worker.states.slots.values() for state in slot.states.values())


def test_what_has_ended_is_forgotten():
    lines = [host(0), service(10), service(20, instance="web-2"), service(30, "RECOVERED"), host(40, "RECOVERED")]
    (store,) = stores(*lines, tick(50))
    assert kept_of(store).untold == {}
    store.take(Clock(T0 + 10_000))
    assert kept_of(store).sources == {}


def test_a_party_that_comes_again_changes_nothing():
    """A job of alerts that was killed hands over again what it handed over since its last snapshot."""
    handed = []
    driver = replay_of(BOOK, {"timeout": DAY})
    take = driver.notices.take
    driver.notices.take = lambda thing: (handed.append(thing), take(thing))[1]
    for line in lines_of([host(0), host(100, "RECOVERED"), host(200), service(210), tick(220)]):
        driver.fold(line)
    (store,) = driver.notices.slots.values()
    before = kept_of(store)
    said = [one for thing in handed for one in take(thing)] + driver.notices.advance(driver.worker.clock + 10)
    assert said == []
    assert kept_of(store).sources == before.sources
    assert [one.owed for one in kept_of(store).untold.values()] == [one.owed for one in before.untold.values()]


@pytest.mark.parametrize("worker", [0, 1])
def test_a_worker_goes_on_with_the_parties_that_it_owns(worker):
    """Another would never hear that they ended."""
    fingerprints = [f"{number:02x}" + "a" * 30 for number in range(4)]
    sources = {md5: Source(md5, "a", 1, (Side("r", md5[:2]),)) for md5 in fingerprints[:2]}
    one = Kept(sources=sources, untold={fingerprints[0]: Untold(alert())})
    other = Kept(sources={md5: Source(md5, "b", 1) for md5 in fingerprints[2:]}, second=5)
    converge = Notices(Settings(), renderer(Settings())).converge.snapshot()
    states = [snapshot.pack(2, KeptNotices(1, converge, {}, {}, {}, part)) for part in (one, other)]
    part = snapshot.unpack("notices", 2, business_for(states, Owner(worker, 2)), KeptNotices).inhibition
    assert set(part.sources) == {md5 for md5 in fingerprints if int(md5[:2], 16) % 2 == worker}
    assert set(part.untold) == ({fingerprints[0]} if worker == 0 else set())
    assert part.second == 5
    assert part.touched == (("01",) if worker == 0 else ("00",))
