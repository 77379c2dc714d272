"""Slots and what they hold, timers, and rule changes that outlive a restart (design.md 4, 5)."""

from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.model.alert import Alert, KeptAlert, document
from operators.model.snapshot import SnapshotError
from operators.state.packing import DICTIONARY, Packer
from operators.state.slot import PLAIN, VERSION, Slot
from operators.state.slots import States
from operators.state.state import ID_BYTES, RECENT, State, id_key, remember, seen
from operators.state.timers import Timers
from tests.operators.check.made import alert

MD5 = [f"{n:02x}" + "0" * 30 for n in range(256)]


def state(number=0, **fields):
    return State(MD5[number], generation=1, touched=1, **fields)


# --- snapshots


def test_a_slot_restores_what_it_held_in_its_order():
    slot = Slot()
    for number in (3, 1, 2):
        slot.put(state(number, alert=kept(), recent=bytearray(b"12345678"), due=number))
    again = Slot.restore(slot.snapshot())
    assert list(again.states.items()) == list(slot.states.items())
    assert again.snapshot() == slot.snapshot()


def test_a_snapshot_follows_every_change():
    slot = Slot()
    slot.put(state(1))
    before = slot.snapshot()
    slot.put(state(1, due=5))
    slot.put(state(2))
    assert slot.snapshot() != before
    slot.drop(MD5[2])
    slot.put(state(1))
    assert slot.snapshot() == before


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["put", "change", "drop", "snapshot"])), max_size=40))
def test_a_snapshot_is_that_of_a_slot_that_encodes_everything_anew(acts):
    slot = Slot()
    for turn, (number, act) in enumerate(acts):
        known = slot.states.get(MD5[number])
        if act == "put" and known is None:
            slot.put(state(number, due=turn))
        elif act == "change" and known is not None:
            known.due = turn
            known.packed = b""
        elif act == "drop" and known is not None:
            slot.drop(MD5[number])
        elif act == "snapshot":
            slot.snapshot()
    anew = Slot()
    for one in slot.states.values():
        anew.put(one)
    assert slot.snapshot() == anew.snapshot()


def test_a_snapshot_whose_states_are_not_packed_is_read():
    slot = Slot()
    for number in (3, 1):
        slot.put(state(number, alert=kept(), due=number))
    plain = bytes((PLAIN,)) + msgspec.msgpack.encode(list(slot.states.values()))
    again = Slot.restore(plain)
    assert again.states == slot.states
    assert again.snapshot() == slot.snapshot()


def test_what_states_have_in_common_is_part_of_the_format():
    # another text than this one could not read what was packed with it: it needs a version of its own
    assert (
        sha256(DICTIONARY.as_bytes()).hexdigest() == "6bd27ba923dcbb94c3a0a120022fca531ce593e330e1b87086e039f1ee75bd70"
    )


def test_a_state_is_packed_to_a_third_of_its_bytes_at_most():
    one = state(1, alert=kept(), recent=bytearray(b"12345678"), due=5)
    assert 3 * len(Packer().pack(one)) < len(msgspec.msgpack.encode(one))


def test_a_snapshot_begins_with_its_version():
    assert Slot().snapshot()[0] == VERSION


@pytest.mark.parametrize(
    "data",
    [b"", bytes((VERSION + 1,)) + Slot().snapshot()[1:], b"\xff", bytes((VERSION,)), bytes((VERSION,)) + b"junk"],
)
def test_what_this_program_cannot_read_is_refused(data):
    with pytest.raises(SnapshotError):
        Slot.restore(data)


def test_a_newer_snapshot_is_refused_with_both_versions():
    with pytest.raises(SnapshotError, match=f"version {VERSION + 1}.*up to {VERSION}"):
        Slot.restore(bytes((VERSION + 1,)))


# --- recent ids


@given(st.lists(st.binary(min_size=ID_BYTES, max_size=ID_BYTES), max_size=200))
def test_the_last_sixty_four_ids_are_known(ids):
    recent = bytearray()
    for one in ids:
        remember(recent, one)
    assert len(recent) <= RECENT * ID_BYTES
    assert all(seen(recent, one) for one in ids[-RECENT:])
    assert not seen(recent, b"\x00" * 4 + b"\xff" * 4) or b"\x00" * 4 + b"\xff" * 4 in ids


def test_an_id_is_not_found_across_the_border_of_two():
    recent = bytearray(b"aaaabbbb")
    remember(recent, b"ccccdddd")
    assert seen(recent, b"ccccdddd")
    assert not seen(recent, b"bbbbcccc")


def test_an_id_is_kept_as_eight_bytes():
    assert id_key("0123456789abcdef" * 2) == bytes.fromhex("0123456789abcdef")


# --- states


def kept(time=1000, **changes):
    """Return an alert as a state keeps it."""
    one = alert(time, **changes)
    return KeptAlert(**{name: getattr(one, name) for name in one.__struct_fields__})


def states_of(one):
    states = States()
    states.put(one)
    states.reindex(one, ())
    return states


def test_alert_ids_find_their_state_until_it_is_dropped():
    one = kept()
    states = states_of(state(5, alert=one))
    assert states.find(one.id) is one
    states.drop(MD5[5])
    assert states.find(one.id) is None
    states.drop(MD5[5])


def test_an_alert_that_gave_way_is_found_until_it_is_let_go():
    old, new = kept(1000, status="CLOSED"), kept(2000)
    one = state(5, alert=new, previous=(old,))
    states = states_of(one)
    assert (states.find(old.id), states.find(new.id)) == (old, new)
    one.previous = ()
    states.reindex(one, (old.id,))
    assert states.find(old.id) is None
    assert list(states.open()) == [new]


def test_a_restored_slot_is_found_by_alert_id():
    states, slot = States(), Slot()
    slot.put(state(5, alert=kept()))
    states.adopt("05", Slot.restore(slot.snapshot()))
    assert states.find(kept().id) == kept()


# --- documents


def test_a_document_is_a_copy_that_nobody_can_change():
    one = kept()
    said = document(one)
    one.latest_time += 60
    assert (type(said), said) == (Alert, alert(1000))
    with pytest.raises(AttributeError):
        said.latest_time = 0


# --- timers

asked = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 50)), max_size=40)


@given(asked)
def test_timers_go_off_in_order_each_fingerprint_at_its_earliest(requests):
    timers, earliest = Timers(), {}
    states = [State(md5, 1, 1) for md5 in MD5]
    for number, due in requests:
        timers.schedule(states[number], due)
        earliest[number] = min(due, earliest.get(number, due))
    for now in range(51):
        expected = sorted(MD5[number] for number, due in earliest.items() if due == now)
        assert {
            key for due, key in ((due, MD5[number][:2]) for number, due in earliest.items()) if due == now
        } <= timers.slots_due(now)
        went = []
        while (state := timers.pop(now)) is not None:
            went.append(state.dedupe_md5)
        assert went == expected


def test_no_deadline_asks_for_nothing():
    timers = Timers()
    timers.schedule(State(MD5[0], 1, 1), None)
    assert timers.next_due() is None
    assert timers.pop(10**10) is None


def test_a_fingerprint_may_ask_again_once_it_went_off():
    timers, state = Timers(), State(MD5[0], 1, 1)
    timers.schedule(state, 5)
    assert timers.pop(5) is state
    timers.schedule(state, 9)
    assert (timers.next_due(), timers.pop(8), timers.pop(9)) == (9, None, state)
