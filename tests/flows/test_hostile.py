"""A hostile morning: every good event is found, every mistake is a dead letter, nothing stops the job."""

from collections import Counter

import pytest

from bench.hostile import lines, run

COUNT = 1500


def test_the_morning_has_enough_of_everything():
    kinds = Counter(line.kind for line in lines(COUNT, seed=3))
    assert min(kinds["good"], kinds["bad"], kinds["odd"]) > COUNT / 10


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 4])
def test_on_sqlite(seed, tmp_path):
    outcome = run(tmp_path, COUNT, seed)
    assert outcome.is_well, outcome


@pytest.mark.slow
@pytest.mark.servers
def test_on_elasticsearch(elasticsearch_dsn, tmp_path):
    outcome = run(tmp_path, COUNT, 5, elasticsearch_dsn)
    assert outcome.is_well, outcome
