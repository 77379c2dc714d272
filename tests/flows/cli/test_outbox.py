"""`tocsin outbox` on both places."""

import io
import time
from contextlib import closing

import pytest
from click.testing import CliRunner
from rich.console import Console

from flows.cli.outbox import outbox as command
from flows.cli.outbox import waiting_table
from operators.deliver.delivery import BuryReason, Outcome, Result, bury
from sinks.outbox import Depth, State, open_outbox
from sinks.store.query import CommandQuery
from sinks.store.sqlite import SqliteStore
from tests.flows.cli.answers import answer, items
from tests.sinks.outbox.notices import all_room, buried, notice, retried


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.servers)])
def place(request, tmp_path):
    return str(tmp_path / "outbox.sqlite3") if request.param == "sqlite" else request.getfixturevalue("redis_dsn")


@pytest.fixture
def outbox(place):
    """Two dead mails, a dead message, one notice for later, one ready."""
    opened, now = open_outbox(place), time.time() - 100
    opened.put([notice("d1"), notice("d2"), notice("d3", way="sms"), notice("l1")], now)
    taken = {one.notice.id: one for one in opened.take(all_room, now)}
    opened.record([*(buried(taken[name]) for name in ("d1", "d2", "d3")), retried(taken["l1"], now + 10**6)], now)
    opened.put([notice("r1", title="[red]two\nlines")], now)
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path):
    """The store of the job, in its data directory."""
    with closing(SqliteStore(tmp_path / "tocsin.sqlite3")) as opened:
        yield opened


@pytest.fixture
def tocsin(place, outbox, store, tmp_path):
    def run(*arguments, code=0):
        where = ["--outbox", place, "--data", str(tmp_path)]
        result = CliRunner().invoke(command, [*arguments, *where], env={"TOCSIN_SETTINGS": None})
        assert result.exit_code == code, result.output
        return result.output

    return run


def states(outbox):
    return {state.value: [e.taken.notice.id for e in outbox.entries(state, 9, time.time())] for state in State}


def test_list_counts_all_and_shows_the_dead(tocsin):
    shown = tocsin("list")
    assert "1 ready, 1 later, 0 in flight, 3 dead; the oldest waits 1m" in shown
    assert [line.split()[0] for line in shown.splitlines()[2:]] == ["d1", "d2", "d3"]
    assert "expired: bob: unknown" in shown


def test_on_a_narrow_terminal_ids_and_times_are_whole(outbox):
    name = "f" * 32
    outbox.put([notice(name)], time.time())
    console = Console(width=80, file=io.StringIO(), record=True)
    console.print(waiting_table(outbox.entries(State.READY, 9, time.time()), time.time(), 80))
    text = console.export_text()
    assert name in text
    assert all(len(line.rstrip()) <= 80 for line in text.splitlines())


def test_list_shows_text_from_outside_as_it_is(tocsin):
    assert "[red]two lines" in tocsin("list", "--state", "ready")


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_list_shows_no_password_or_token_of_an_address(tocsin, outbox, options):
    address = "https://joe:hunter2@hooks.example.org/x?token=hunter2"
    outbox.put([notice("w1", way="webhook", receivers=(address,))], time.time())
    (taken,) = [one for one in outbox.take(all_room, time.time()) if one.notice.id == "w1"]
    result = {address: Result(ok=False, message="HTTP 400")}
    outbox.record([Outcome(taken, bury(taken, BuryReason.REFUSED, result, time.time()))], time.time())
    shown = tocsin("list", *options)
    assert "hooks.example.org" in shown
    assert "hunter2" not in shown


def test_list_prints_json_for_programs(tocsin):
    told = answer(tocsin("list", "--state", "later", "--json"))
    assert told.summary["depth"]["dead"] == 3
    (one,) = told.items
    assert (one["id"], one["state"], one["way"], one["attempts"]) == ("l1", "later", "mail", 1)
    assert (one["receivers"], one["reached"], one["error"]) == (["bob"], ["alice"], "bob: busy")


def test_list_shows_at_most_so_many(tocsin):
    assert len(items(tocsin("list", "--limit", "2", "--json"))) == 2


def test_retry_revives_by_id(tocsin, outbox):
    assert tocsin("retry", "d2", "l1", "nobody") == "1 revived\n"
    assert states(outbox)["dead"] == ["d1", "d3"]
    assert sorted(states(outbox)["ready"]) == ["d2", "r1"]


@pytest.mark.parametrize(
    ("choice", "left"),
    [
        (["--all"], []),
        (["--all", "--way", "sms"], ["d1", "d2"]),
        (["--all", "--reason", "expired"], []),
        (["--all", "--reason", "refused"], ["d1", "d2", "d3"]),
    ],
)
def test_retry_revives_all_or_some(tocsin, outbox, choice, left):
    assert tocsin("retry", *choice) == f"{3 - len(left)} revived\n"
    assert states(outbox)["dead"] == left


def test_drop_drops_by_id_in_any_state_and_leaves_receipts(tocsin, outbox):
    assert tocsin("drop", "d1", "l1", "r1", "nobody") == "3 dropped\n"
    assert outbox.depth(time.time()) == Depth(dead=2)
    told = {one.receipt.notice_id: one.receipt for one in outbox.receipts(99) if one.receipt.final}
    assert {name: one.result for name, one in told["l1"].results.items()} == {"alice": True, "bob": False}
    assert told["r1"].results["bob"].message == "dropped"


def test_drop_drops_all_dead(tocsin, outbox):
    assert tocsin("drop", "--all") == "3 dropped\n"
    assert states(outbox) == {"ready": ["r1"], "later": ["l1"], "in_flight": [], "dead": []}


def test_what_is_done_is_kept_for_the_page_audit_with_who_did_it_and_why(tocsin, store):
    tocsin("retry", "d2", "l1", "--operator", "ann", "-m", "the relay is back")
    (noted,) = store.commands(CommandQuery())
    assert (noted.command, noted.operator, noted.message, noted.origin) == (
        "retry", "ann", "the relay is back", "command line",
    )  # fmt: skip
    assert noted.detail == "1 of 2 notices: d2, l1"
    tocsin("drop", "--all")
    assert [one.command for one in store.commands(CommandQuery())] == ["drop", "retry"]


def test_what_is_done_where_no_store_is_is_done_and_says_that_nothing_keeps_it(place, outbox, tmp_path):
    where = ["--outbox", place, "--data", str(tmp_path / "nowhere")]
    result = CliRunner().invoke(command, ["drop", "d1", *where], env={"TOCSIN_SETTINGS": None})
    assert (result.exit_code, result.stdout) == (0, "1 dropped\n")
    assert "not written down for the page Audit" in result.stderr
    assert states(outbox)["dead"] == ["d2", "d3"]


@pytest.mark.parametrize("arguments", [["retry"], ["drop"], ["retry", "--all", "d1"], ["drop", "d1", "--way", "sms"]])
def test_a_choice_is_asked_for(tocsin, arguments):
    assert "name notices by their ids, or --all" in tocsin(*arguments, code=2)


@pytest.mark.parametrize("place", ["/nowhere/outbox.db", "redis://127.0.0.1:1", "redis://127.0.0.1:1/0/k"])
def test_a_place_that_is_not_there_is_told_without_a_trace(place):
    result = CliRunner().invoke(command, ["list", "--outbox", place])
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")


def test_the_data_directory_of_a_run_names_the_outbox(tmp_path):
    open_outbox(str(tmp_path / "outbox.sqlite3")).close()
    result = CliRunner().invoke(command, ["list", "--data", str(tmp_path)])
    assert result.output == "0 ready, 0 later, 0 in flight, 0 dead; the oldest waits 0s\n"


def test_the_settings_name_the_outbox(tmp_path):
    settings = tmp_path / "tocsin.yaml"
    settings.write_text(f"outbox: {{dsn: {tmp_path}/o.db}}")
    open_outbox(str(tmp_path / "o.db")).close()
    assert CliRunner().invoke(command, ["list", "--settings", str(settings)]).exit_code == 0
    settings.write_text("outbox: {dsm: x}")
    assert "dsm" in CliRunner().invoke(command, ["list", "--settings", str(settings)]).output
