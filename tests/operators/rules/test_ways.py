"""Every way is one row and one module, and what is told of ways elsewhere comes from the row."""

from importlib import import_module

import pytest

from operators.rules.shapes.channel import COMMON_FIELDS, Channel
from operators.rules.shapes.ways import TABLE, WAY_ALIASES, WAYS
from sinks.render.media import medium_of
from tests.operators.rules.books import complaints
from tests.tree import ROOT


@pytest.mark.parametrize("way", TABLE, ids=lambda way: way.name)
def test_a_way_has_a_module_that_opens_its_channel(way):
    assert callable(import_module(f"sinks.channels.{way.channel}").open_channel)


@pytest.mark.parametrize("way", TABLE, ids=lambda way: way.name)
def test_a_channel_takes_the_fields_of_its_row_and_no_other(way):
    assert way.needs <= way.takes <= set(Channel.__struct_fields__) - COMMON_FIELDS
    for field in set(Channel.__struct_fields__) - COMMON_FIELDS - way.takes - {"tls", "starttls", "plain_login"}:
        value = {"env": "X"} if field in ("secret", "password") else {"A": "b"} if field == "headers" else 25 if field == "port" else "PUT" if field == "method" else "http://h" if field == "url" else "x"  # fmt: skip
        assert any(f"takes no '{field}'" in told for told in complaints(channels=[{"way": way.name, field: value}]))


@pytest.mark.parametrize("way", TABLE, ids=lambda way: way.name)
def test_a_way_is_written_for_the_medium_of_its_row(way):
    assert medium_of(way.name).name == way.medium


@pytest.mark.parametrize("way", [way for way in TABLE if way.hook_hosts], ids=lambda way: way.name)
def test_the_address_of_a_hook_is_a_secret(way):
    for host in (*way.hook_hosts, *(f"prod-7.{host}" for host in way.hook_hosts)):
        (told,) = complaints(channels=[{"way": way.name, "url": f"https://{host}/x"}])
        assert "the address holds a secret" in told


def test_names_and_aliases_are_unique():
    assert len(set(WAYS) | WAY_ALIASES.keys()) == len(WAYS) + len(WAY_ALIASES)


def test_the_page_of_channels_names_every_way():
    page = (ROOT / "docs" / "channels.md").read_text()
    assert [way for way in WAYS if way not in page] == []
