"""Which set of parts counts, what it holds, and what workers say that they took of it."""

import pytest

from flows.recovery.layout import Layout
from flows.recovery.parts import part_name
from flows.recovery.place import Folder
from flows.recovery.sets import (
    INDEX,
    Holding,
    StoredPart,
    Taken,
    drop_set,
    folder_of,
    held_by,
    joined,
    newest,
    parts_of,
    set_id,
    taken_by,
    tell_taken,
    versions,
)
from operators.model.slot import SLOTS
from operators.savepoint.file import SavepointError
from operators.savepoint.index import SLOT
from tests.flows.recovery.test_restore import PARTITIONS, T0, lay_set


@pytest.fixture
def place(tmp_path):
    return Folder(tmp_path / "place")


def test_a_place_without_sets_has_no_newest(place):
    assert newest(place, "all") is None


def test_the_newest_complete_set_counts_and_may_be_asked_for_by_its_number_of_workers(place):
    lay_set(place, 2, generation=1)
    lay_set(place, 4, generation=2)
    lay_set(place, 2, generation=10)
    found = newest(place, "all")
    assert (found.generation, found.workers, found.closed_at) == (10, 2, T0)
    assert found.parts == ("part-0-of-2", "part-1-of-2")
    assert newest(place, "all", workers=2).generation == 10
    assert newest(place, "all", workers=8) is None
    assert newest(place, "alerts") is None


def test_of_sets_with_as_many_workers_the_newer_counts(place):
    for generation, workers in ((1, 2), (2, 4)):
        lay_set(place, workers, generation)
    assert newest(place, "all", workers=2).generation == 1
    assert newest(place, "all", workers=4).generation == 2


def test_two_generations_stay(place):
    for generation in (1, 2, 3):
        lay_set(place, 1, generation)
    folders = {name.split("/")[1] for name in place.names("all")}
    assert folders == {"000002", "000003"}


def test_a_set_that_lacks_a_part_is_not_closed(place):
    lay_set(place, 2)
    drop_set(place, "all", 1)
    assert place.names("all") == []
    lay_set(place, 2, generation=2)
    place.drop("all/000002/manifest.json")
    assert newest(place, "all") is None


def test_a_set_is_forgotten_by_its_manifest_first(place):
    lay_set(place, 2)
    dropped = []
    drop, place.drop = place.drop, lambda name: (dropped.append(name), drop(name))
    drop_set(place, "all", 1)
    assert dropped[0] == "all/000001/manifest.json"
    assert len(dropped) == 5


def test_a_set_holds_the_states_and_offsets_of_all_its_parts(place):
    lay_set(place, 4, offset=100)
    held = held_by(place, newest(place, "all"))
    expected = {f"raw:{number}": 100 + number for number in range(PARTITIONS)} | {"commands:0": 5}
    assert held.offsets == expected, "of commands, which every worker reads, the least counts"
    assert held.states == sum(int(slot, 16) for slot in SLOTS)


def test_the_parts_of_a_set_are_joined_to_what_all_workers_kept(place):
    lay_set(place, 2)
    whole = joined(place, newest(place, "all"))
    assert sorted(one.key for one in whole.slots) == sorted(SLOTS)
    assert [one.worker for one in whole.places] == [0, 1]


def test_versions_are_those_of_the_parts_alone_and_change_as_they_are_written(place):
    lay_set(place, 2)
    before = versions(place, "all")
    assert before.keys() == {"all/000001/part-0-of-2", "all/000001/part-1-of-2"}
    place.put("all/000001/part-1-of-2", b"anew")
    after = versions(place, "all")
    assert [name for name in after if after[name] != before[name]] == ["all/000001/part-1-of-2"]


def test_the_id_of_a_set_changes_with_each_of_its_parts_and_with_nothing_else(place):
    lay_set(place, 2)
    found = newest(place, "all")
    before = set_id(place, found)
    place.put("all/000001/part-1-of-2.index", b"")
    place.put("all/rescale.json", b"")
    assert set_id(place, found) == before
    place.put("all/000001/part-1-of-2", b"anew")
    assert set_id(place, found) != before


def taken(place, index, workers, *, states=1, begun_from=None, **offsets):
    manifest = newest(place, "all")
    told = Taken(begun_from or set_id(place, manifest), Holding(states, offsets))
    tell_taken(place, manifest.generation + 1, Layout(workers, index, 256, {}), told)


def test_what_workers_took_is_known_once_all_have_said_it(place):
    lay_set(place, 2)
    found = newest(place, "all")
    taken(place, 0, 2, states=3, a=1)
    assert taken_by(place, found, 2) is None
    taken(place, 1, 2, states=4, b=2)
    assert taken_by(place, found, 2) == Holding(7, {"a": 1, "b": 2})
    assert taken_by(place, found, 4) is None, "that is another number"


def test_what_was_taken_of_another_set_does_not_count(place):
    lay_set(place, 2)
    found = newest(place, "all")
    taken(place, 0, 2)
    taken(place, 1, 2, begun_from="another")
    assert taken_by(place, found, 2) is None


def test_what_was_taken_before_a_part_was_written_anew_does_not_count(place):
    lay_set(place, 1)
    found = newest(place, "all")
    taken(place, 0, 1)
    assert taken_by(place, found, 1) == Holding(1, {})
    lay_set(place, 1)
    assert taken_by(place, found, 1) is None


PART = f"{folder_of('all', 1)}/{part_name(0, 1)}"


def slots_of(place):
    stored = StoredPart(place, PART)
    return sorted(
        one.key for one in stored.frames(lambda index: [where for where in index.frames if where.kind == SLOT])
    )


@pytest.mark.parametrize("index", ["as it was", "gone", "of another part"])
def test_a_part_is_read_with_its_index_without_it_or_with_that_of_another(place, index):
    lay_set(place, 1)
    if index == "gone":
        place.drop(f"{PART}{INDEX}")
    elif index == "of another part":
        lay_set(place, 2, generation=2)
        place.put(f"{PART}{INDEX}", place.get(f"all/000002/part-1-of-2{INDEX}"))
    assert slots_of(place) == sorted(SLOTS)


@pytest.mark.parametrize("size", [0, 10, 5000])
def test_a_part_that_was_cut_off_is_refused_by_its_name(place, size):
    lay_set(place, 1)
    place.put(PART, place.get(PART)[:size])
    place.drop(f"{PART}{INDEX}")
    with pytest.raises(SavepointError, match=f"^{PART}: "):
        parts_of(place, newest(place, "all"))


def test_a_part_in_which_a_byte_is_another_is_refused_by_its_name(place):
    lay_set(place, 1)
    whole = bytearray(place.get(PART))
    whole[len(whole) // 2] ^= 1
    place.put(PART, bytes(whole))
    with pytest.raises(SavepointError, match=f"^{PART}: "):
        slots_of(place)


@pytest.mark.parametrize(("generation", "folder"), [(1, "all/000001"), (999_999, "all/999999"), (12, "all/000012")])
def test_folders_of_generations_sort_as_they_follow(generation, folder):
    assert folder_of("all", generation) == folder
