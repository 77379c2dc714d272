"""Laws of converge: nobody is told twice or not at all, and neither ticks nor restarts change anything."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.converge.machine import Converge
from operators.model.settings import ConvergeSettings, CoreSettings
from operators.model.slot import slot_of_business
from operators.model.snapshot import SnapshotError
from tests.operators.converge.planned import machine, notice, run

PEOPLE = st.lists(st.sampled_from(["alice", "bob"]), unique=True)
WAYS = st.dictionaries(st.sampled_from(["mail", "sms"]), PEOPLE, max_size=2)
NOTICES = st.fixed_dictionaries(
    {
        "gap": st.sampled_from([0, 0, 1, 20, 59, 60, 61, 119, 120]),
        "strategy": st.sampled_from("abcd"),
        "receivers": WAYS,
        "followers": WAYS,
        "voice": st.booleans(),
        "severity": st.sampled_from([1, 2]),
        "notice_type": st.sampled_from(["normal", "normal", "upgrade"]),
        "need_biz_converge": st.sampled_from([True, True, True, False]),
    },
)
SETTINGS = st.builds(
    lambda window, delay, threshold: CoreSettings(converge=ConvergeSettings(window, delay, threshold)),
    st.sampled_from([0, 1, 30, 120]),
    st.sampled_from([0, 1, 60, 200]),
    st.integers(0, 3),
)


def planned(plans):
    """Return (time, action) in order of time; the alert's name is the place of the action."""
    now, actions = 1000, []
    for place, plan in enumerate(plans):
        fields = dict(plan)
        now += fields.pop("gap")
        if fields.pop("voice"):
            fields["receivers"] = {**fields["receivers"], "voice": [["alice", "bob"]]}
        actions.append((now, notice(str(place), fields.pop("receivers"), **fields)))
    return actions


def expected(actions):
    for _, action in actions:
        for followed, by_way in ((False, action.receivers), (True, action.followers)):
            for way, names in by_way.items():
                for name in names:
                    yield action.id, way, ",".join(name) if way == "voice" else name, followed


def reached(messages):
    """Yield who was told of which action; in a mixed business summary a follower counts as main."""
    for message in messages:
        names = [",".join(message.receivers)] if message.way == "voice" else message.receivers
        for name in names:
            for action_id in message.action_ids:
                yield action_id, message.way, name


@given(st.lists(NOTICES, max_size=25), SETTINGS)
def test_each_planned_receiver_is_told_of_each_action_exactly_once(plans, core):
    actions = planned(plans)
    outcome = run(Converge(core), actions)
    by_role = [(action, way, name) for action, way, name, _ in expected(actions)]
    got, wanted = Counter(reached(outcome.messages)), Counter(by_role)
    assert set(got) == set(wanted)
    # who is main and follower of one action may find both in one business summary
    assert all(got[key] <= wanted[key] for key in wanted)


@given(st.lists(NOTICES, max_size=25), SETTINGS)
def test_each_action_is_settled_once_by_what_happened_when_it_was_planned(plans, core):
    converge = Converge(core)
    for now, action in planned(plans):
        outcome = converge.fold(action, now)
        (settled,) = outcome.actions
        told_now = any(message.time == now and message.action_ids == (action.id,) for message in outcome.messages)
        anybody = any(True for _ in expected([(now, action)]))
        assert settled.status == ("success" if told_now else "skipped")
        assert (settled.reason == "nobody") is not anybody


@given(st.lists(NOTICES, max_size=25), SETTINGS)
def test_ticks_change_nothing(plans, core):
    actions, ticking = planned(plans), Converge(core)
    messages, clock = [], 999
    for now, action in actions:
        for tick in range(clock + 1, now + 1):
            messages += ticking.fire(tick).messages
        messages += ticking.fold(action, now).messages
        clock = now
    for tick in range(clock, clock + 700):
        messages += ticking.fire(tick).messages
    assert tuple(messages) == run(Converge(core), actions).messages


@given(st.lists(NOTICES, max_size=25), SETTINGS, st.integers(0, 25))
def test_a_restored_snapshot_equals_the_run_that_never_stopped(plans, core, stop):
    actions = planned(plans)
    before, after = actions[:stop], actions[stop:]
    converge = Converge(core)
    first = run(converge, before, until=0)
    restored = Converge.restore(converge.snapshot(), core)
    assert restored.next_due() == converge.next_due()
    assert restored.snapshot() == converge.snapshot()
    rest = run(restored, after)
    whole = run(Converge(core), actions)
    assert first.messages + rest.messages == whole.messages
    assert first.actions + rest.actions == whole.actions


@given(st.lists(NOTICES, max_size=25), SETTINGS)
def test_messages_come_in_order_of_time_and_nothing_stays_behind(plans, core):
    converge = Converge(core)
    times = [message.time for message in run(converge, planned(plans)).messages]
    assert times == sorted(times)
    assert converge.next_due() is None
    assert msgspec.msgpack.decode(converge.snapshot()[1:]) | {"last": 0, "calls": {}} == {
        "last": 0, "groups": {}, "gates": {}, "storms": {}, "withheld": {}, "calls": {},
    }  # fmt: skip


@given(st.lists(NOTICES, max_size=25), SETTINGS)
@settings(max_examples=30)
def test_one_machine_a_slot_of_businesses_says_the_same_as_one_for_all(plans, core):
    actions = [
        (now, msgspec.structs.replace(action, bk_biz_id=place % 3))
        for place, (now, action) in enumerate(planned(plans))
    ]
    shards = {
        slot: [pair for pair in actions if slot_of_business(str(pair[1].bk_biz_id)) == slot]
        for _, a in actions
        for slot in [slot_of_business(str(a.bk_biz_id))]
    }
    apart = [message for part in shards.values() for message in run(Converge(core), part).messages]
    assert Counter(map(repr, apart)) == Counter(map(repr, run(Converge(core), actions).messages))


def test_a_snapshot_of_a_newer_program_is_refused():
    data = machine().snapshot()
    with pytest.raises(SnapshotError, match="converge has format 2, this program reads up to 1"):
        Converge.restore(b"\x02" + data[1:], CoreSettings())


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x01\xff", b"\x01\x80"])
def test_a_damaged_snapshot_is_refused(data):
    with pytest.raises(SnapshotError, match="snapshot of converge"):
        Converge.restore(data, CoreSettings())


def test_windows_open_at_a_restart_keep_their_ends_when_settings_change():
    converge = machine()
    run(converge, [(0, notice("a")), (1, notice("b"))], until=1)
    restored = Converge.restore(converge.snapshot(), CoreSettings(converge=ConvergeSettings(delay=5)))
    assert [m.time for m in restored.fire(100).messages] == [60]
