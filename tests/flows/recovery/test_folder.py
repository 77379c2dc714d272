"""A folder keeps parts whole: a name is what was put last, or is not there; and what cannot be done names the file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.recovery.place import Folder, PlaceUnavailableError, in_chunks, open_place


@pytest.fixture
def place(tmp_path):
    return Folder(tmp_path / "place")


def test_a_path_is_a_folder_that_is_named_by_it(tmp_path):
    assert str(open_place(str(tmp_path / "place"))) == f"{tmp_path}/place"
    assert not (tmp_path / "place").exists(), "it is made when something is put"


def test_pieces_are_kept_in_their_order_as_one(place):
    place.put_from("all/1/a", iter([b"one", b"", b"two"]))
    assert place.get("all/1/a") == b"onetwo"


def test_a_put_that_breaks_off_leaves_what_was_there(place):
    def breaks():
        yield b"half"
        raise ValueError("broken")

    place.put("all/1/a", b"whole")
    for name in ("all/1/a", "all/1/b"):
        with pytest.raises(ValueError, match="broken"):
            place.put_from(name, breaks())
    assert place.get("all/1/a") == b"whole"
    assert place.names("all") == ["all/1/a"]


def test_what_is_half_written_has_no_name(place, tmp_path):
    place.put("all/1/a", b"whole")
    (tmp_path / "place" / "all" / "1" / ".b.new").write_bytes(b"half")
    assert place.names("all") == ["all/1/a"]


def test_a_put_takes_the_place_of_one_that_was_killed(place, tmp_path):
    place.put("all/1/a", b"old")
    (tmp_path / "place" / "all" / "1" / ".a.new").write_bytes(b"much longer than what comes")
    place.put("all/1/a", b"new")
    assert place.get("all/1/a") == b"new"
    assert [path.name for path in (tmp_path / "place" / "all" / "1").iterdir()] == ["a"]


@pytest.mark.parametrize(
    ("ranges", "pieces"),
    [
        ([], []),
        ([(0, 3)], [b"012"]),
        ([(7, 3), (0, 1), (0, 0)], [b"789", b"0", b""]),
        ([(8, 99)], [b"89"]),
    ],
    ids=["none", "the-beginning", "in-any-order", "beyond-the-end"],
)
def test_pieces_are_read_where_they_stand(place, ranges, pieces):
    place.put("a", b"0123456789")
    assert place.get_ranges("a", ranges) == pieces


def test_names_are_those_under_a_folder_however_deep(place):
    for name in ("all/1/a", "all/2/b", "all/rescale.json", "alerts/1/a"):
        place.put(name, b"x")
    assert sorted(place.names("all")) == ["all/1/a", "all/2/b", "all/rescale.json"]
    assert place.names("al") == []


def test_a_version_changes_with_each_put_even_of_the_same_bytes(place):
    place.put("a", b"same")
    first = place.version("a")
    assert place.version("a") == first
    place.put("b", b"same")  # takes the inode that a fresh file would get
    place.put("a", b"same")
    assert place.version("a") != first


def test_the_folder_goes_with_its_last_file_and_with_no_other(place, tmp_path):
    place.put("all/1/a", b"")
    place.put("all/1/b", b"")
    place.drop("all/1/a")
    assert place.names("all") == ["all/1/b"]
    place.drop("all/1/b")
    assert not (tmp_path / "place" / "all" / "1").exists()
    place.drop("all/1/b")
    place.drop("none/at/all")


@pytest.mark.parametrize(
    "ask",
    [
        lambda place: place.get("all/1/a"),
        lambda place: place.get_ranges("all/1/a", [(0, 1)]),
        lambda place: place.version("all/1/a"),
    ],
    ids=["get", "ranges", "version"],
)
def test_what_is_not_there_is_named(place, tmp_path, ask):
    with pytest.raises(PlaceUnavailableError) as told:
        ask(place)
    assert str(told.value) == f"{tmp_path}/place/all/1/a: No such file or directory"


@pytest.mark.parametrize("deed", ["put", "get", "drop", "version"])
def test_a_folder_that_is_none_is_named(tmp_path, deed):
    (tmp_path / "place").write_text("a file")
    place = Folder(tmp_path / "place")
    with pytest.raises(
        PlaceUnavailableError, match=rf"^{tmp_path}/place/a.*: Not a directory$|^{tmp_path}/place/a: File exists$"
    ):
        {"put": lambda: place.put("a", b""), "get": lambda: place.get("a"), "drop": lambda: place.drop("a"),
         "version": lambda: place.version("a")}[deed]()  # fmt: skip


@given(st.lists(st.binary(max_size=5), max_size=20), st.integers(1, 7))
def test_short_pieces_are_joined_and_nothing_is_lost(pieces, size):
    found = list(in_chunks(pieces, size))
    assert b"".join(found) == b"".join(pieces)
    assert all(len(one) >= size for one in found[:-1])
    assert all(len(one) < size + 5 for one in found)


@pytest.mark.parametrize("where", ["ftp://host/x", "s3://"])
def test_a_place_of_another_kind_is_refused_by_its_name(where):
    with pytest.raises(PlaceUnavailableError, match=f"^{where}: "):
        open_place(where)
