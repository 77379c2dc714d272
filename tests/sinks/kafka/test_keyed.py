"""Slots fall evenly into partitions, and each partition is that of the worker that owns its slots (design 5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.model.slot import SLOTS, Owner, slot_of
from sinks.kafka.keyed import ALLOWED, FINGERPRINT, check_partitions, partition_of

SIZES = sorted(ALLOWED)


@pytest.mark.parametrize(
    ("md5", "partitions", "partition"),
    [
        ("00" + "f" * 30, 16, 0), ("a7" + "0" * 30, 16, 7), ("A7" + "0" * 30, 16, 7), ("ff" + "0" * 30, 256, 255),
        ("ff" + "0" * 30, 1, 0), ("10" + "0" * 30, 16, 0),
    ],
)  # fmt: skip
def test_the_partition_of_a_fingerprint_is_its_slot_modulo_their_number(md5, partitions, partition):
    assert partition_of(md5, partitions) == partition


@pytest.mark.parametrize("partitions", [1, 2, 4, 8, 16, 32, 64, 128, 256])
def test_a_power_of_two_up_to_256_is_allowed_and_shares_slots_out_evenly(partitions):
    check_partitions("keyed", partitions)
    counts = [0] * partitions
    for slot in SLOTS:
        counts[partition_of(slot + "0" * 30, partitions)] += 1
    assert set(counts) == {256 // partitions}


@pytest.mark.parametrize("partitions", [0, 3, 12, 255, 257, 512, -1])
def test_any_other_number_of_partitions_is_refused_with_its_topic(partitions):
    with pytest.raises(
        ValueError, match=f"^topic keyed: {partitions} partitions; slots need a power of two, at most 256$"
    ):
        check_partitions("keyed", partitions)


@given(st.text("0123456789abcdefABCDEF", min_size=32, max_size=32), st.sampled_from(SIZES), st.integers(0, 3))
def test_whoever_reads_a_partition_owns_the_slots_in_it(md5, partitions, exponent):
    workers = min(1 << exponent, partitions)
    reader = partition_of(md5, partitions) % workers
    owners = [worker for worker in range(workers) if Owner(worker, workers, partitions).owns(slot_of(md5))]
    assert owners == [reader]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("a" * 32, True), ("A" * 32, True), ("a" * 31, False), ("a" * 33, False), ("g" * 32, False), ("a" * 32 + "\n", False), ("", False)],
)  # fmt: skip
def test_a_fingerprint_is_32_hex_digits(text, is_one):
    assert (FINGERPRINT.fullmatch(text) is not None) is is_one
