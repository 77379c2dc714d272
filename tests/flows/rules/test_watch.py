"""Rules read in the background."""

import os
import threading
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from flows.rules.files import Directory
from flows.rules.source import Source, SourceUnavailableError, Terms
from flows.rules.watch import SHOWN, Watcher
from operators.rules.read.documents import Found, RuleError
from tests.flows.rules.made import CPU, OPS, found, write


class Said(Source):
    """A source that says what a test lets it say."""

    name, interval = "said", 1.0

    def __init__(self, said: Found | str) -> None:
        self.said, self.reads = said, 0

    def stamp(self):
        return id(self.said)

    def read(self) -> Found:
        self.reads += 1
        if isinstance(self.said, str):
            raise SourceUnavailableError(self.said)
        return self.said


def test_the_first_load_puts_the_book_into_force():
    watcher = Watcher([Said(found(user_groups=[OPS]))], Terms())
    assert watcher.load() == []
    assert list(watcher.holder.current().user_groups) == ["ops"]


def test_the_first_load_tells_every_mistake():
    watcher = Watcher([Said(found(strategies=[CPU, {"id": 2}]))], Terms())
    assert len(watcher.load()) == 2
    assert watcher.holder.current().strategies == {}


def test_a_source_that_cannot_be_asked_at_first_is_a_mistake():
    watcher = Watcher([Said("mysql://host: gone")], Terms())
    assert [str(error) for error in watcher.load()] == ["mysql://host: gone: not available"]


def test_a_change_is_in_force_at_the_next_look_and_is_logged():
    source = Said(found(user_groups=[OPS]))
    watcher = Watcher([source], Terms())
    watcher.load()
    before = watcher.holder.current()
    source.said = found(user_groups=[OPS], strategies=[CPU])
    with capture_logs() as logs:
        watcher.look(time.monotonic() + 1)
    book = watcher.holder.current()
    assert list(book.strategies) == ["1"]
    assert logs == [{"event": "rules changed", "version": book.version, "before": before.version, "log_level": "info"}]


def test_a_source_is_not_asked_before_its_interval_is_over():
    source = Said(found())
    watcher = Watcher([source], Terms())
    watcher.load()
    now = time.monotonic() + 10
    watcher.look(now)
    source.said = found(user_groups=[OPS])
    watcher.look(now + 0.999)
    assert source.reads == 1
    watcher.look(now + 1)
    assert source.reads == 2


def test_mistakes_are_logged_once_and_so_is_their_end():
    source = Said(found())
    watcher = Watcher([source], Terms())
    watcher.load()
    with capture_logs() as logs:
        for step in range(1, 4):
            source.said = Found(errors=tuple(RuleError("a.yaml", str(place), "bad") for place in range(SHOWN + 2)))
            watcher.look(time.monotonic() + 2 * step)
        assert [line.get("path") for line in logs] == [*map(str, range(SHOWN)), None]
        assert logs[-1]["more"] == 2
        source.said = found()
        watcher.look(time.monotonic() + 20)
    assert logs[-1]["event"] == "rules are well again"


def test_a_source_in_trouble_is_told_of_once_and_asked_again():
    source = Said(found(user_groups=[OPS]))
    watcher = Watcher([source], Terms())
    watcher.load()
    source.said = "gone"
    with capture_logs() as logs:
        for step in range(1, 4):
            watcher.look(time.monotonic() + 2 * step)
        assert list(watcher.holder.current().user_groups) == ["ops"]
        source.said = found()
        watcher.look(time.monotonic() + 20)
    assert [line["event"] for line in logs] == [
        "rules not read, the last ones stay",
        "rules can be read again",
        "rules changed",
    ]


class Seen:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.versions: list[tuple[str, int]] = []

    def on_rules(self, book, errors, now) -> None:
        assert now > 1.7e9
        self.versions.append((book.version, len(errors)))


def test_an_observer_sees_every_attempt():
    source, seen = Said(found()), Seen()
    watcher = Watcher([source], Terms(), seen)
    watcher.load()
    source.said = found(strategies=[CPU])
    watcher.look(time.monotonic() + 2)
    empty = watcher.holder.current().version
    assert seen.versions == [(empty, 0), (empty, 1)]


def test_a_directory_is_read_again_once_two_looks_find_the_same(tmp_path: Path):
    write(tmp_path / "a.yaml", user_groups=[OPS])
    source = Directory([tmp_path])
    first = source.stamp()
    assert source.stamp() == first
    write(tmp_path / "sub" / "b.yaml", strategies=[CPU])
    assert source.stamp() == first
    second = source.stamp()
    assert second != first
    assert [one.kind for one in source.read().documents] == ["user_groups", "strategies"]


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "a.yaml").rename(folder / "b.yaml"),
        lambda folder: (folder / "a.yaml").unlink(),
        lambda folder: (folder / "a.yaml").write_text("tests: []"),
        lambda folder: os.utime(folder / "a.yaml", (1, 1)),
        lambda folder: (folder / "c.json").write_text("{}"),
    ],
    ids=["renamed", "removed", "rewritten", "other time", "added"],
)
def test_a_directory_sees(tmp_path: Path, change):
    write(tmp_path / "a.yaml", user_groups=[OPS])
    source = Directory([tmp_path])
    first = source.stamp()
    change(tmp_path)
    source.stamp()
    assert source.stamp() != first


def test_a_directory_sees_the_link_that_a_config_map_swaps(tmp_path: Path):
    for version in ("..1", "..2"):
        write(tmp_path / version / "a.yaml", user_groups=[OPS])
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    source = Directory([tmp_path])
    first = source.stamp()
    (tmp_path / "..new").symlink_to("..2")
    (tmp_path / "..new").rename(tmp_path / "..data")
    source.stamp()
    assert source.stamp() != first


def test_a_file_without_rules_ends_all_rules(tmp_path: Path):
    file = write(tmp_path / "a.yaml", user_groups=[OPS])
    source = Directory([tmp_path])
    source.read()
    write(file)
    assert source.read() == Found()


def test_a_running_watcher_swaps_the_book_and_stops(tmp_path: Path):
    write(tmp_path / "a.yaml", user_groups=[OPS])
    watcher = Watcher([Directory([tmp_path], interval=0.05)], Terms())
    assert watcher.load() == []
    watcher.start()
    assert watcher.alive
    write(tmp_path / "b.yaml", strategies=[CPU])
    deadline = time.monotonic() + 60
    while not watcher.holder.current().strategies and time.monotonic() < deadline:
        time.sleep(0.01)
    assert list(watcher.holder.current().strategies) == ["1"]
    watcher.stop()
    assert not watcher.alive
    assert "rules" not in {thread.name for thread in threading.enumerate()}
