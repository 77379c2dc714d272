"""A job's data directory holds what its settings place nowhere else, and every command looks where the job keeps things."""

from contextlib import closing

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from sinks.outbox import open_outbox
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
from tests.sinks.outbox.notices import notice
from tests.sinks.store.samples import alert

ALERT = alert(1)


@pytest.fixture
def tocsin(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("TOCSIN_STORE", "TOCSIN_SETTINGS", "MESSAGE_QUEUE_DSN"):
        monkeypatch.delenv(name, raising=False)

    def run(*words, code=0, **variables):
        done = CliRunner(env=variables).invoke(main, words, catch_exceptions=False)
        assert done.exit_code == code, done.output
        return done.output

    return run


@pytest.fixture
def named(tmp_path):
    """Settings that name a store and an outbox; in both there is something."""
    with closing(SqliteStore(tmp_path / "named.sqlite3")) as store:
        store.write(Batch(alerts=[ALERT]))
    with closing(open_outbox(str(tmp_path / "waiting.sqlite3"))) as outbox:
        outbox.put([notice("waits")], 0.0)
    (tmp_path / "t.yaml").write_text("store: {dsn: named.sqlite3}\noutbox: {dsn: waiting.sqlite3}\n")
    return "t.yaml"


@pytest.mark.parametrize(
    "words",
    [("alerts", "list"), ("alerts", "show", ALERT.id), ("alerts", "search", "cpu"), ("explain", ALERT.id)],
    ids=" ".join,
)
def test_a_store_that_the_settings_name_is_read_also_where_a_data_directory_is_given(tocsin, named, words):
    assert ALERT.alert_name in tocsin(*words, "--settings", named, "--data", "d")


def test_an_outbox_that_the_settings_name_is_looked_at_also_where_a_data_directory_is_given(tocsin, named):
    assert "waits" in tocsin("outbox", "list", "--state", "ready", "--settings", named, "--data", "d")


def test_what_the_settings_place_nowhere_lies_in_the_data_directory(tocsin, tmp_path):
    (tmp_path / "d").mkdir()
    with closing(SqliteStore(tmp_path / "d" / "tocsin.sqlite3")) as store:
        store.write(Batch(alerts=[ALERT]))
    with closing(open_outbox(str(tmp_path / "d" / "outbox.sqlite3"))) as outbox:
        outbox.put([notice("waits")], 0.0)
    assert ALERT.alert_name in tocsin("alerts", "list", "--data", "d")
    assert "waits" in tocsin("outbox", "list", "--state", "ready", "--data", "d")


def test_an_option_wins_over_both(tocsin, named, tmp_path):
    with closing(SqliteStore(tmp_path / "third.sqlite3")) as store:
        store.write(Batch(alerts=[alert(2, alert_name="Of the third")]))
    said = tocsin("alerts", "list", "--settings", named, "--data", "d", "--store", "third.sqlite3")
    assert "Of the third" in said
    assert ALERT.alert_name not in said


def test_a_command_finds_its_alert_in_the_store_that_the_settings_name(tocsin, named, tmp_path):
    (tmp_path / "d").mkdir()
    said = tocsin("ack", ALERT.id, "-m", "mine", "--no-wait", "--settings", named, "--data", "d")
    assert "d/commands.jsonl" in said
    assert ALERT.id in (tmp_path / "d" / "commands.jsonl").read_text()


@pytest.mark.parametrize(
    ("words", "why"),
    [(("outbox", "list"), "d/outbox.sqlite3: no such outbox"), (("alerts", "list"), "d/tocsin.sqlite3")],
    ids=["outbox", "store"],
)
def test_what_is_not_there_is_named_by_its_place(tocsin, words, why):
    assert why in tocsin(*words, "--data", "d", code=1)
