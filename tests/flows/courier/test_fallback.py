"""A file stands in for channels only where there is none at all, or where it was asked for."""

from pathlib import Path

import pytest

from flows.courier.setup import Fleets
from operators.rules.shapes.model import Channel
from sinks.channels.plain import File

SLACK = Channel(way="slack", url="http://127.0.0.1:9/x")


@pytest.mark.parametrize(
    ("rules", "is_asked", "stands_in"),
    [((), False, True), ((SLACK,), False, False), ((SLACK,), True, True), ((), True, True)],
)
def test_a_file_stands_in_for_a_way(tmp_path: Path, rules: tuple, is_asked: bool, stands_in: bool):
    fleets = Fleets(lambda: rules, File(tmp_path / "n"), {}, only_without_channels=not is_asked)
    assert isinstance(fleets.channels.get("mail"), File) is stands_in


def test_the_file_goes_when_the_first_channel_comes(tmp_path: Path):
    rules: list[Channel] = []
    fleets = Fleets(lambda: tuple(rules), File(tmp_path / "n"), {}, only_without_channels=True)
    assert "mail" in fleets.channels
    rules.append(SLACK)
    fleet = fleets.news()
    assert fleet is not None
    assert "mail" not in fleet.channels
