"""`--json` has one shape, whatever the command (docs/json.md)."""

import json
import os
import re
import time

import click
import jsonschema
import msgspec
import pytest
from click.testing import CliRunner

from flows.cli.answer import Answer
from flows.cli.main import main
from operators.model.shield import ShieldDocument
from sinks.outbox import open_outbox
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
from tests.flows.cli.answers import answer
from tests.flows.cli.test_help import EVERY, commands
from tests.sinks.store.samples import alert
from tests.tree import ROOT

WITHOUT = {
    "console": "runs until it is told to end",
    "courier": "runs until it is told to end",
    "gateway": "runs until it is told to end",
    "run": "runs until it is told to end",
    "up": "runs until it is told to end",
    "rules schema": "prints a JSON schema",
    "setup store": "says `ready`, and prints JSON with --print",
    "init": "asks a person, and says what to type next",
}
"""Command -> why it has no `--json`."""
CALL = re.compile(r"print_answer\(\s*([^,]+),")
RULES = {"user_groups": [{"id": "ops", "name": "Ops", "users": ["alice"], "ways": ["mail"]}]}


def test_every_command_that_answers_answers_in_json():
    plain = {
        " ".join(path)
        for path, command in commands(main)
        if not isinstance(command, click.Group) and not any("--json" in param.opts for param in command.params)
    }
    assert plain == WITHOUT.keys()


def test_the_schema_of_an_answer_is_in_the_documentation():
    kept = json.loads((ROOT / "docs" / "json.schema.json").read_text())
    again = "python -c 'import json, msgspec; from flows.cli.answer import Answer; print(json.dumps(msgspec.json.schema(Answer), indent=2))' > docs/json.schema.json"
    assert kept == json.loads(json.dumps(msgspec.json.schema(Answer))), again


def kinds():
    """Kinds that the code answers with."""
    said = [path.read_text() for path in (ROOT / "flows" / "cli").glob("*.py")]
    return {kind for text in said for call in CALL.findall(text) for kind in re.findall(r'"(\w+)"', call)}


def test_every_kind_is_in_the_documentation():
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", (ROOT / "docs" / "json.md").read_text(), re.MULTILINE)
    keys = set(Answer.__struct_fields__)
    assert {kind for row in rows for kind in re.findall(r"`(\w+)`", row)} - keys == kinds()


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A data directory with an open alert, in a directory with rules."""
    for name in [one for one in os.environ if one.startswith(("TOCSIN_", "MESSAGE_QUEUE"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    store = SqliteStore(tmp_path / "data" / "tocsin.sqlite3")
    end = int(time.time()) + 3600
    silent = ShieldDocument(id="s", time=1, shield={"id": "s", "category": "dimension", "end_time": end})
    store.write(Batch(alerts=[alert(1)], shields=[silent]))
    store.close()
    open_outbox(str(tmp_path / "data" / "outbox.sqlite3")).close()
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(json.dumps(RULES))
    (tmp_path / "line.json").write_text('{"event_id": "1"}')
    (tmp_path / "notices.jsonl").write_text("")
    (tmp_path / "alertmanager.yml").write_text("{route: {receiver: ops}, receivers: [{name: ops}]}")


HANDED = ("1" * 22, "--to", "commands.jsonl")
ASKED = {
    "ack": HANDED,
    "unack": HANDED,
    "close": HANDED,
    "comment": (*HANDED, "-m", "why"),
    "assign": (HANDED[0], "bob", *HANDED[1:]),
    "shield add": ("{id: a, category: dimension, end_time: 1700003600}", "--yes", *HANDED[1:]),
    "shield end": ("a", *HANDED[1:]),
    "silence set": ("--target", "10.0.0.1", "-m", "why", "--no-wait", "--data", "data"),
    "silence list": ("--data", "data"),
    "silence extend": ("s", "--for", "1h", "--no-wait", "--data", "data"),
    "silence end": ("s", "--no-wait", "--data", "data"),
    "alerts list": (),
    "alerts search": ("disk",),
    "alerts show": (alert(1).id,),
    "alerts events": (alert(1).id,),
    "explain": (alert(1).id,),
    "who": ("--name", "X"),
    "why": ("dora",),
    "notices": (),
    "oncall show": (),
    "oncall show --weeks 1": (),
    "shield list": (),
    "outbox list": (),
    "outbox retry": ("none",),
    "outbox drop": ("none",),
    "notice preview": (".", "--list"),
    "intake test": ("line.json",),
    "rules check": ("rules",),
    "rules test": ("rules",),
    "rules import": ("rules", "sqlite:///rules.sqlite3"),
    "import": ("alertmanager.yml", "--out", "imported"),
    "settings": (),
    "settings --effective": (),
    "retain": (),
}
"""Command -> what it is asked with."""
ELSEWHERE = {
    "oncall swap", "channels test", "demo", "diff", "replay", "rescale", "produce", "setup kafka", "rules export",
    "savepoint export", "savepoint import", "savepoint show", "savepoint backup", "savepoint restore",
}  # fmt: skip
"""They need a provider, a server, the state of a job, or much time; tests of their own read their answers."""


@pytest.mark.parametrize("command", ASKED)
def test_an_answer_is_of_the_schema(data, command):
    done = CliRunner().invoke(main, [*command.split(), *ASKED[command], "--json"])
    assert done.exit_code == (1 if command == "intake test" else 0), done.output
    jsonschema.validate(json.loads(done.stdout), json.loads((ROOT / "docs" / "json.schema.json").read_text()))
    told = answer(done.stdout)
    assert (told.tocsin, told.total >= len(told.items)) == (1, True)


def test_every_command_with_json_is_asked_here():
    asked = {
        " ".join(word for word in command.split() if not word.startswith("--") and word != "1") for command in ASKED
    }
    with_json = {one.id for one in EVERY if any("--json" in param.opts for param in one.values[0].params)}
    assert with_json - ELSEWHERE == asked
