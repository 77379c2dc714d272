"""What is kept of fingerprints and what they share: deadlines, ids, states by slot, limits, and all of it as bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.limits.quota import Counter
from operators.model.settings import CoreSettings
from operators.model.snapshot import SnapshotError
from operators.rules.book import RuleBook
from operators.state.scene import VERSION, Limits, Scene, ShieldNews, Told, default_notice
from operators.state.slot import ARRAY32, Slot, count_in
from operators.state.slots import States
from operators.state.state import OPENERS, RECENT, State, remember, seen
from operators.state.timers import Timers, sooner
from tests.operators.check.made import T0, book, strategy
from tests.operators.state.staged import kept, run


def scene(settings=None, rules=None, limits=None):
    return Scene(settings or CoreSettings(), rules or RuleBook.empty(), say=print, hand=print, limits=limits)


# --- deadlines


@pytest.mark.parametrize(
    ("due", "began", "stale", "wakes"),
    [
        (None, None, None, None),
        (9, None, None, 9),
        (None, 5, None, 65),
        (None, None, 7, 67),
        (None, 5, 7, 65),
        (None, 9, 7, 67),
        (64, 5, 7, 64),
        (65, 5, 7, 65),
        (66, 5, 7, 65),
        (99, None, 7, 67),
    ],
    ids=[
        "nothing", "a look", "a run", "a document", "a run first", "a document first", "a look first",
        "a look and a run", "a run before a look", "a document before a look",
    ],
)  # fmt: skip
def test_a_state_wakes_at_its_next_deadline(due, began, stale, wakes):
    open_run = None if began is None else run(begin=began)
    assert State("a" * 32, 1, 1, due=due, run=open_run, stale_since=stale).wakes_at() == wakes


@pytest.mark.parametrize(
    ("one", "other", "found"), [(None, None, None), (0, None, 0), (None, 0, 0), (3, 2, 2), (2, 2, 2)]
)
def test_never_comes_after_every_second(one, other, found):
    assert sooner(one, other) == found


def test_slots_due_are_those_of_all_who_asked_for_a_second_up_to_now():
    timers = Timers()
    for number, at in enumerate([50, 10, 30, 20, 40]):
        timers.schedule(State(f"{number:02x}" + "0" * 30, 1, 1), at)
    assert [timers.slots_due(now) for now in (9, 10, 29, 30)] == [set(), {"01"}, {"01", "03"}, {"01", "02", "03"}]
    assert timers.next_due() == 10


def test_asking_for_slots_takes_nothing_out():
    timers, state = Timers(), State("a" * 32, 1, 1)
    timers.schedule(state, 5)
    timers.slots_due(9)
    assert timers.pop(9) is state


def test_what_is_forgotten_fires_no_more():
    timers, states, state = Timers(), States(), State("a" * 32, 1, 1)
    states.put(state)
    timers.schedule(state, 5)
    states.drop(state.dedupe_md5)
    assert timers.pop(5) is None


# --- recent ids


def key(number):
    return number.to_bytes(8, "big")


@given(st.lists(st.integers(0, 99), max_size=150))
def test_an_id_is_new_unless_it_is_among_the_last_sixty_four_new_ones(numbers):
    recent, known = bytearray(), []
    for number in numbers:
        assert remember(recent, key(number)) is (number not in known[-RECENT:])
        if number not in known[-RECENT:]:
            known.append(number)
    assert bytes(recent) == b"".join(map(key, known[-RECENT:]))


def test_how_much_is_remembered():
    assert (RECENT, OPENERS) == (64, 4)
    assert not seen(b"", key(1))


# --- states


def named(md5, *ids, **fields):
    alert, *previous = (kept(id=one, dedupe_md5=md5) for one in ids)
    return State(md5, 1, 1, alert=alert, previous=tuple(previous), **fields)


def test_a_fingerprint_in_capitals_is_in_the_slot_of_its_small_letters():
    states = States()
    states.put(State("AB" + "0" * 30, 1, 1))
    assert list(states.slots) == ["ab"]
    assert states.get("AB" + "0" * 30) is not None
    assert states.get("ab" + "0" * 30) is None


def test_dropping_a_state_forgets_the_ids_of_all_its_alerts():
    states, one = States(), named("a" * 32, "new", "old")
    states.put(one)
    states.reindex(one, ())
    assert [states.named(name) for name in ("new", "old", "gone")] == [one, one, None]
    assert [states.find(name).id for name in ("new", "old")] == ["new", "old"]
    states.drop("a" * 32)
    assert [states.get("a" * 32), states.named("new"), states.named("old")] == [None] * 3
    states.put(State("a" * 32, 1, 1))
    assert [states.named(name) for name in ("new", "old")] == [None, None]


def test_what_is_open_is_what_has_not_ended():
    states = States()
    for digit, status in zip("abc", ("ABNORMAL", "CLOSED", "RECOVERED"), strict=True):
        states.put(State(digit * 32, 1, 1, alert=kept(id=digit, status=status)))
    states.put(State("d" * 32, 1, 1))
    assert [one.id for one in states.open()] == ["a"]


def test_what_is_unwritten_comes_in_order_of_slots():
    states = States()
    states.put(named("c" * 32, "1", run=run()))
    states.put(named("a" * 32, "2", stale_since=T0))
    states.put(named("b" * 32, "3"))
    assert [one.dedupe_md5[0] for one in states.unwritten()] == ["a", "c"]


@pytest.mark.parametrize("count", [0, 1, 255, 256])
def test_the_states_of_a_snapshot_are_counted_without_reading_them(count):
    slot = Slot()
    for number in range(count):
        slot.put(State(f"a7{number:030x}", 1, 1))
    data = slot.snapshot()
    assert (count_in(data), data[1:2]) == (count, ARRAY32)


def test_what_is_no_snapshot_of_a_slot_holds_nothing():
    assert (count_in(b""), count_in(b"\x02"), count_in(b"\x01\x90")) == (0, 0, 0)


# --- what fingerprints share

NEWS = ShieldNews({"5": Told("end", 9)}, "v", 77)


def test_a_scene_goes_through_a_snapshot():
    one = scene()
    one.alert_quota.counters["a"] = Counter(T0, 3)
    one.retired = {"1": strategy()}
    other = scene()
    kept_ = other.restore(one.snapshot(T0, NEWS, "v", {"x": 9}))
    assert (kept_.clock, kept_.news, kept_.rules_version, kept_.awaited) == (T0, NEWS, "v", {"x": 9})
    assert (other.alert_quota.counters, other.retired) == ({"a": Counter(T0, 3)}, {"1": strategy()})


def test_a_snapshot_without_limits_leaves_those_at_hand_alone():
    one, other = scene(), scene()
    one.alert_quota.counters["a"] = Counter(T0, 3)
    other.alert_quota.counters["b"] = Counter(T0, 4)
    noise = other.noise
    other.restore(one.snapshot(T0, NEWS, "v", {}, limits=False))
    assert (other.alert_quota.counters, other.noise) == ({"b": Counter(T0, 4)}, noise)


def test_limits_may_be_shared():
    limits = Limits(CoreSettings())
    one, other = scene(limits=limits), scene(limits=limits)
    assert (one.alert_quota, one.action_quota, one.counts, one.noise) == (
        other.alert_quota, other.action_quota, other.counts, other.noise,
    )  # fmt: skip
    assert scene().counts is not one.counts


def test_a_shared_snapshot_of_a_newer_program_is_refused():
    data = scene().snapshot(T0, NEWS, "v", {})
    assert data[0] == VERSION
    with pytest.raises(SnapshotError, match="snapshot of shared state has format"):
        scene().restore(bytes((VERSION + 1,)) + data[1:])


def test_a_strategy_is_in_force_while_it_is_in_the_book_and_enabled():
    one = scene(rules=book(strategies={"1": strategy(), "2": strategy(id="2", is_enabled=False)}))
    one.retired = {"3": strategy(id="3"), "1": strategy(name="old")}
    assert [one.in_force(name) is not None for name in "1234"] == [True, False, False, False]
    assert [one.strategy(name) and one.strategy(name).name for name in "1234"] == ["CPU usage"] * 3 + [None]


# --- the notice of third-party alerts (design.md 7.17)


@pytest.mark.parametrize(
    ("given_", "interval", "signal"),
    [
        (None, 86400, ("abnormal", "recovered", "closed", "no_data")),
        ({}, 86400, ("abnormal", "recovered", "closed", "no_data")),
        ({"config": {"notify_interval": 60}}, 60, ("abnormal", "recovered", "closed", "no_data")),
        ({"config": {"need_poll": False}}, 86400, ("abnormal", "recovered", "closed", "no_data")),
        ({"signal": ["abnormal"]}, 86400, ("abnormal",)),
    ],
    ids=["unset", "empty", "an interval", "another key", "signals"],
)
def test_a_default_notice_repeats_daily_unless_it_says_otherwise(given_, interval, signal):
    found = default_notice(CoreSettings(default_notice=given_))
    assert (found.config.notify_interval, found.signal) == (interval, signal)


@pytest.mark.parametrize(
    ("given_", "place"),
    [({"config": 5}, "default_notice.config"), ({"colour": 1}, "default_notice"), ({"signal": ["loud"]}, "default_notice.signal[0]")],
    ids=["no mapping", "unknown key", "unknown signal"],
)  # fmt: skip
def test_what_is_no_notice_is_refused_with_its_place(given_, place):
    with pytest.raises(ValueError, match=rf"^{place.replace('[', r'.').replace(']', '.')}"):
        default_notice(CoreSettings(default_notice=given_))
