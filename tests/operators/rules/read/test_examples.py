"""What users read and start from loads, and shows every key there is."""

import re

import pytest

from operators.rules.read.export import schema
from operators.rules.read.load import load
from operators.rules.read.yaml_text import parse_yaml
from tests.operators.rules.books import check_template, loaded
from tests.tree import ROOT

TOP = ROOT
PAGE = (TOP / "docs" / "rules.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
NOT_IN_THE_LIST = {"Channel", "Secret", "RuleTest", "DimensionConfig"}


@pytest.mark.parametrize("name", ["demo/rules", "inhibit", "channels.yaml"])
def test_an_example_loads(name):
    book, errors = load(TOP / "examples" / name, check_template=check_template)
    assert errors == []
    assert book is not None


def test_the_demo_has_most_kinds():
    book, _ = load(TOP / "examples" / "demo" / "rules")
    assert all(
        (
            book.strategies,
            book.shields,
            book.dispatch,
            book.user_groups,
            book.duties,
            book.calendars,
            book.hosts,
            book.tests,
        )
    )


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.partition("\n")[0])
def test_a_block_of_the_page_loads(tmp_path, block):
    assert loaded(tmp_path, block=block)[1] == []


def test_the_page_shows_every_key():
    shown = names_in(parse_yaml(BLOCKS[-1])[0])
    shapes = {name: made for name, made in schema()["$defs"].items() if name not in NOT_IN_THE_LIST}
    assert {key for made in shapes.values() for key in made.get("properties", ())} - shown == set()


def names_in(value):
    if isinstance(value, list):
        return {name for one in value for name in names_in(one)}
    return {*value, *(name for one in value.values() for name in names_in(one))} if isinstance(value, dict) else set()
