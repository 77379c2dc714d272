"""Junk costs one record: nothing escapes, and what was taken fits into snapshots and documents. `bench/fuzz.py` does more of it."""

import pytest

from bench.fuzz import attack


@pytest.mark.parametrize("seed", [1, 2])
def test_no_input_raises(seed):
    assert sum(1 for _ in attack(3000, seed)) == 3000
