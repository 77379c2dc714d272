"""Commands, and the shields they set, are documents of the store: who, when, why, and what became of it (design 7.62)."""

import json

import pytest
import yaml
from click.testing import CliRunner

from flows.cli import main
from sinks.store.query import CommandQuery
from sinks.store.sqlite import SqliteStore

T0 = 1_700_000_000
SHIELD = {"id": "s1", "bk_biz_id": 2, "category": "scope", "scope_type": "biz", "begin_time": T0, "end_time": T0 + 3600}


def command(at, name, **fields):
    return {"kind": "command", "at": T0 + at, "command": name, "operator": "alice", **fields}


LINES = [
    {
        "at": T0,
        "event_id": "e1",
        "plugin_id": "p",
        "alert_name": "A",
        "time": T0,
        "bk_biz_id": 2,
        "dedupe_md5": "a" * 32,
    },
    command(10, "shield", shield=SHIELD, message="deploy", command_id="c-shield"),
    command(20, "ack", dedupe_md5="a" * 32, message="mine", command_id="c-ack"),
    command(21, "ack", dedupe_md5="a" * 32, command_id="c-again"),
    command(22, "close", alert_id="1700000000aaaaaaaaaaaa"),
    command(30, "unshield", id="s1", message="done", command_id="c-end"),
    command(31, "unshield", id="s1", command_id="c-gone"),
    command(40, "unshield", id="of-files", command_id="c-files"),
]
RULES = {"shields": [{**SHIELD, "id": "of-files"}], "strategies": []}


@pytest.fixture
def store(tmp_path):
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(RULES))
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES))
    options = ["--rules", str(tmp_path / "rules.yaml"), "--input", str(tmp_path / "in.jsonl"), "--recording"]
    done = CliRunner().invoke(main, ["run", *options, "--data", str(tmp_path / "data")])
    assert done.exit_code == 0, done.output
    opened = SqliteStore(tmp_path / "data" / "tocsin.sqlite3", read_only=True)
    yield opened
    opened.close()


def test_every_command_is_found_with_its_outcome(store):
    found = {one.id: (one.command, one.outcome, one.reason) for one in store.commands(CommandQuery())}
    named = {name: outcome for name, outcome in found.items() if name.startswith("c-")}
    assert named == {
        "c-shield": ("shield", "applied", ""),
        "c-ack": ("ack", "applied", ""),
        "c-again": ("ack", "refused", "already_acked"),
        "c-end": ("unshield", "applied", ""),
        "c-gone": ("unshield", "refused", "unknown_shield"),
        "c-files": ("unshield", "applied", ""),
    }
    assert [outcome for name, outcome in found.items() if name not in named] == [("close", "refused", "unknown_alert")]


def test_who_did_what_and_why_is_kept(store):
    (ack,) = store.commands(CommandQuery(id="c-ack"))
    assert (ack.operator, ack.message, ack.time, ack.dedupe_md5) == ("alice", "mine", T0 + 20, "a" * 32)
    (shield,) = store.commands(CommandQuery(id="c-shield"))
    assert (shield.shield_id, shield.message) == ("s1", "deploy")


def test_a_shield_of_a_command_is_kept_until_after_its_end_and_one_of_the_files_is_not_ours_to_keep(store):
    (kept,) = store.shields()
    assert (kept.id, kept.operator, kept.message, kept.ended, kept.ends) == ("s1", "alice", "done", T0 + 30, T0 + 30)
    assert kept.shield == SHIELD
