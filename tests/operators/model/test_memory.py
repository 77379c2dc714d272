"""What is remembered, and what goes through snapshots."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.model.event import SAID_TIME, described
from operators.model.memory import CALM, Anomaly, CheckMemory, Flapping, Normal, StrategySnapshot
from operators.model.reason import Reason
from operators.model.records import Action
from operators.model.shield import ShieldDocument
from operators.model.snapshot import SnapshotError, pack, unpack
from tests.operators.check.made import event


@pytest.mark.parametrize(
    ("flapping", "is_on", "span"),
    [
        (CALM, False, 0),
        (Flapping((5,)), False, 0),
        (Flapping((5, 9, 12)), False, 7),
        (Flapping((5, 65), 1), True, 60),
        (Flapping((5, 5), 6), True, 0),
    ],
    ids=["calm", "one change", "some changes", "flapping", "within a second"],
)
def test_flapping_lasts_from_the_first_change_to_the_last(flapping, is_on, span):
    assert (flapping.is_on, flapping.span) == (is_on, span)


@pytest.mark.parametrize(
    ("extra", "shown"),
    [({}, "text"), ({SAID_TIME: 7}, "text (its clock said 7: the time of its arrival counts)"), ({SAID_TIME: None}, "text")],
    ids=["its time counts", "its clock was ahead", "null"],
)  # fmt: skip
def test_an_event_whose_clock_was_ahead_says_so(extra, shown):
    assert described(event(description="text", extra_info=extra)) == shown


def test_an_event_without_description_still_says_that_its_clock_was_ahead():
    assert described(event(extra_info={SAID_TIME: 7})) == "(its clock said 7: the time of its arrival counts)"


END = {"end_time": 100}


@pytest.mark.parametrize(
    ("shield", "ended", "ends"),
    [
        (END, None, 100),
        (END, 40, 40),
        (END, 100, 100),
        (END, 140, 100),
        ({"end_time": 100.9}, None, 100),
        ({"end_time": "2027-01-01T00:00:00+08:00"}, None, 0),
        ({"end_time": "2027-01-01T00:00:00+08:00"}, 40, 40),
        ({}, None, 0),
        ({}, 40, 40),
    ],
    ids=[
        "by itself", "by command", "by both", "by command, after its end", "a fraction", "as text", "as text, by command",
        "never said", "never said, by command",
    ],
)  # fmt: skip
def test_a_shield_ends_with_the_earlier_of_its_end_and_the_command(shield, ended, ends):
    assert ShieldDocument(id="1", time=5, shield=shield, ended=ended).ends == ends


def _action(**changes):
    given_ = {
        "id": "a", "time": 5, "alert_ids": ("1",), "strategy_id": "1", "relation_id": "notice", "plugin_type": "notice",
        "signal": "abnormal", "notice_type": "normal", "execute_times": 1, "status": "received",
    }  # fmt: skip
    return Action(**(given_ | changes))


def test_an_action_goes_on_as_its_next_revision():
    one = _action(receivers={"mail": ["alice"]})
    moved = one.moved("skipped", Reason.MERGED)
    assert (moved.status, moved.reason, moved.failure_type, moved.revision) == ("skipped", "merged", "", 2)
    assert (moved.id, moved.receivers, one.status, one.revision) == ("a", {"mail": ["alice"]}, "received", 1)


def test_an_action_that_goes_on_leaves_its_reason_behind():
    failed = _action().moved("failure", Reason.NOT_DELIVERED, "execute_failure")
    assert (failed.reason, failed.failure_type) == ("not_delivered", "execute_failure")
    healed = failed.moved("success", None)
    assert (healed.reason, healed.failure_type, healed.revision) == ("", "", 3)


# --- snapshot bytes

memories = st.builds(
    CheckMemory,
    st.lists(st.builds(Anomaly, st.integers(0, 99), st.integers(1, 3), st.booleans()), max_size=3).map(tuple),
    st.lists(st.builds(Normal, st.integers(0, 99), st.integers(1, 3), st.none() | st.floats(allow_nan=False)), max_size=2).map(tuple),
    st.none() | st.integers(0, 99), st.none() | st.integers(0, 99), st.booleans(), st.booleans(),
)  # fmt: skip


@given(memories, st.integers(0, 255), st.integers(0, 255))
def test_what_was_packed_is_unpacked_by_the_same_and_by_newer_programs(memory, wrote, reads):
    data = pack(wrote, memory)
    assert data[0] == wrote
    if wrote <= reads:
        assert unpack("x", reads, data, CheckMemory) == memory
    else:
        with pytest.raises(
            SnapshotError, match=f"^snapshot of x has format {wrote}, this program reads up to {reads}: "
        ):
            unpack("x", reads, data, CheckMemory)


def test_an_older_memory_lacks_what_was_added_at_its_end():
    older = pack(1, [[[5, 2]]])
    assert unpack("x", 1, older, CheckMemory) == CheckMemory((Anomaly(5, 2, False),))


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"", "snapshot of x is empty"), (b"\x01", "cannot be read"), (b"\x01\xc1", "cannot be read"), (pack(1, {"levels": "a"}), "cannot be read")],
    ids=["empty", "a version and nothing", "no msgpack", "another shape"],
)  # fmt: skip
def test_a_damaged_snapshot_is_refused(data, says):
    with pytest.raises(SnapshotError, match=says):
        unpack("x", 1, data, StrategySnapshot)


def test_a_snapshot_that_was_cut_is_refused_wherever_it_was_cut():
    data = pack(3, CheckMemory((Anomaly(5, 2),), last_check=9))
    for length in range(len(data)):
        with pytest.raises(SnapshotError):
            unpack("x", 3, data[:length], CheckMemory)


def test_a_snapshot_is_a_version_and_msgpack():
    assert msgspec.msgpack.decode(pack(7, CheckMemory())[1:]) == [[], [], None, None, False, False]
