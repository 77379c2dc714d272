"""A restored state holds one object for what it says twice or has in common with others, as one that events have made."""

from operators.model.identity import LONGEST_SHARED, same_text, same_value
from operators.state.slot import Slot
from tests.replay.driver import event, lines_of, replay_of


def restored(*events):
    """Return states that events made, and the same ones restored, by fingerprint."""
    driver = replay_of({})
    for line in lines_of(events):
        driver.fold(line)
    slots = driver.worker.states.slots
    made = {md5: state for slot in slots.values() for md5, state in slot.states.items()}
    again = [Slot.restore(slot.snapshot()) for slot in slots.values()]
    return made, {md5: state for slot in again for md5, state in slot.states.items()}


def test_it_is_equal_to_the_one_that_was_kept():
    made, again = restored(
        *(event(second, target=f"10.0.0.{second % 7}", tags=[{"key": "a", "value": [1, True]}]) for second in range(90))
    )
    for state in made.values():
        assert state.asked is not None
        state.asked = None  # of that process alone
    assert made == again


def test_what_two_states_have_in_common_is_one_object():
    tags = [{"key": "device", "value": "cpu0"}]
    made, again = restored(
        *(event(0, target=f"10.0.0.{last}", tags=tags, dedupe_keys=["tags.device"]) for last in range(1, 9))
    )
    for states in (made, again):
        one, other = list(states.values())[:2]
        assert one.alert.event.tags[0].key is other.alert.event.tags[0].key
        assert one.alert.event.tags[0].value is other.alert.event.tags[0].value
        assert one.alert.dimensions[0].value is one.alert.event.tags[0].value
    assert one.alert.event.dedupe_keys is other.alert.event.dedupe_keys
    assert one.alert.event.plugin_id is other.alert.event.plugin_id
    assert one.alert.extra_info is other.alert.extra_info
    assert one.alert.dimensions[0].display_key is other.alert.dimensions[0].display_key


def test_what_a_state_says_twice_is_one_object():
    _, again = restored(event(0), event(10))
    (state,) = again.values()
    assert state.alert.event.dedupe_md5 is state.alert.dedupe_md5 is state.dedupe_md5
    assert state.alert.event.alert_name is state.alert.alert_name
    assert state.alert.latest_time is state.alert.event.time
    assert state.run.event_id is state.alert.event.id


def test_no_long_text_is_remembered():
    for length, is_shared in ((LONGEST_SHARED, True), (LONGEST_SHARED + 1, False)):
        for same in (same_text, same_value):
            one, other = ("".join(["x"] * length) for _ in range(2))
            assert (same(one) is same(other)) is is_shared
