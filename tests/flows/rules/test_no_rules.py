"""Rules that cannot be read are no rules: the last good ones stay, and no rules must be asked for (design.md 7.50)."""

import os
import subprocess
import sys
import time
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from structlog.testing import capture_logs

from flows.rules.files import Directory
from flows.rules.source import Terms
from flows.rules.sql import NO_ROWS, SqlTables
from flows.rules.transfer import import_rules
from flows.rules.watch import REFUSED, Watcher
from operators.rules.read.documents import EMPTY, NO_FILES
from operators.rules.read.load import load
from operators.rules.read.patch import LEAVES_NONE
from tests.flows.rules.made import CPU, OPS, write
from tests.tree import ROOT

ALL = {"id": 1, "rules": [{"id": 1, "user_groups": ["ops"]}]}


def reasons(*paths: Path | str) -> list[str]:
    return [error.reason for error in load(paths)[1]]


@pytest.mark.parametrize("text", ["", "\n \n", "# strategies: []\n", "---\n", "null"])
def test_a_file_that_holds_nothing_is_refused(tmp_path: Path, text: str):
    write(tmp_path / "a.yaml", user_groups=[OPS], strategies=[CPU])
    (tmp_path / "b.yaml").write_text(text)
    assert reasons(tmp_path) == [EMPTY]


def test_a_directory_without_rule_files_is_refused(tmp_path: Path):
    (tmp_path / "rules.YAML").write_text("strategies: []")
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    assert reasons(tmp_path) == [NO_FILES]


def test_a_path_that_holds_nothing_is_refused_beside_one_that_does(tmp_path: Path):
    write(tmp_path / "good" / "a.yaml", user_groups=[OPS])
    (tmp_path / "empty").mkdir()
    assert reasons(tmp_path / "good", tmp_path / "empty") == [NO_FILES]


_READS_AS_NOBODY = """
import os, sys
from operators.rules.read.load import load
load([sys.argv[1]])  # imports what nobody may not
os.setuid(65534)
print(*load([sys.argv[1]])[1], sep="\\n")
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become nobody, whom nothing is open to")
@pytest.mark.parametrize("closed", [".", "rules", "rules/deep", "rules/a.yaml"])
def test_what_may_not_be_read_is_refused(closed: str):
    with TemporaryDirectory() as top:
        place = Path(top)
        write(place / "rules" / "a.yaml", user_groups=[OPS])
        write(place / "rules" / "deep" / "b.yaml", strategies=[CPU])
        place.chmod(0o755)
        (place / closed).chmod(0o700)
        program = [sys.executable, "-c", _READS_AS_NOBODY, f"{top}/rules"]
        said = subprocess.run(program, capture_output=True, text=True, check=True, cwd=ROOT)
    assert "cannot be read: Permission denied" in said.stdout


def test_a_file_may_say_that_no_rules_are_meant(tmp_path: Path):
    write(tmp_path / "a.yaml", strategies=[])
    book, errors = load([tmp_path])
    assert book is not None
    assert errors == []


def test_none_stands_for_no_rules():
    watcher = Watcher([Directory(["none"])], Terms())
    assert watcher.load() == []
    assert not watcher.holder.current().decides


def watched(folder: Path) -> Watcher:
    write(folder / "people.yaml", user_groups=[OPS])
    write(folder / "rules.yaml", strategies=[CPU])
    watcher = Watcher([Directory([folder])], Terms())
    assert watcher.load() == []
    return watcher


_LATER = count(time.monotonic() + 10, 10)


def looked(watcher: Watcher) -> list[str]:
    """Let two looks find the same files; return the reasons for which they were refused."""
    with capture_logs() as logs:
        for now in islice(_LATER, 3):
            watcher.look(now)
    return [entry["reason"] for entry in logs if entry["event"] == REFUSED]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda file: file.write_text(""), EMPTY),
        (lambda file: file.write_text("strategies:\n"), "expected a list, got nothing"),
        (lambda file: file.write_text("{}"), LEAVES_NONE),
        (lambda file: file.write_text("shields: []"), LEAVES_NONE),
        (lambda file: file.unlink(), LEAVES_NONE),
        (lambda file: file.rename(file.with_suffix(".bak")), LEAVES_NONE),
        (lambda file: file.write_bytes(b"\xff"), "cannot be read: not UTF-8 text (byte 0)"),
    ],
    ids=["truncated", "nothing", "empty mapping", "other rules", "removed", "renamed", "not text"],
)
def test_the_last_good_rules_stay_when_a_change_leaves_none(tmp_path: Path, change, reason: str):
    watcher = watched(tmp_path)
    change(tmp_path / "rules.yaml")
    assert looked(watcher) == [reason]
    assert list(watcher.holder.current().strategies) == ["1"]
    assert watcher.trouble.startswith(REFUSED)


def test_a_directory_that_is_gone_leaves_the_last_good_rules(tmp_path: Path):
    watcher = watched(tmp_path / "rules")
    (tmp_path / "rules").rename(tmp_path / "away")
    assert looked(watcher) == ["no such file or directory"]
    assert watcher.holder.current().decides


def test_rules_that_are_asked_to_end_do(tmp_path: Path):
    watcher = watched(tmp_path)
    write(tmp_path / "rules.yaml", strategies=[])
    assert looked(watcher) == []
    assert not watcher.holder.current().decides
    assert watcher.trouble == ""


@pytest.mark.parametrize("left", [{"strategies": [{**CPU, "is_enabled": False}]}, {"dispatch": [ALL]}])
def test_a_disabled_strategy_and_a_dispatch_rule_are_rules(tmp_path: Path, left: dict):
    watcher = watched(tmp_path)
    write(tmp_path / "rules.yaml", **left)
    assert looked(watcher) == []
    assert watcher.holder.current().decides


def test_what_was_wrong_is_well_again(tmp_path: Path):
    watcher = watched(tmp_path)
    (tmp_path / "rules.yaml").write_text("")
    looked(watcher)
    write(tmp_path / "rules.yaml", strategies=[CPU, {**CPU, "id": 2}])
    assert looked(watcher) == []
    assert watcher.trouble == ""
    assert list(watcher.holder.current().strategies) == ["1", "2"]


def test_tables_without_rows_are_refused(tmp_path: Path):
    write(tmp_path / "rules" / "a.yaml", strategies=[])
    dsn = f"sqlite:///{tmp_path}/rules.sqlite3"
    import_rules(str(tmp_path / "rules"), dsn, Terms(), mirror=True)
    assert [error.reason for error in SqlTables(dsn).read().errors] == [NO_ROWS]
