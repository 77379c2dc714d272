"""State is for nobody but the job: made for its user alone, and not trusted where somebody else may write it."""

import os
import pickle
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import pytest

from flows.recovery.private import check_private
from tests.tree import ROOT

RULES = ROOT / "examples" / "demo" / "rules"
EVENT = '{"event_id": "e", "plugin_id": "p", "alert_name": "Disk full", "time": 1700000000, "target": "10.0.0.1"}\n'


def run(folder, *more):
    """Run a job over one event, in a folder of its own, and return how it ended."""
    (folder / "in.jsonl").write_text(EVENT)
    words = ("run", "--rules", RULES, "--input", folder / "in.jsonl", "--data", folder / "data", *more)
    program = [sys.executable, "-c", "from flows.cli import main; main()", *map(str, words)]
    return subprocess.run(program, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False, umask=0o000)


@pytest.fixture
def ran(tmp_path):
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.slow
def test_everything_that_a_run_makes_is_for_its_user_alone(ran):
    made = [ran / "data", *(ran / "data").rglob("*")]
    assert {path.name for path in made} >= {"tocsin.sqlite3", "outbox.sqlite3", "dead_letters.jsonl", "layout.json"}
    assert {(path.is_dir(), mode(path)) for path in made} == {(True, 0o700), (False, 0o600)}


PLACES = ("recovery", "recovery/layout.json", "recovery/partitions", "recovery/partitions/part-0.sqlite3", "recovery/lock", "tocsin.sqlite3", "outbox.sqlite3", ".")  # fmt: skip


@pytest.mark.slow
def test_state_that_others_may_write_is_refused_with_its_place(ran):
    for place in PLACES:
        path = (ran / "data" / place).resolve()
        before = mode(path)
        path.chmod(before | 0o002)
        done = run(ran)
        path.chmod(before)
        assert done.returncode == 1
        assert f"{path}: everybody may write it" in done.stderr
        assert "Traceback" not in done.stderr
    assert run(ran).returncode == 0


@pytest.mark.slow
def test_a_pickle_planted_in_the_recovery_store_never_runs(ran):
    planted = ran / "planted"

    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(planted),)

    for file in (ran / "data" / "recovery" / "partitions").glob("*.sqlite3"):
        with closing(sqlite3.connect(file)) as store, store:
            store.execute("UPDATE snaps SET ser_change = ?", (pickle.dumps(Trap()),))
    done = run(ran)
    assert done.returncode == 1
    assert "a snapshot holds a posix.mkdir: it is not of this job" in done.stderr
    assert "Traceback" not in done.stderr
    assert not planted.exists()


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b"\xff\xfe", b'{"workers": "two"}', b'{"workers": 1}', b"[" * 100_000]
)
def test_a_damaged_layout_is_told_in_words(tmp_path, damage):
    (tmp_path / "data" / "recovery").mkdir(parents=True, mode=0o700)
    (tmp_path / "data" / "recovery" / "layout.json").write_bytes(damage)
    done = run(tmp_path)
    assert done.returncode == 1
    assert f"{tmp_path}/data/recovery/layout.json is damaged: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("damage", [b"", b"no savepoint", b"tocsin savepoint\n", b"tocsin savepoint\n" + b"x" * 100])
def test_a_damaged_savepoint_is_told_in_words(tmp_path, damage):
    (tmp_path / "data" / "recovery").mkdir(parents=True, mode=0o700)
    (tmp_path / "data" / "recovery" / "savepoint").write_bytes(damage)
    done = run(tmp_path)
    assert done.returncode == 1
    assert f"{tmp_path}/data/recovery/savepoint: it is " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def own(tmp_path):
    """A directory that leads nowhere others may write."""
    place = tmp_path / "state"
    place.mkdir(mode=0o700)
    (place / "in").mkdir(mode=0o700)
    (place / "in" / "file").write_text("x")
    (place / "in" / "file").chmod(0o600)
    return place


def test_what_is_ours_alone_is_trusted(own):
    assert check_private([own, own / "in" / "file", own / "not there"]) is None


@pytest.mark.parametrize("bits", [0o644, 0o640, 0o444])
def test_others_may_read(own, bits):
    (own / "in" / "file").chmod(bits)
    assert check_private([own]) is None


@pytest.mark.parametrize(("place", "bits"), [(".", 0o702), ("in", 0o777), ("in/file", 0o606), ("in/file", 0o602)])
def test_what_everybody_may_write_is_not_trusted(own, place, bits):
    (own / place).chmod(bits)
    assert check_private([own / "in" / "file" if place == "." else own]).startswith(f"{own / place}: everybody may")


def test_what_stands_in_a_folder_that_keeps_names_to_their_owners_is_trusted(own):
    (own / "in").chmod(0o1777)
    assert check_private([own / "in" / "file"]) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_another_owner_is_not_trusted(own):
    os.chown(own / "in" / "file", 54321, -1)
    assert check_private([own]).startswith(f"{own}/in/file: user 54321 may write it")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_group_is_trusted_only_where_nobody_else_is_in_it(own):
    (own / "in" / "file").chmod(0o660)
    assert check_private([own]) is None
    os.chown(own / "in" / "file", -1, 54321)  # a group of nobody: that of a volume
    assert check_private([own]) is None
    os.chown(own / "in" / "file", -1, 1)  # of daemon
    assert "group daemon (daemon) may write it" in check_private([own])


def test_a_link_to_what_others_may_write_is_not_trusted(own, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("x")
    elsewhere.chmod(0o666)
    (own / "in" / "link").symlink_to(elsewhere)
    assert "everybody may write it" in check_private([own])
