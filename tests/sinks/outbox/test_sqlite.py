"""What only the SQLite outbox promises."""

import multiprocessing
import sqlite3
import subprocess
import sys
import threading

import pytest

from operators.model.records import Notice
from sinks.outbox import OutboxUnavailableError, State, Terms, open_outbox
from sinks.outbox import sqlite_schema as sql
from sinks.outbox.codec import pack
from tests.sinks.outbox.notices import all_room, buried, notice, settled

NOW = 1000.0


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "deep" / "outbox.db")


@pytest.fixture
def outbox(path):
    opened = open_outbox(path)
    yield opened
    opened.close()


def test_everything_is_there_when_it_is_opened_again(path):
    outbox = open_outbox(path)
    outbox.put([notice("n1"), notice("n2"), notice("n3")], NOW)
    first, second, _ = outbox.take(all_room, NOW)
    outbox.record([settled(first), buried(second)], NOW)
    outbox.close()
    again = open_outbox(path)
    assert again.put([notice("n1")], NOW) == 0
    assert [entry.taken.notice.id for entry in again.entries(State.DEAD, 9, NOW)] == ["n2"]
    assert [one.notice.id for one in again.take(all_room, NOW + 60)] == ["n3"]
    assert len(again.receipts(9)) == 2
    again.close()


def test_what_was_put_outlives_a_killed_process(path):
    program = (
        "import os, sys\n"
        "from sinks.outbox import open_outbox\n"
        "from tests.sinks.outbox.notices import notice\n"
        "outbox = open_outbox(sys.argv[1])\n"
        "outbox.put([notice(f'n{n}') for n in range(100)], 1000.0)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, path], check=False).returncode == -9
    outbox = open_outbox(path)
    assert len(outbox.take(all_room, NOW)) == 100
    outbox.close()


def test_every_commit_is_synced(path, outbox):
    assert outbox._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert outbox._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_of_a_newer_version_is_refused(path, outbox):
    outbox._db.execute("PRAGMA user_version = 99")
    with pytest.raises(OutboxUnavailableError, match=r"newer version \(schema 99, known 1\)"):
        open_outbox(path)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "x").write_text("no database" * 1000)
    with pytest.raises(OutboxUnavailableError, match="not a database"):
        open_outbox(str(tmp_path / "x"))


def test_a_full_disk_is_told_and_loses_nothing(outbox):
    outbox.put([notice("n1")], NOW)
    pages = outbox._db.execute("PRAGMA page_count").fetchone()[0]
    outbox._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OutboxUnavailableError, match="full"):
        outbox.put([notice(f"m{n}", content="x" * 5000) for n in range(10)], NOW)
    outbox._db.execute("PRAGMA max_page_count = 1000000")
    assert outbox.depth(NOW).ready == 1


def test_unreadable_bytes_come_as_a_notice_to_bury(outbox):
    outbox.put([notice("n1"), notice("n2")], NOW)
    outbox._db.execute("UPDATE notices SET body = x'c1' WHERE id = 'n1'")
    first, second = outbox.take(all_room, NOW)
    assert (first.readable, first.notice.id, first.notice.way, first.notice.receivers) == (False, "n1", "mail", ())
    assert second.readable


def test_a_notice_written_by_a_newer_version_is_read(outbox):
    outbox.put([notice("n1")], NOW)
    fields = {name: getattr(notice("n1"), name) for name in Notice.__struct_fields__}
    outbox._db.execute("UPDATE notices SET body = ?", (pack({**fields, "colour": "red"}),))
    (taken,) = outbox.take(all_room, NOW)
    assert taken.notice == notice("n1")


def _put(path, name):
    outbox = open_outbox(path)
    for number in range(50):
        outbox.put([notice(f"{name}{number}"), notice(f"same{number}")], NOW)
    outbox.close()


def test_processes_share_one_file(path):
    context = multiprocessing.get_context("spawn")
    children = [context.Process(target=_put, args=(path, name)) for name in ("a", "b", "c")]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
        assert child.exitcode == 0
    outbox = open_outbox(path)
    assert outbox.depth(NOW).ready == 200
    outbox.close()


def test_two_takers_never_hold_the_same_notice(path, outbox):
    outbox.put([notice(f"n{number}") for number in range(300)], NOW)
    other, held = open_outbox(path), []

    def take(place):
        while taken := place.take(lambda _: 7, NOW):
            held.extend(one.notice.id for one in taken)

    threads = [threading.Thread(target=take, args=(place,)) for place in (outbox, other, outbox)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert len(held) == len(set(held)) == 300


def plan(outbox, statement, **parameters):
    return " | ".join(row[3] for row in outbox._db.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))


def test_a_look_at_a_long_queue_reads_only_what_it_takes(outbox):
    for statement in (sql.LANES, sql.TAKE):
        shown = plan(outbox, statement, now=NOW, until=NOW, lane="mail", room=1)
        assert "SCAN notices" not in shown
        assert "TEMP B-TREE" not in shown
    assert "notices_ended" in plan(outbox, sql.FORGET.replace("?", ":now"), now=NOW)


def test_the_memory_of_a_long_queue_stays_in_the_file(outbox):
    outbox.put([notice(f"n{number}", way=f"way{number % 5}") for number in range(5000)], NOW)
    taken = outbox.take(lambda _: 2, NOW)
    assert len(taken) == 10
    assert outbox.depth(NOW).ready == 4990


def test_a_closed_outbox_says_so(tmp_path):
    outbox = open_outbox(str(tmp_path / "o.db"), Terms(visibility=1))
    outbox.close()
    with pytest.raises(OutboxUnavailableError):
        outbox.put([notice("n1")], NOW)


def test_the_tables_are_strict(outbox):
    outbox.put([notice("n1")], NOW)
    with pytest.raises(sqlite3.IntegrityError):
        outbox._db.execute("UPDATE notices SET attempt = 'many'")
