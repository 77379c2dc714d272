"""One mistake a file: each is refused with file, path and reason, and nothing else is."""

import pytest

from operators.rules.read.load import load
from tests.operators.rules.books import check_template
from tests.tree import ROOT

BAD = ROOT / "tests" / "config" / "bad"
FILES = sorted(BAD.glob("*.yaml"))


def test_many_mistakes_are_seeded():
    assert len(FILES) > 50


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_mistake_is_refused_with_file_path_and_reason(file):
    expected = file.read_text().partition("\n")[0].removeprefix("# expect: ")
    book, errors = load(file, check_template=check_template)
    assert book is None
    assert any(expected in str(error) for error in errors), [str(error) for error in errors]
    assert all(str(error).startswith(f"{file}: ") and "\n" not in str(error) for error in errors)


CAUSES_MORE = {"alias_bomb", "circular_parents", "unknown_kind"}


@pytest.mark.parametrize("file", [one for one in FILES if one.stem not in CAUSES_MORE], ids=lambda file: file.stem)
def test_a_mistake_is_told_once(file):
    _, errors = load(file, check_template=check_template)
    assert len(errors) == 1, [str(error) for error in errors]


HANGS_ON_OTHERS = ("unknown_", "circular_parents")
"""What a reference misses may stand in another of the files, broken or not."""


def test_all_mistakes_of_a_directory_are_told_at_once_each_with_its_file():
    alone = [file for file in FILES if not file.stem.startswith(HANGS_ON_OTHERS)]
    _, errors = load(BAD, check_template=check_template)
    told = [str(error) for error in errors]
    expected = {file: file.read_text().partition("\n")[0].removeprefix("# expect: ") for file in alone}
    assert len(alone) > 50
    assert [
        file.stem for file in alone if not any(one.startswith(f"{file}: ") and expected[file] in one for one in told)
    ] == []
