"""What a job reads of a spool: whole lines of known kinds, segment after segment, no later than now."""

import pytest

from flows.settings.sections import SourceSettings
from flows.sources.spool import Folder, SpoolPart, SpoolSource
from flows.stop import Stop
from operators.savepoint.file import FilePlace, FilesPlace

NOW = 1000


@pytest.fixture
def written(tmp_path):
    """Write a segment of a gateway."""

    def write(number, text, name="gateway-0"):
        (tmp_path / name).mkdir(exist_ok=True)
        path = tmp_path / name / f"{number:012d}.jsonl"
        path.write_bytes(text)
        return path

    return write


@pytest.fixture
def folder(tmp_path):
    """The reader of one gateway's folder."""
    made = []

    def reader(place=(1, 0)):
        made.append(Folder(tmp_path / "gateway-0", place))
        return made[-1]

    yield reader
    for one in made:
        one.close()


def test_a_record_names_its_gateway_segment_and_the_place_behind_it(written, folder):
    written(1, b"e 7 {1}\nc 8 {2}\n")
    found = folder().read(10, NOW)
    assert [(one.source, one.position, one.raw, one.at, one.kind) for one in found] == [
        ("gateway-0/1", "8", b"{1}", 7, "event"),
        ("gateway-0/1", "16", b"{2}", 8, "command"),
    ]


@pytest.mark.parametrize(
    ("line", "is_record"),
    [
        (b"e 7 {}", True), (b"c 7 {}", True), (b"e 7 ", True), (b'e 7 {"a": "b c"}', True),
        (b"x 7 {}", False), (b"e seven {}", False), (b"e -7 {}", False), (b"e  {}", False), (b"{}", False), (b"", False),
        (b"event 7 {}", False),
    ],
)  # fmt: skip
def test_what_something_else_has_written_into_a_folder_is_passed_over(written, folder, line, is_record):
    written(1, line + b"\ne 9 {last}\n")
    found = [one.raw for one in folder().read(10, NOW)]
    assert found == ([line.split(b" ", 2)[2], b"{last}"] if is_record else [b"{last}"])


@pytest.mark.parametrize(("at", "arrival"), [(NOW - 1, NOW - 1), (NOW, NOW), (NOW + 1, NOW), (10**12, NOW)])
def test_a_record_arrives_no_later_than_now(written, folder, at, arrival):
    written(1, b"e %d {}\n" % at)
    assert [one.at for one in folder().read(10, NOW)] == [arrival]


def test_no_more_is_read_at_once_than_asked_and_nothing_is_left_out(written, folder):
    written(1, b"e 1 a\ne 2 b\n")
    written(2, b"e 3 c\n")
    reader = folder()
    assert [[one.raw for one in reader.read(2, NOW)] for _ in range(3)] == [[b"a", b"b"], [b"c"], []]
    assert reader.place == (2, 6)


def test_a_gap_between_segments_is_passed_over(written, folder):
    written(1, b"e 1 a\n")
    written(7, b"e 2 b\n")
    reader = folder()
    assert [one.raw for one in reader.read(10, NOW)] == [b"a", b"b"]
    assert reader.place == (7, 6)


def test_segments_are_counted_as_numbers(written, folder, tmp_path):
    written(9, b"e 1 a\n")
    written(10, b"e 2 b\n")
    (tmp_path / "gateway-0" / "notes.jsonl").write_bytes(b"e 3 c\n")
    assert [one.raw for one in folder((9, 0)).read(10, NOW)] == [b"a", b"b"]


@pytest.mark.parametrize("place", [(1, 0), (3, 400), (4, 1)])
def test_where_the_segment_of_a_place_was_removed_the_next_one_is_read_once(written, folder, place):
    written(5, b"e 1 a\ne 2 b\n")
    written(6, b"e 3 c\n")
    reader = folder(place)
    assert [(one.source, one.position, one.raw) for one in reader.read(10, NOW)] == [
        ("gateway-0/5", "6", b"a"), ("gateway-0/5", "12", b"b"), ("gateway-0/6", "6", b"c"),
    ]  # fmt: skip
    assert reader.place == (6, 6)


def test_half_a_line_of_the_next_segment_is_waited_for_from_its_start(written, folder):
    segment = written(5, b"e 1 ")
    reader = folder((3, 2))
    assert reader.read(10, NOW) == []
    with segment.open("ab") as more:
        more.write(b"a\n")
    assert [one.raw for one in reader.read(10, NOW)] == [b"a"]


def test_a_torn_line_before_a_further_segment_is_waited_for_and_not_passed_over(written, folder):
    first = written(1, b"e 1 a\ne 2 b")
    written(2, b"e 3 c\n")
    reader = folder()
    assert [one.raw for one in reader.read(10, NOW)] == [b"a"]
    assert reader.place == (1, 6)
    with first.open("ab") as more:
        more.write(b"b\n")
    assert [one.raw for one in reader.read(10, NOW)] == [b"bb", b"c"]


def test_a_folder_without_segments_is_waited_for(written, folder):
    reader = folder()
    assert reader.read(10, NOW) == []
    written(1, b"e 1 a\n")
    assert [one.raw for one in reader.read(10, NOW)] == [b"a"]


def test_only_segments_before_a_place_are_forgotten(written, folder, tmp_path):
    for number in (1, 2, 3):
        written(number, b"")
    folder().forget((2, 99))
    assert sorted(path.name for path in (tmp_path / "gateway-0").iterdir()) == [
        "000000000002.jsonl", "000000000003.jsonl",
    ]  # fmt: skip


@pytest.fixture
def part(tmp_path):
    """The reader of a whole spool, by a clock that stands."""
    made = []

    def reader(resume=None, size=10, commands="", now=lambda: float(NOW)):
        made.append(SpoolPart(tmp_path, size=size, stop=Stop(), resume=resume, commands=commands, now=now))
        return made[-1]

    yield reader
    for one in made:
        one.close()


def polls(reader):
    return [([raw.raw for raw in one.raws], one.clock) for one in reader.next_batch()]


def test_gateways_that_come_later_are_read_too(written, part):
    written(1, b"e 1 a\n", "gateway-1")
    reader = part()
    assert polls(reader) == [([b"a"], NOW)]
    assert polls(reader) == []
    written(1, b"e 2 b\n", "gateway-0")
    assert polls(reader) == [([b"b"], NOW)]
    assert reader.snapshot()[0] == {"gateway-0": (1, 6), "gateway-1": (1, 6)}


def test_while_more_waits_the_clock_stands_where_the_records_leave_it(written, part):
    written(1, b"e 1 a\ne 2 b\ne 3 c\n")
    reader = part(size=2)
    assert polls(reader) == [([b"a", b"b"], None)]
    assert polls(reader) == [([b"c"], NOW)]


def test_what_is_left_to_be_read_is_told_every_five_seconds(written, tmp_path):
    written(1, b"e 1 a\ne 2 bb\n")
    written(2, b"e 3 ccc\n")
    written(1, b"e 1 d\n", "gateway-1")
    seconds, told = iter([10.0, 11.0, 15.0, 16.0]), []
    reader = SpoolPart(tmp_path, size=1, stop=Stop(), now=lambda: next(seconds), observe=told.append)
    for _ in range(4):
        polls(reader)
    assert told == [len(b"e 2 bb\ne 3 ccc\n"), 0]
    reader.close()


def test_of_a_folder_whose_segment_of_our_place_is_gone_all_of_the_next_ones_is_left(written, folder):
    written(3, b"e 1 a\n")
    assert (folder((2, 40)).unread(), folder((3, 6)).unread(), folder((4, 0)).unread()) == (6, 0, 0)


def test_an_idle_spool_ticks_once_a_second(part):
    seconds = iter([10.1, 10.9, 11.0, 10.5, 12.2])
    reader = part(now=lambda: next(seconds))
    assert [polls(reader) for _ in range(5)] == [[([], 10)], [], [([], 11)], [], [([], 12)]]


def test_places_of_gateways_that_are_gone_are_kept(written, part):
    written(1, b"e 1 a\n", "gateway-0")
    reader = part(resume=({"gateway-9": (4, 40)}, ()))
    polls(reader)
    assert reader.snapshot()[0] == {"gateway-0": (1, 6), "gateway-9": (4, 40)}


def test_a_job_without_snapshots_goes_on_where_a_savepoint_says(written, tmp_path):
    written(1, b"e 1 a\ne 2 b\n")
    left = FilesPlace(0, (FilePlace("commands.jsonl", 1, 2, 3, 4, 5, 6),), spool={"gateway-0": (1, 6)})
    settings = SourceSettings(spool=str(tmp_path))
    source = SpoolSource(settings, size=10, stop=Stop(), inherited=lambda: left)
    reader = source.build_part("read", "spool", None)
    assert polls(reader)[0][0] == [b"b"]
    assert reader.snapshot() == ({"gateway-0": (1, 12)}, (("commands.jsonl", 1, 2, 3, 4, 5, 6),))
    reader.close()
    resumed = source.build_part("read", "spool", ({"gateway-0": (1, 12)}, ()))
    assert polls(resumed)[0][0] == [], "a snapshot of the engine counts before it"
    resumed.close()
