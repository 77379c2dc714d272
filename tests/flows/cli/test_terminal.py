"""Terminals as they are: narrow, without UTF-8, gone."""

import os
import resource
import subprocess
import sys
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from flows.cli.alert_table import WIDE, alert_table
from flows.cli.alerts import event_table
from flows.cli.given import typed
from flows.cli.notices import notices_table
from flows.cli.view import View
from flows.settings.settings import Settings
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
from tests.sinks.store.samples import alert, archived, sent

PROGRAM = [sys.executable, "-c", "from flows.cli import main; main()"]
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
NAMED = alert(1, alert_name="磁盘 full", event_changes={"target": "web-1"})


@pytest.fixture
def tocsin(tmp_path):
    """Run the program in a directory that has a store with one open alert."""
    store = SqliteStore(tmp_path / "data" / "tocsin.sqlite3")
    store.write(Batch(alerts=[NAMED]))
    store.close()
    environment = {name: text for name, text in os.environ.items() if not name.startswith("TOCSIN")}

    def run(*arguments, preexec=None, **variables):
        done = subprocess.run(
            [*PROGRAM, *arguments], cwd=tmp_path, env={**environment, "PYTHONPATH": str(Path.cwd()), **variables},
            stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120, preexec_fn=preexec,
        )  # fmt: skip
        assert b"Traceback" not in done.stderr
        return done

    return run


def printed(table, width):
    console = Console(width=width, file=open(os.devnull, "w"), record=True)  # noqa: PTH123, SIM115
    console.print(table)
    console.file.close()
    return console.export_text()


def table(width):
    return printed(alert_table(View("", Settings(), UTC, False), [NAMED], width), width)


@pytest.mark.parametrize("width", [50, 80, WIDE - 1, WIDE, 200])
def test_an_id_is_never_cut_and_the_alert_is_named(width):
    shown = table(width)
    assert NAMED.id in shown
    assert "web-1" in shown
    assert "磁盘" in shown
    assert all(len(line.rstrip()) <= width for line in shown.splitlines())


@pytest.mark.parametrize("width", [80, WIDE - 1, WIDE, 200])
def test_times_and_ids_of_notices_and_events_are_never_cut(width):
    view, long = View("", Settings(), UTC, False), "http://10.0.0.1:8088/a/long/address"
    notice = sent(
        receivers=(long,), title="Disk full on 10.0.0.1", state="failed", reason="the host refuses connections"
    )
    arrived = archived(id="f" * 32)
    for found, cells in (
        (notices_table(view, [notice], width), ("Disk full", "2025-11-23 12:13:20+00:00", "refuses")),
        (event_table(view, [arrived], width), ("f" * 32, "2025-11-23 12:13:20+00:00", "ABNORMAL")),
    ):
        text = printed(found, width)
        assert all(cell in text for cell in cells)
        assert all(len(line.rstrip()) <= width for line in text.splitlines())


def test_a_wide_terminal_has_one_row_an_alert():
    assert len(table(WIDE).splitlines()) == 2


def test_a_locale_without_the_letters_gets_marks(tocsin):
    done = tocsin("alerts", "list", **ASCII)
    assert done.returncode == 0
    assert b"?? full" in done.stdout


def test_words_are_utf_8_whatever_the_locale_says(tocsin):
    assert NAMED.id.encode() in tocsin("alerts", "search", "磁盘", **ASCII).stdout


@pytest.mark.parametrize("words", [["alerts", "search", b"\xff"], ["alerts", "show", b"\xff"], ["explain", b"\xff"]])
def test_bytes_that_are_no_text_find_nothing(tocsin, words):
    done = tocsin(*words)
    assert b"no alert" in done.stdout + done.stderr


def test_a_reader_that_goes_away_is_no_error(tocsin, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*PROGRAM, "alerts", "list", "--json"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        stdout=writing, stderr=subprocess.PIPE, check=False, timeout=120,
    )  # fmt: skip
    os.close(writing)
    assert done.stderr == b""


def little_room():
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))


EVENT = (
    '{"event_id":"e%d","plugin_id":"p","alert_name":"a","time":1700000000,"severity":2,"target_type":"","target":"t"}\n'
)


@pytest.mark.parametrize("command", ["replay", "run"])
def test_a_full_disk_ends_in_one_line_that_names_the_file(tocsin, tmp_path, command):
    (tmp_path / "events.jsonl").write_text("".join(EVENT % number for number in range(200)))
    place = ["--out", "out"] if command == "replay" else ["--data", "out"]
    done = tocsin(command, "--rules", "none", "--input", "events.jsonl", *place, preexec=little_room)
    assert done.returncode == 1
    assert b"out/" in done.stderr.splitlines()[-1]


def test_a_command_that_finds_no_room_names_its_file(tocsin, tmp_path):
    done = tocsin("ack", "1" * 22, "-m", "x" * 9000, "--to", "commands.jsonl", preexec=little_room)
    assert (done.returncode, done.stderr) == (1, b"commands.jsonl: File too large\n")


def test_a_replay_says_in_a_line_what_it_came_to(tocsin, tmp_path):
    (tmp_path / "events.jsonl").write_text(EVENT % 1 + "nonsense\n")
    done = tocsin("replay", "--rules", "none", "--input", "events.jsonl", "--out", "out")
    assert done.stdout == b"out: 1 events, 1 dead letters -> 1 alerts (1 still open), 0 notices\n"


@given(st.binary(max_size=20))
def test_what_was_typed_is_always_text(raw):
    for encoding in ("utf-8", "ascii"):
        typed(raw.decode(encoding, "surrogateescape")).encode()


@given(st.text(max_size=20))
def test_text_that_was_typed_stays_as_it_is(text):
    assert typed(text) == text
