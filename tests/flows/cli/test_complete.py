"""What Tab proposes: commands, open alerts, people, groups, ways, silences; never an error."""

import json
import time

import pytest
from click.shell_completion import ShellComplete

from flows.cli.main import main
from operators.model.shield import ShieldDocument
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
from tests.sinks.store.samples import alert

RULES = {
    "user_groups": [{"id": "ops", "name": "Ops", "users": ["alice", "dora"], "ways": ["mail"]}],
    "channels": [{"way": "mail", "host": "127.0.0.1", "sender": "tocsin@example.org"}],
}


@pytest.fixture
def proposed(tmp_path, monkeypatch):
    """What is proposed for the last of some words."""
    for name in ("TOCSIN__STORE__DSN", "TOCSIN_STORE", "TOCSIN_SETTINGS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def ask(*words):
        found = ShellComplete(main, {}, "tocsin", "_TOCSIN_COMPLETE").get_completions(list(words[:-1]), words[-1])
        return [one.value for one in found]

    return ask


@pytest.fixture
def kept(tmp_path):
    """A store and rules."""
    end = int(time.time()) + 3600
    silent = ShieldDocument(id="silence-1", time=1, shield={"id": "silence-1", "end_time": end})
    store = SqliteStore(tmp_path / "data" / "tocsin.sqlite3")
    store.write(Batch(alerts=[alert(1)], shields=[silent]))
    store.close()
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "all.json").write_text(json.dumps(RULES))


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("expl",), ["explain"]),
        (("ack", alert(1).id[:5]), [alert(1).id]),
        (("explain", ""), [alert(1).id]),
        (("ack", "zz"), []),
        (("assign", alert(1).id, "d"), ["dora"]),
        (("why", "a"), ["alice"]),
        (("oncall", "show", "o"), ["ops"]),
        (("notices", "--way", "m"), ["mail"]),
        (("silence", "end", "s"), ["silence-1"]),
    ],
)
def test_what_is_there_is_proposed(proposed, words, found):
    assert proposed(*words) == found


@pytest.mark.parametrize("words", [("ack", ""), ("why", ""), ("oncall", "show", ""), ("silence", "end", "")])
def test_where_nothing_is_there_nothing_is_proposed(proposed, words):
    assert proposed(*words) == []
