"""`tocsin retain --every`: retention beside a job, until it is told to stop."""

import signal
import subprocess
import sys

import pytest

from sinks.store.sqlite import SqliteStore

PROGRAM = [sys.executable, "-c", "from flows.cli import main; main()"]


@pytest.fixture
def retain(tmp_path):
    """Start it on the store of a folder; its first words are what a test waits for."""
    started = []

    def start(*words):
        command = [*PROGRAM, "retain", "--store", "store.sqlite3", *words]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_it_goes_on_until_it_is_stopped_and_then_ends_well(retain, tmp_path):
    SqliteStore(tmp_path / "store.sqlite3").close()
    process = retain("--every", "24", "--json")
    assert process.stdout.readline().startswith('{"tocsin":1,"kind":"dropped","items":[{"alerts":0,')
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_a_store_that_is_not_there_yet_is_asked_again(retain):
    process = retain("--every", "24")
    assert process.stderr.readline() == "there is no store at store.sqlite3; trying again in 60 s\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_without_it_a_store_that_is_not_there_ends_the_command(retain):
    process = retain()
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (1, "there is no store at store.sqlite3\n")
