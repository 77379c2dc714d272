"""The spool: what `keep` has promised is there, whatever happens."""

import asyncio
import os
import resource
import subprocess
import sys

import pytest

from flows.gateway.durable import BusyError, NoRoomError, Pressure
from flows.gateway.spool import Spool, SpoolBusyError
from flows.sources.spool import SpoolPart
from flows.stop import Stop


def keep(spool, *lines, at=7, kind="event"):
    asyncio.run(spool.keep(list(lines), at, kind))


@pytest.fixture
def spool(tmp_path):
    made = Spool(tmp_path, segment=200)
    yield made
    made.close()


@pytest.fixture
def part(tmp_path):
    made = []

    def reader(resume=None, size=1000, **more):
        made.append(SpoolPart(tmp_path, size=size, stop=Stop(), resume=resume, now=lambda: 1000.0, **more))
        return made[-1]

    yield reader
    for one in made:
        one.close()


def read(reader):
    return [(raw.raw, raw.at, raw.kind) for polled in reader.next_batch() for raw in polled.raws]


def test_what_was_kept_is_read_in_its_order_with_kind_and_arrival(spool, tmp_path, part):
    keep(spool, b"{1}", b"{2}")
    keep(spool, b"{3}", at=8, kind="command")
    assert read(part()) == [(b"{1}", 7, "event"), (b"{2}", 7, "event"), (b"{3}", 8, "command")]


def test_many_requests_at_once_are_all_kept_once(tmp_path, part):
    spool = Spool(tmp_path)

    async def all_of_them():
        await asyncio.gather(*(spool.keep([b"{%d}" % number], 1) for number in range(1500)))

    asyncio.run(all_of_them())
    spool.close()
    assert sorted(int(raw[1:-1]) for raw, _, _ in read(part(size=5000))) == list(range(1500))


def test_segments_follow_one_another_and_a_reader_goes_on_from_any_place(spool, tmp_path, part):
    for number in range(40):
        keep(spool, b"%030d" % number)
    assert len(list((tmp_path / "gateway-0").glob("*.jsonl"))) > 5
    place, seen = None, []
    while batch := read(reader := part(place, size=3)):
        seen += batch
        place = reader.snapshot()
    assert [int(raw) for raw, _, _ in seen] == list(range(40))


def test_a_segment_goes_only_once_two_snapshots_stand_behind_it(spool, tmp_path, part):
    for number in range(20):
        keep(spool, b"%030d" % number)
    before = sorted((tmp_path / "gateway-0").glob("*.jsonl"))
    reader = part()
    read(reader)
    reader.snapshot()
    reader.snapshot()
    assert sorted((tmp_path / "gateway-0").glob("*.jsonl")) == before
    reader.snapshot()
    assert sorted((tmp_path / "gateway-0").glob("*.jsonl")) == before[-1:]
    keep(spool, b"more")
    assert read(reader) == [(b"more", 7, "event")]


def test_a_torn_line_is_cut_off_before_anything_stands_behind_it(tmp_path, part):
    spool = Spool(tmp_path)
    keep(spool, b"{1}")
    spool.close()
    with (tmp_path / "gateway-0" / "000000000001.jsonl").open("ab") as segment:
        segment.write(b'e 7 {"torn')
    spool = Spool(tmp_path)
    keep(spool, b"{2}")
    spool.close()
    assert [raw for raw, _, _ in read(part())] == [b"{1}", b"{2}"]


def test_a_half_written_line_is_waited_for(tmp_path, part):
    folder = tmp_path / "gateway-0"
    folder.mkdir()
    segment = folder / "000000000001.jsonl"
    segment.write_bytes(b"e 7 {1}\ne 7 {2")
    reader = part()
    assert [raw for raw, _, _ in read(reader)] == [b"{1}"]
    with segment.open("ab") as more:
        more.write(b"}\n")
    assert [raw for raw, _, _ in read(reader)] == [b"{2}"]


def test_two_gateways_do_not_share_a_folder(spool, tmp_path):
    with pytest.raises(SpoolBusyError, match="another gateway writes here"):
        Spool(tmp_path)
    Spool(tmp_path, "gateway-1").close()


def test_commands_of_a_file_are_read_beside_the_spool_and_once(spool, tmp_path, part):
    told = tmp_path / "commands.jsonl"
    told.write_bytes(b"{1}\n")
    reader = part(commands=str(told))
    keep(spool, b"{2}")
    assert read(reader) == [(b"{1}", 1000, "command"), (b"{2}", 7, "event")]
    state = reader.snapshot()
    with told.open("ab") as more:
        more.write(b"{3}\n")
    assert read(part(resume=state, commands=str(told))) == [(b"{3}", 1000, "command")]


def test_what_a_segment_was_told_lies_in_files_that_only_we_read(spool, tmp_path):
    keep(spool, b"{}")
    assert (tmp_path / "gateway-0").stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (tmp_path / "gateway-0").iterdir())


FULL = """
import asyncio, resource, signal, sys
from pathlib import Path
from flows.gateway.durable import NotKeptError
from flows.gateway.spool import Spool
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
spool = Spool(Path(sys.argv[1]))
def keep(line):
    try:
        asyncio.run(spool.keep([line], 7))
        return "kept"
    except NotKeptError as error:
        return f"{error.status} {error}"
print(keep(b"{1}"))
resource.setrlimit(resource.RLIMIT_FSIZE, (50, resource.RLIM_INFINITY))
print(keep(b"x" * 100))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(keep(b"{2}"))
spool.close()
"""


def test_what_finds_no_room_is_not_promised_and_leaves_nothing_torn(tmp_path, part):
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    first, second, third = done.stdout.splitlines()
    assert (first, third) == ("kept", "kept")
    assert second.startswith("507 ")
    assert [raw for raw, _, _ in read(part())] == [b"{1}", b"{2}"]
    assert os.strerror(27) in second
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_full_disk_has_a_status_of_its_own():
    assert (NoRoomError.status, BusyError.status) == (507, 429)


def test_more_than_may_wait_is_sent_away_until_room_is_made():
    pressure = Pressure(100)
    pressure.take(90)
    with pytest.raises(BusyError, match="90 bytes wait"):
        pressure.take(11)
    pressure.give(90)
    pressure.take(1000)  # one that waits alone is never too large
