"""A mistake names the line it stands in."""

import json
from pathlib import Path

import pytest

from operators.rules.read.lines import with_lines
from operators.rules.read.load import load

OPS = "user_groups:\n  - {id: ops, name: Ops, users: [alice], ways: [mail]}\n"


def lines(file: Path) -> list[int]:
    return [error.line for error in with_lines(load([file])[1])]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# a comment\n\nstrategies:\n  - id: 1\n    name: a\n    nonsense: 1\n", 6),
        ("strategies:\n  - id: 1\n    name: a\n    notice:\n      user_groups:\n        - nobody\n", 6),
        ("strategies:\n  - {id: 1, name: a}\n\n  - {id: 1, name: b}\n", 4),
        ("strategies:\n  - {id: 1}\n", 2),
        ("strategies: []\nsheilds: []\n", 2),
    ],
    ids=["key", "reference", "double id", "missing", "kind"],
)
def test_a_mistake_in_yaml_has_its_line(tmp_path: Path, text: str, line: int):
    file = tmp_path / "a.yaml"
    file.write_text(text)
    assert lines(file) == [line]
    assert str(with_lines(load([file])[1])[0]).startswith(f"{file}:{line}: ")


def test_a_mistake_in_json_has_its_line(tmp_path: Path):
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"strategies": [{"id": 1, "name": "a"}, {"id": 2}]}, indent=1))
    assert lines(file) == [7]


@pytest.mark.parametrize("text", ["", "strategies: {"])
def test_a_file_that_is_wrong_as_a_whole_has_no_line(tmp_path: Path, text: str):
    file = tmp_path / "a.yaml"
    file.write_text(text)
    assert set(lines(file)) == {0}
