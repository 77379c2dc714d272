"""How far files were read is remembered by what they are, for so many of them."""

import os
from pathlib import Path

import pytest

from flows.sources.places import KEPT, Places, by_number, seen
from operators.savepoint.file import FilePlace


def place(number, **changed):
    return FilePlace(**{"name": f"f{number}", "device": 1, "inode": number, "offset": 5, **changed})


@pytest.mark.parametrize(("files", "kept"), [(KEPT - 1, KEPT - 1), (KEPT, KEPT), (KEPT + 1, KEPT)])
def test_of_many_files_the_ones_read_longest_ago_are_forgotten(files, kept):
    places = Places()
    for number in range(files):
        places.keep(place(number))
    assert len(places.kept()) == kept
    assert places.kept()[-1].inode == files - 1
    assert places.kept()[0].inode == files - kept


def test_a_file_that_is_read_again_is_the_latest_and_stands_there_once():
    places = Places([place(number) for number in range(KEPT)])
    places.keep(place(0, offset=9))
    places.keep(place(KEPT))
    assert [one.inode for one in places.kept()][-2:] == [0, KEPT]
    assert 1 not in {one.inode for one in places.kept()}
    assert next(one.offset for one in places.kept() if one.inode == 0) == 9


def test_a_plain_file_is_known_by_device_inode_and_size_and_nothing_else_is(tmp_path):
    (tmp_path / "plain").write_bytes(b"12345")
    os.mkfifo(tmp_path / "pipe")
    found = (tmp_path / "plain").stat()
    assert seen(str(tmp_path / "plain")) == (found.st_dev, found.st_ino, 5)
    assert [seen(str(tmp_path / name)) for name in ("pipe", ".", "none")] == [None, None, None]


@pytest.fixture
def files(tmp_path):
    """Three files of five bytes, and one of commands."""
    names = [str(tmp_path / name) for name in ("a", "b", "c", "commands")]
    for name in names:
        Path(name).write_bytes(b"12345")
    return names


@pytest.mark.parametrize(
    ("number", "offsets"),
    [
        (0, {"a": 2}),
        (1, {"a": 5, "b": 2}),
        (2, {"a": 5, "b": 5, "c": 2}),
        (3, {"a": 5, "b": 5, "c": 5}),
    ],
)
def test_files_that_were_known_by_their_number_were_read_before_it(files, number, offsets):
    *events, commands = files
    found = by_number((number, 2, 1, 4, 3), events, commands)
    assert {one.name.rpartition("/")[2]: one.offset for one in found} == {**offsets, "commands": 4}
    assert next(one.line for one in found if one.name == commands) == 3


def test_a_file_that_is_gone_has_no_place(files):
    events = files[:3]
    Path(events[0]).unlink()
    assert [one.name for one in by_number((1, 2, 1, 0, 0), events, "")] == [events[1]]


# --- what was left of a file when another took its name


@pytest.fixture
def rotated(tmp_path):
    """A log of which three of five bytes were read, moved away while nobody looked."""
    log = tmp_path / "log"
    log.write_bytes(b"12345")
    known = log.stat()
    log.rename(tmp_path / "log.1")
    log.write_bytes(b"new")
    return Places([FilePlace(str(log), known.st_dev, known.st_ino, 3, 1)]), tmp_path


def test_the_rest_of_a_rotated_file_is_found_beside_it(rotated):
    places, folder = rotated
    assert places.rest_of(str(folder / "log")) == str(folder / "log.1")


@pytest.mark.parametrize("change", ["read to its end", "gone", "moved elsewhere", "cut down"])
def test_a_file_of_which_nothing_more_is_to_be_had_has_no_rest(rotated, change):
    places, folder = rotated
    if change == "gone":
        (folder / "log.1").unlink()
    elif change == "moved elsewhere":
        (folder / "old").mkdir()
        (folder / "log.1").rename(folder / "old" / "log.1")
    elif change == "cut down":
        os.truncate(folder / "log.1", 3)
    else:
        (one,) = places.kept()
        places.keep(FilePlace(one.name, one.device, one.inode, 5, 1))
    assert places.rest_of(str(folder / "log")) is None


def test_of_a_name_that_was_never_read_there_is_no_rest(rotated):
    places, folder = rotated
    assert places.rest_of(str(folder / "another")) is None
    assert places.rest_of(str(folder / "no such folder" / "log")) is None
