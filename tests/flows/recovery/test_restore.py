"""A worker begins from the parts of any number of workers, and from its own volume only where that is what counts."""

import itertools

import pytest

from flows.recovery.inheritance import Inheritance
from flows.recovery.layout import Layout, save_layout, saved_layout
from flows.recovery.parts import GENERATION, Part, generation_of, put_part
from flows.recovery.place import Folder
from flows.recovery.restore import restore
from flows.recovery.sets import folder_of, held_by, newest, part_name, taken_by
from operators.intake import intake
from operators.model import snapshot
from operators.model.slot import SLOTS, Owner
from operators.savepoint.file import FORMAT, Head, IntakeState, KafkaPlace, SharedState, SlotState
from operators.state.slot import count_in
from tests.operators.savepoint.test_file import T0, counted

PARTITIONS = 16
COMMANDS = "commands:0"


def state_of(slot):
    """The snapshot of a slot with as many states as its number says, but for what only their number matters."""
    return b"\x01\xdd" + int(slot, 16).to_bytes(4, "big") + slot.encode()


def lay_set(place, workers, generation=1, offset=100):
    """Write the parts of a set; worker 0 stands a command ahead."""
    for index in range(workers):
        owner = Owner(index, workers, PARTITIONS)
        partitions = {f"raw:{number}": (offset + number, T0) for number in range(index, PARTITIONS, workers)}
        frames = [
            IntakeState(index, snapshot.pack(intake.VERSION, intake.Kept(T0, {}))),
            SharedState(index, counted(T0)),
            *(SlotState(index, slot, state_of(slot)) for slot in SLOTS if owner.owns(slot)),
        ]
        head = Head(FORMAT, T0, "1", "all", workers, 256, {"raw": PARTITIONS, "commands": 1})
        at = KafkaPlace(index, T0, {**partitions, COMMANDS: (5 + (index == 0), T0)})
        put_part(Part(index, head, [at], frames), place, folder_of("all", generation), T0)


def layout(index, workers):
    return Layout(workers, index, 256, {})


def directory(volume, workers):
    """Where a worker keeps its state on a volume of its own."""
    return volume / "recovery" if workers == 1 else volume / "recovery" / volume.name


@pytest.mark.parametrize(("before", "after"), list(itertools.permutations([1, 2, 4, 8], 2)))
def test_any_number_of_workers_takes_over_every_slot_and_offset_of_any_other(tmp_path, before, after):
    place = Folder(tmp_path / "place")
    lay_set(place, before)
    slots, offsets = {}, {}
    for index in range(after):
        folder = tmp_path / f"worker-{index}" if after > 1 else tmp_path / "recovery"
        assert restore(place, folder, layout(index, after)).generation == 1
        kept = Inheritance(str(folder), Owner(index, after, PARTITIONS))
        slots.update({slot: kept.slot(slot) for slot in SLOTS if Owner(index, after, PARTITIONS).owns(slot)})
        assert not any(kept.slot(slot) for slot in SLOTS if not Owner(index, after, PARTITIONS).owns(slot))
        partitions = kept.place().partitions
        offsets.update({name: at[0] for name, at in partitions.items() if name != COMMANDS})
        assert partitions[COMMANDS][0] == (6 if before == 1 else 5)
        assert generation_of(folder) == 2
    assert slots == {slot: state_of(slot) for slot in SLOTS}
    assert offsets == {f"raw:{number}": 100 + number for number in range(PARTITIONS)}
    held, taken = held_by(place, newest(place, "all")), taken_by(place, newest(place, "all"), after)
    assert held == taken
    assert held.states == sum(count_in(state_of(slot)) for slot in SLOTS)


def begin(place, volumes, workers):
    """Start workers, each on a volume of its own; return what each did."""
    done = []
    for index in range(workers):
        volume = volumes / f"worker-{index}"
        done.append(restore(place, directory(volume, workers), layout(index, workers)))
    return done


def test_a_volume_that_was_left_behind_does_not_come_back(tmp_path):
    """2, 4, 2 and again 4 workers: those of the second four find the state of the first four."""
    place, volumes = Folder(tmp_path / "place"), tmp_path / "volumes"
    for generation, workers in enumerate([2, 4, 2, 4], 1):
        if generation == 1:
            for index in range(2):
                (volumes / f"worker-{index}" / "recovery" / f"worker-{index}").mkdir(parents=True)
                save_layout(directory(volumes / f"worker-{index}", 2), layout(index, 2))
        else:
            assert [one.generation for one in begin(place, volumes, workers)] == [generation - 1] * workers
        lay_set(place, workers, generation, offset=100 * generation)
        assert begin(place, volumes, workers) == [None] * workers, "state of its own goes on"
    for index in range(4):
        kept = Inheritance(str(directory(volumes / f"worker-{index}", 4)), Owner(index, 4, PARTITIONS))
        assert kept.place().partitions[f"raw:{index}"][0] == 300 + index
    aside = [path.name for path in (volumes / "worker-3" / "recovery").glob("was-*")]
    assert aside == ["was-worker-3-of-4-000003"], "one stays"


def test_workers_of_an_attempt_that_failed_begin_anew(tmp_path):
    place, volumes = Folder(tmp_path / "place"), tmp_path / "volumes"
    lay_set(place, 2)
    begin(place, volumes, 4)
    assert begin(place, volumes, 4) == [None] * 4
    lay_set(place, 2, offset=200)  # two workers went on instead, and stopped again
    assert taken_by(place, newest(place, "all"), 4) is None
    assert [one.generation for one in begin(place, volumes, 4)] == [1] * 4
    assert taken_by(place, newest(place, "all"), 4) == held_by(place, newest(place, "all"))


def test_a_part_of_an_attempt_that_failed_closes_no_set(tmp_path):
    place = Folder(tmp_path / "place")
    lay_set(place, 2)
    place.put(f"{folder_of('all', 2)}/{part_name(0, 4)}", b"of an attempt that failed")
    begin(place, tmp_path / "volumes", 4)
    assert not [name for name in place.names("all/000002") if "/part-" in name]


def test_the_same_worker_of_as_many_begins_from_its_own_part_alone(tmp_path):
    place = Folder(tmp_path / "place")
    lay_set(place, 2)
    restore(place, tmp_path / "worker-1", layout(1, 2))
    kept = Inheritance(str(tmp_path / "worker-1"), Owner(1, 2, PARTITIONS))
    assert kept.place().partitions[COMMANDS] == (5, T0)
    assert kept.slot("~") == counted(T0)
    assert generation_of(tmp_path / "worker-1") == 1


@pytest.mark.parametrize("left", [["savepoint.new"], ["savepoint.new", GENERATION], ["savepoint", GENERATION]])
def test_a_restore_that_was_cut_off_is_begun_again(tmp_path, left):
    place, folder = Folder(tmp_path / "place"), tmp_path / "recovery"
    lay_set(place, 2)
    folder.mkdir()
    for name in left:
        (folder / name).write_text("7")
    assert restore(place, folder, layout(0, 1)) is not None
    assert saved_layout(folder) is not None
    assert Inheritance(str(folder), Owner(0, 1, PARTITIONS)).slot("0a") == state_of("0a")
    assert generation_of(folder) == 2


def test_a_place_that_is_away_keeps_no_worker_from_its_own_state(tmp_path):
    (tmp_path / "worker-0").mkdir()
    save_layout(tmp_path / "worker-0", layout(0, 2))
    (tmp_path / "place").write_text("no folder")
    assert restore(Folder(tmp_path / "place"), tmp_path / "worker-0", layout(0, 2)) is None
