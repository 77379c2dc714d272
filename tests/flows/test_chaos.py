"""Kills and outages under load: nothing is lost, nothing doubled (bench/chaos.py says what is looked at)."""

import pytest

from bench.chaos import chaos


@pytest.mark.servers
@pytest.mark.slow
@pytest.mark.timeout(1500)  # most of it is waiting until nothing moves any more
def test_ten_kills_lose_and_double_nothing(tmp_path):
    assert chaos(tmp_path, kills=10, seed=3, rate=80, outage=8.0) == []
