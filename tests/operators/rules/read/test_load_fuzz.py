"""Whatever a rule file holds, the loader answers with a book or with mistakes; it never raises."""

import copy

import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.operators.rules.books import built, loaded
from tests.operators.rules.full import FULL

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.just({})
    | st.just([])
)


@given(st.data())
def test_a_document_with_something_else_somewhere_loads_or_is_refused(data):
    kinds = copy.deepcopy(FULL)
    for _ in range(data.draw(st.integers(1, 3))):
        spoil(kinds, data)
    book, errors = built(kinds)
    assert (book is None) == bool(errors)
    assert all(str(error) for error in errors)


def spoil(value, data):
    """Walk down somewhere and put another value, or another key, there."""
    while True:
        steps = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
        if not steps:
            return
        step = data.draw(st.sampled_from(list(steps)))
        if not isinstance(value[step], dict | list) or data.draw(st.integers(0, 5)) == 0:
            value[step] = data.draw(LEAVES)
            if isinstance(value, dict) and data.draw(st.booleans()):
                value[data.draw(st.text(max_size=5))] = data.draw(LEAVES)
            return
        value = value[step]


@given(st.binary(max_size=300))
def test_no_bytes_make_the_loader_raise(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("rules")
    book, errors = loaded(folder, a=content)
    assert (book is None) == bool(errors)


TEXT = yaml.safe_dump(FULL, sort_keys=False).encode()


@given(st.integers(0, len(TEXT) - 1), st.integers(0, 40), st.binary(max_size=6))
def test_no_broken_file_makes_the_loader_raise(tmp_path_factory, place, cut, inserted):
    folder = tmp_path_factory.mktemp("rules")
    book, errors = loaded(folder, a=TEXT[:place] + inserted + TEXT[place + cut :])
    assert (book is None) == bool(errors)
