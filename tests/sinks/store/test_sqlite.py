"""What is particular to the SQLite store: one file, many processes, whole batches."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import zstandard
from msgspec.json import encode

from operators.model.alert import document_version
from sinks.store.interface import Batch, Retention, StoreError, StoreUnavailableError
from sinks.store.order import MOST_EVENTS
from sinks.store.query import AlertQuery, LogQuery, NoticeQuery, parse_query
from sinks.store.sqlite import CATCH_UP, QUIET_BATCH, SqliteStore
from sinks.store.sqlite_alerts import fill_facts
from sinks.store.sqlite_index import SOME
from sinks.store.sqlite_past import fill_past
from sinks.store.sqlite_schema import APPLICATION_ID, VERSION, grow
from sinks.store.words import words_of
from tests.sinks.store.samples import DAY, NOW, alert, archived, entry, sent, shield

WRITER = """
import sys
from pathlib import Path
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
from tests.sinks.store.samples import alert, entry
store = SqliteStore(Path(sys.argv[1]))
for round in range(10_000):
    numbers = range(round * 50, round * 50 + 50)
    store.write(Batch(alerts=[alert(n) for n in numbers], logs=[entry(alert(n)) for n in numbers]))
    print(round, flush=True)
"""


def pending(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        count = connection.execute("SELECT count(*) FROM alerts WHERE pending = 1").fetchone()[0]
    connection.close()
    return count


def older(path: Path, version: int) -> None:
    """Make a file as that version made it, with an alert, its log and an event."""
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        grow(connection, version)
        one, log, kept = alert(1), entry(alert(1)), archived()
        values = (
            one.id,
            document_version(one),
            1,
            one.status,
            one.severity,
            "1",
            "2",
            one.dedupe_md5,
            NOW,
            None,
            words_of(one),
        )
        columns = (
            "id, version, pending, status, severity, strategy_id, bk_biz_id, dedupe_md5, begin_time, end_time, words"
        )
        statement = f"INSERT INTO alerts ({columns}, document) VALUES ({', '.join('?' * 12)})"
        connection.execute(statement, (*values, encode(one)))
        if version >= 4:
            fill_facts(connection)
        logged = "INSERT INTO logs (alert_id, id, time, count, document) VALUES (?, ?, ?, 1, ?)"
        connection.execute(logged, (one.id, log.id, log.time, encode(log)))
        if version >= 5:
            fill_past(connection)
        block = zstandard.ZstdCompressor().compress(encode(kept))
        connection.execute("INSERT INTO events VALUES (1, ?, ?, ?)", (NOW, NOW, block))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "store.sqlite3"


@pytest.fixture
def writer(path):
    opened = SqliteStore(path)
    yield opened
    opened.close()


def test_the_file_and_its_folder_are_made(path, writer):
    assert path.is_file()


def test_a_reader_does_not_make_a_store(path):
    with pytest.raises(StoreError, match="there is no store at"):
        SqliteStore(path, read_only=True)
    assert not path.exists()


def test_a_reader_sees_what_is_written_while_it_is_open(path, writer):
    reader = SqliteStore(path, read_only=True)
    writer.write(Batch(alerts=[alert()]))
    assert reader.alert(alert().id)
    reader.close()


def test_a_reader_in_the_middle_of_reading_does_not_stop_the_writer(path, writer):
    writer.write(Batch(alerts=[alert(number) for number in range(9)]))
    reading = sqlite3.connect(path)
    cursor = reading.execute("BEGIN").execute("SELECT id FROM alerts")
    cursor.fetchone()
    assert writer.write(Batch(alerts=[alert(100)])).conflicts == 0
    reading.close()


def test_a_reader_cannot_write(path, writer):
    reader = SqliteStore(path, read_only=True)
    with pytest.raises(StoreUnavailableError, match="readonly"):
        reader.write(Batch(alerts=[alert()]))
    reader.close()


def test_two_writers_take_turns(path, writer):
    second = SqliteStore(path)
    rounds = range(20)
    threads = [
        threading.Thread(
            target=lambda store=store, first=first: [store.write(Batch(alerts=[alert(first + n)])) for n in rounds]
        )
        for store, first in ((writer, 0), (second, 100))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(writer.alerts(AlertQuery(limit=100))) == 40
    second.close()


def test_processes_that_make_the_same_file_at_once_all_get_it(path):
    code = "import sys; from pathlib import Path; from sinks.store.sqlite import SqliteStore; SqliteStore(Path(sys.argv[1])).close()"
    started = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(4)]
    assert [process.wait() for process in started] == [0, 0, 0, 0]


def test_a_kill_leaves_whole_batches_only_and_all_that_were_reported(path):
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    reported = [int(process.stdout.readline()) for _ in range(5)][-1]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    store = SqliteStore(path)
    found = store.alerts(AlertQuery(limit=1_000_000))
    assert len(found) % 50 == 0
    assert len(found) >= (reported + 1) * 50
    assert all(len(store.logs(one.id)) == 1 for one in found)
    store.close()


def test_a_poisoned_record_does_not_take_its_batch_with_it(writer):
    written = writer.write(Batch(alerts=[alert(1), alert(2, severity=1 << 70), alert(3)], logs=[entry(alert(1))]))
    assert [one.position for one in written.refused] == [f"alert {alert(2).id}"]
    assert len(writer.alerts(AlertQuery())) == 2
    assert len(writer.logs(alert(1).id)) == 1


def test_a_file_that_is_no_database_is_refused_by_name(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("not a database, but long enough to be read as one" * 50)
    for read_only in (False, True):
        with pytest.raises(StoreError, match=r"notes\.txt"):
            SqliteStore(text, read_only=read_only)


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path):
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE alerts (mine)")
    connection.close()
    before = other.read_bytes()
    with pytest.raises(StoreError, match="not a store of Tocsin"):
        SqliteStore(other)
    assert other.read_bytes() == before


def test_a_store_that_a_job_only_begins_to_make_holds_nothing_yet(tmp_path):
    path = tmp_path / "new.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    with pytest.raises(StoreUnavailableError, match=r"nothing in .*new\.db yet"):
        SqliteStore(path, read_only=True)
    connection.close()


def test_a_store_of_a_newer_version_is_refused(path, writer):
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(StoreError, match="newer Tocsin"):
        SqliteStore(path)


@pytest.mark.parametrize("version", range(1, VERSION))
def test_a_store_of_an_older_version_is_brought_up_by_its_next_writer_and_keeps_what_it_has(path, version):
    older(path, version)
    with pytest.raises(StoreError, match=f"of store version {version}: a job"):
        SqliteStore(path, read_only=True)
    grown = SqliteStore(path)
    grown.write(Batch(alerts=[alert(2)], shields=[shield()], notices=[sent()]))
    assert [one.id for one in grown.alerts(AlertQuery())] == [alert(2).id, alert(1).id]
    assert grown.alert(alert(1).id) == alert(1)
    assert (len(grown.logs(alert(1).id)), grown.notices(NoticeQuery())) == (1, [sent()])
    assert len(grown.events("a" * 32, NOW, NOW)) == 1
    assert len(grown.alerts(AlertQuery(name=(alert(1).alert_name,), target_type=("HOST",), sort=MOST_EVENTS))) == 2
    assert len(grown.entries(LogQuery(reason=("opened",)))) == 1
    grown.close()
    SqliteStore(path, read_only=True).close()


def test_a_folder_that_cannot_be_made_is_an_error_with_its_name(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        SqliteStore(tmp_path / "file" / "store.sqlite3")


def test_words_of_a_large_batch_wait_for_a_quiet_moment_and_are_found_meanwhile(path, writer):
    writer.write(Batch(alerts=[alert(number, alert_name=f"磁盘{number}") for number in range(QUIET_BATCH + 1)]))
    assert pending(path) == QUIET_BATCH + 1
    assert len(writer.alerts(parse_query("磁盘100"))) == 1
    writer.write(Batch())
    assert pending(path) == 0
    assert len(writer.alerts(parse_query("磁盘100"))) == 1


def test_words_are_indexed_a_little_even_where_no_batch_is_quiet(path, writer):
    for first in range(CATCH_UP):
        writer.write(Batch(alerts=[alert(first * 1000 + number) for number in range(QUIET_BATCH + 1)]))
    assert pending(path) == CATCH_UP * (QUIET_BATCH + 1) - SOME


def test_retention_indexes_all_words_that_waited(path, writer):
    for first in (0, 300, 600):
        writer.write(Batch(alerts=[alert(number) for number in range(first, first + 300)]))
    writer.retain(NOW, Retention())
    assert pending(path) == 0


def test_an_alert_whose_words_did_not_change_is_not_indexed_again(path, writer):
    writer.write(Batch(alerts=[alert()]))
    writer.write(Batch(alerts=[alert(revision=2, latest_time=NOW + 60)] * (QUIET_BATCH + 1)))
    assert pending(path) == 0


def test_retention_deletes_more_than_one_chunk(writer):
    old = [alert(number, status="CLOSED", end_time=NOW + number) for number in range(1200)]
    writer.write(Batch(alerts=old, logs=[entry(one) for one in old]))
    assert writer.retain(NOW + 400 * DAY, Retention())["alerts"] == 1200
    assert writer.alerts(AlertQuery()) == []


def test_retention_drops_up_to_the_second_before_its_days_are_over(writer):
    writer.write(Batch(logs=[entry(alert(), position, time=NOW + position) for position in range(3)]))
    assert writer.retain(NOW + 1 + 30 * DAY, Retention(logs=30))["logs"] == 1
    assert [one.time for one in writer.logs(alert().id)] == [NOW + 1, NOW + 2]


def test_an_event_read_again_in_another_batch_is_returned_once_as_it_came_first(writer):
    first, second = archived(id="a", description="first"), archived(id="b", at=NOW + 1)
    writer.write(Batch(events=[first]))
    writer.write(Batch(events=[archived(id="a", description="again"), second]))
    assert writer.events("a" * 32, NOW, NOW + 1) == [first, second]


def test_a_fingerprint_in_the_text_of_an_event_is_not_its_own(writer):
    writer.write(Batch(events=[archived(dedupe_md5="b" * 32, description="a" * 32)]))
    assert writer.events("a" * 32, 0, NOW) == []
