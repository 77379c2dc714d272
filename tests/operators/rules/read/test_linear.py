"""The work of reading a file grows with its size and no faster, whatever mistakes are in it."""

import sys

import pytest

from operators.rules.read.documents import documents_in
from operators.rules.read.load import load


def listed(kind, documents):
    return f'{{"{kind}": [{",".join(documents)}]}}'


def objects(count):
    return listed("businesses", (f'{{"id": {n}, "id": {n}}}' for n in range(count)))


def keys(count):
    return listed("businesses", ['{"id": 1, ' + ",".join(f'"k{n}": 1, "k{n}": 2' for n in range(count)) + "}"])


def nested(count):
    roles = ",".join(f'"r{n}": [], "r{n}": []' for n in range(count))
    return listed("businesses", [f'{{"id": 1, "roles": {{{roles}}}}}'])


def ids(count):
    return listed("user_groups", ['{"id": 1, "users": ["alice"]}'] * count)


def strangers(count):
    return "{" + ",".join(f'"kind{n}": []' for n in range(count)) + "}"


def dangling(count):
    return listed(
        "strategies", (f'{{"id": {n}, "name": "x", "notice": {{"user_groups": ["g{n}"]}}}}' for n in range(count))
    )


def lines_run(path):
    """Return how many lines of Python reading a file runs."""
    count = 0

    def trace(_frame, event, _argument):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        load([path])
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("suffix", ["json", "yaml"])
@pytest.mark.parametrize("made", [objects, keys, nested, ids, strangers, dangling])
def test_twice_the_file_is_at_most_a_little_more_than_twice_the_work(made, suffix, tmp_path):
    small, large = tmp_path / f"small.{suffix}", tmp_path / f"large.{suffix}"
    small.write_text(made(100))
    large.write_text(made(200))
    lines_run(small)  # what is remembered is made now
    assert lines_run(large) < 2.2 * lines_run(small)


@pytest.mark.parametrize("made", [objects, keys])
def test_a_hundred_thousand_doubled_keys_are_all_told(made, tmp_path):
    file = tmp_path / "rules.json"
    file.write_text(made(100_000))
    errors = documents_in(file).errors
    assert len(errors) == 100_000
    assert str(errors[-1]).startswith(f"{file}: businesses[")
