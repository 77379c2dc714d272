"""docs/templates.md names what there is, and all of it."""

import re

import pytest

from sinks.render.alarm import _NOT_HERE, ALARM
from sinks.render.content import CONTENT, DEFAULT_ROWS, SHIELD_ROWS
from sinks.render.inventory import TARGET
from sinks.render.sandbox.filters import ESCAPES, FILTERS
from sinks.render.sandbox.tools import RE
from sinks.render.variables import _TOP
from tests.tree import DOCS

PAGE = (DOCS / "templates.md").read_text("utf-8")
EMPTY = {"remarks", "anomaly_dimensions", "recommended_metrics", "processes", "process"}


@pytest.mark.parametrize(
    ("place", "table"),
    [("alarm", set(ALARM) - set(_NOT_HERE)), ("content", set(CONTENT) - set(SHIELD_ROWS)), ("target", set(TARGET))],
)
def test_the_page_names_every_variable_and_no_other(place, table):
    named = set(re.findall(rf"\b{place}\.([a-z_]+)", PAGE))
    assert named <= table
    assert table - EMPTY <= named


def test_the_page_names_every_variable_at_the_top():
    named = set(re.findall(r"`([a-z_]+)[.`(]", PAGE))
    assert {name for name in _TOP if not name.startswith("_")} - {"alarm", "content", "target", "product"} <= named


def test_the_page_names_every_filter_and_helper():
    listed = set(PAGE.split("these filters:")[1].split("| helper")[0].replace("`", "").split())
    assert listed == {*FILTERS, *ESCAPES} - {"forceescape"}
    for name in RE:
        assert f"`{name}`" in PAGE or f"re.{name}(" in PAGE


def test_the_page_lists_the_rows_of_a_notice_without_template():
    listed = PAGE.split("has the rows\n`")[1].split("`")[0].replace("\n", " ")
    assert tuple(name.strip() for name in listed.split(",")) == DEFAULT_ROWS
