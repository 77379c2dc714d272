"""Files are known by what they are: grown ones go on, others begin at their start, rotated ones are read to their end."""

import gzip
import os
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from flows.sources.places import Places
from flows.sources.reader import LINGER, Reader
from operators.intake.decode import MAX_BYTES


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def written(file: Path, *lines: str, mode: str = "w") -> str:
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, f"{mode}t", encoding="utf-8") as stream:
        stream.writelines(f"{line}\n" for line in lines)
    return str(file)


def read(reader: Reader) -> list[str]:
    """Everything that is to be had now."""
    found = []
    while (line := reader.next_line()) is not None:
        found.append(line[2].decode())
    return found


def run(places: Places, *names: str) -> tuple[list[str], list[str]]:
    """Read files to their end as a run does; return their lines, and how each was taken up."""
    with capture_logs() as logs:
        reader = Reader(names, places, follow=False)
        lines = read(reader)
        reader.close()
    return lines, [entry.get("how", entry["event"]) for entry in logs]


def resumed(places: Places) -> Places:
    return Places(places.kept())


# --- from one run to the next


def test_a_file_that_was_read_has_nothing_new(tmp_path: Path):
    places, one = Places(), written(tmp_path / "one", "a", "b")
    assert run(places, one) == (["a", "b"], ["begins"])
    assert run(resumed(places), one) == ([], ["nothing new"])


def test_another_file_is_read_from_its_start(tmp_path: Path):
    places = Places()
    run(places, written(tmp_path / "one", "a", "b"))
    assert run(resumed(places), written(tmp_path / "two", "c")) == (["c"], ["begins"])


def test_a_file_that_grew_goes_on(tmp_path: Path):
    places, one = Places(), written(tmp_path / "one", "a")
    run(places, one)
    written(tmp_path / "one", "b", mode="a")
    assert run(resumed(places), one) == (["b"], ["goes on"])


def test_a_file_goes_on_after_another_was_read_in_between(tmp_path: Path):
    places, one, two = Places(), written(tmp_path / "one", "a"), written(tmp_path / "two", "x")
    run(places, one)
    run(places, two)
    written(tmp_path / "one", "b", mode="a")
    assert run(resumed(places), two, one) == (["b"], ["nothing new", "goes on"])


def test_a_renamed_file_goes_on(tmp_path: Path):
    places, one = Places(), written(tmp_path / "one", "a")
    run(places, one)
    (tmp_path / "one").rename(tmp_path / "moved")
    assert run(resumed(places), str(tmp_path / "moved")) == ([], ["nothing new"])


def test_another_file_under_the_same_name_is_read_from_its_start(tmp_path: Path):
    places, one = Places(), written(tmp_path / "one", "a", "b")
    run(places, one)
    written(tmp_path / "new", "a", "c")
    (tmp_path / "new").replace(tmp_path / "one")
    assert run(resumed(places), one) == (["a", "c"], ["another file of this name"])


@pytest.mark.parametrize(
    ("lines", "how"),
    [
        (["z"], "shorter than before"),
        (["x", "y"], "rewritten"),
        (["x", "y", "z"], "rewritten"),
        ([], "shorter than before"),
    ],
)
def test_a_file_that_holds_something_else_now_is_read_from_its_start(tmp_path: Path, lines: list[str], how: str):
    places, one = Places(), written(tmp_path / "one", "a", "b")
    run(places, one)
    written(tmp_path / "one", *lines)
    assert run(resumed(places), one) == (lines, [how])


def test_a_packed_file_goes_on_where_it_was_left(tmp_path: Path):
    places, one = Places(), written(tmp_path / "one.gz", "a", "b")
    reader = Reader([one], places, follow=False)
    reader.next_line()
    reader.close()
    assert run(resumed(places), one) == (["b"], ["goes on"])


def test_a_packed_file_that_was_written_anew_is_read_from_its_start(tmp_path: Path):
    places, one = Places(), written(tmp_path / "one.gz", "a", "b")
    run(places, one)
    written(tmp_path / "one.gz", "c", "d")
    assert run(resumed(places), one) == (["c", "d"], ["rewritten"])


def test_a_pipe_is_never_resumed(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    places = Places()
    for line in ("a", "b"):
        with os.fdopen(os.open(pipe, os.O_RDWR), "w") as writer:
            writer.write(f"{line}\n")
            writer.flush()
            with closing(Reader([str(pipe)], places, follow=False)) as reader:
                assert reader.next_line() == (str(pipe), "1", line.encode())
    assert places.kept() == ()


def test_a_copy_elsewhere_goes_on_where_a_savepoint_says(tmp_path: Path):
    places = Places()
    run(places, written(tmp_path / "one", "a"))
    (tmp_path / "there").mkdir()
    copy = written(tmp_path / "there" / "one", "a", "b")
    assert run(Places(places.kept(), elsewhere=True), copy) == (["b"], ["goes on"])


def test_another_file_elsewhere_begins_at_its_start(tmp_path: Path):
    places = Places()
    run(places, written(tmp_path / "one", "a"))
    (tmp_path / "there").mkdir()
    other = written(tmp_path / "there" / "one", "c", "b")
    assert run(Places(places.kept(), elsewhere=True), other)[0] == ["c", "b"]


def test_a_line_that_is_too_long_moves_the_place_past_its_end(tmp_path: Path):
    places, one = Places(), written(tmp_path / "one", "x" * (MAX_BYTES + 5000), "b")
    lines, _ = run(places, one)
    assert lines[1:] == ["b"]
    written(tmp_path / "one", "c", mode="a")
    assert run(resumed(places), one) == (["c"], ["goes on"])


# --- followed


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    written(tmp_path / "log", "a")
    return tmp_path / "log"


@pytest.fixture
def followed(log: Path, clock: Clock):
    """Return a reader that follows the log; all are closed at the end."""
    with ExitStack() as opened:

        def follow(places: Places | None = None) -> Reader:
            return opened.enter_context(closing(Reader([str(log)], places or Places(), follow=True, clock=clock)))

        yield follow


def test_a_followed_file_goes_on_as_it_grows(followed, log: Path, clock: Clock):
    reader = followed()
    assert read(reader) == ["a"]
    written(log, "b", mode="a")
    assert read(reader) == ["b"]
    assert not reader.is_done


def test_half_a_line_is_waited_for(followed, log: Path, clock: Clock):
    reader = followed()
    read(reader)
    with log.open("a") as writer:
        writer.write("b")
        writer.flush()
        assert read(reader) == []
        writer.write("c\n")
    assert read(reader) == ["bc"]


def test_a_rotated_file_is_read_to_its_end_and_then_its_successor(followed, log: Path, clock: Clock):
    reader = followed()
    assert read(reader) == ["a"]
    with log.open("a") as writer:
        log.rename(log.with_name("log.1"))
        written(log, "n")
        assert read(reader) == []
        writer.write("late\n")
    clock.now += LINGER / 2
    assert read(reader) == ["late"]
    clock.now += LINGER
    assert read(reader) == ["n"]


def test_a_last_line_without_end_of_a_rotated_file_is_read(followed, log: Path, clock: Clock):
    reader = followed()
    read(reader)
    with log.open("a") as writer:
        writer.write("half")
    log.rename(log.with_name("log.1"))
    written(log, "n")
    clock.now += LINGER
    assert read(reader) == ["half"]
    clock.now += LINGER
    assert read(reader) == ["n"]


def test_a_file_that_is_gone_is_waited_for(followed, log: Path, clock: Clock):
    reader = followed()
    read(reader)
    log.unlink()
    clock.now += LINGER
    assert read(reader) == []
    written(log, "n")
    assert read(reader) == ["n"]


@pytest.mark.parametrize("lines", [["n"], ["nn"], ["n", "m", "l"]], ids=["shorter", "as long", "longer"])
def test_a_file_cut_down_in_place_is_read_from_its_start(followed, log: Path, clock: Clock, lines: list[str]):
    written(log, "b", mode="a")
    reader = followed()
    assert read(reader) == ["a", "b"]
    written(log, *lines)
    with capture_logs() as logs:
        assert read(reader) == lines
    assert [entry["how"] for entry in logs] in (["rewritten"], ["shorter than before"])


def test_the_rest_of_a_file_that_was_rotated_while_nobody_looked_comes_first(followed, log: Path, clock: Clock):
    places = Places()
    reader = followed(places)
    read(reader)
    reader.close()
    written(log, "b", "c", mode="a")
    log.rename(log.with_name("log.1"))
    written(log, "n")
    assert read(followed(resumed(places))) == ["b", "c", "n"]


def test_a_restart_on_a_shorter_file_begins_at_its_start(followed, log: Path, clock: Clock):
    places = Places()
    written(log, "b", "c", mode="a")
    reader = followed(places)
    read(reader)
    reader.close()
    written(log, "n")
    assert read(followed(resumed(places))) == ["n"]
