"""`tocsin alerts` and `tocsin explain` on a store file, as users call them."""

import os
import time
from contextlib import closing

import pytest
from click.testing import CliRunner

from flows.cli.alerts import alerts
from flows.cli.explain import explain
from flows.cli.retain import retain
from operators.model.alert import CycleRecord, Extra
from operators.model.records import ReceiverResult
from sinks.outbox import open_outbox
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
from tests.flows.cli.answers import items
from tests.sinks.outbox.notices import all_room, notice, retried
from tests.sinks.store.samples import NOW, action, alert, archived, entry, receipt

RULES = """
strategies: [{id: 1, name: CPU usage, bk_biz_id: 2, notice: {user_groups: [ops]}}]
user_groups: [{id: ops, name: Ops, users: [alice], ways: [mail]}]
businesses: [{id: 2, name: Shop, time_zone: Asia/Shanghai}]
"""


@pytest.fixture(autouse=True)
def in_utc(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("TOCSIN")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.chdir(tmp_path)
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def place(tmp_path):
    path = tmp_path / "data" / "tocsin.sqlite3"
    store = SqliteStore(path)
    open_one = alert(
        1,
        alert_name="磁盘空间不足",
        severity=1,
        extra_info=Extra(cycle_handle_record={"notice": CycleRecord(NOW + 1, False, NOW, 1)}),
    )
    ended = alert(
        2,
        alert_name="CPU [bold]usage\x1b[31m",
        status="RECOVERED",
        end_time=NOW + 7200,
        event_changes={"tags": (), "target": "web-1"},
    )
    logs = [entry(open_one), entry(open_one, 1, op_type="EVENT_DROP", reason="milder", count=3, begin=NOW + 1)]
    store.write(
        Batch(
            alerts=[open_one, ended],
            logs=logs,
            actions=[action(open_one)],
            events=[archived(dedupe_md5=open_one.dedupe_md5)],
        )
    )
    store.close()
    return path


def test_show_says_when_a_notice_that_failed_is_tried_next(place, tocsin):
    due, planned = NOW + 8 * 3600 + 407, action(alert(1))
    with closing(open_outbox(str(place.parent / "outbox.sqlite3"))) as outbox:
        outbox.put([notice("n1")], NOW)
        (taken,) = outbox.take(all_room, NOW)
        outbox.record([retried(taken, due)], NOW)
    with closing(SqliteStore(place)) as store:
        failed = {"dora": ReceiverResult(False, "451 greylisted")}
        store.write(Batch(receipts=[receipt(planned, notice_id="n1", attempt=3, final=False, results=failed)]))
    said = "dora (mail, attempt 3, next 20:20:07: 451 greylisted)"
    assert said in tocsin(alerts, "show", alert(1).id)
    assert said in tocsin(alerts, "show", alert(1).id, "--data", str(place.parent))
    (place.parent / "outbox.sqlite3").unlink()
    assert "dora (mail, attempt 3: 451 greylisted)" in tocsin(alerts, "show", alert(1).id)


@pytest.fixture
def tocsin(place, monkeypatch):
    """Run a command beside a store, whatever the settings of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith(("TOCSIN_", "MESSAGE_QUEUE"))]:
        monkeypatch.delenv(name)

    def run(command, *words, code=0):
        result = CliRunner().invoke(command, words)
        assert result.exit_code == code, result.output
        return result.output

    return run


def test_list_shows_open_alerts(tocsin):
    shown = tocsin(alerts, "list")
    assert "磁盘空间不足" in shown
    assert "fatal" in shown
    assert "2025-11-23 12:13:21+00:00" in shown
    assert "usage" not in shown


def test_list_shows_ended_ones_on_request_as_they_are_without_markup_or_control_characters(tocsin):
    shown = tocsin(alerts, "list", "--all")
    assert "CPU [bold]usage [31m" in shown
    assert "1h59m" in shown


def ids(output: str) -> list[str]:
    return [one["id"] for one in items(output)]


def test_a_list_says_of_how_many_and_in_which_zone_the_times_are(tocsin):
    assert tocsin(alerts, "list", "--all", "--time-zone", "Asia/Tokyo").endswith("2 of 2 alerts; times in Asia/Tokyo\n")
    assert "1 of 2 alerts; times in the zone of this machine (UTC)\nmore with --limit 2, or --after " in tocsin(
        alerts, "list", "--all", "--limit", "1"
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], [1]),
        (["--all"], [1, 2]),
        (["--all", "--limit", "1"], [1]),
        (["--all", "--offset", "1"], [2]),
        (["--status", "recovered"], [2]),
        (["--status", "recovered", "--status", "ABNORMAL"], [1, 2]),
        (["--severity", "2"], []),
        (["--severity", "Fatal"], [1]),
        (["--severity", "1", "--severity", "2", "--biz", "2", "--strategy", "1"], [1]),
        (["--all", "--target", "web-1"], [2]),
        (["--all", "--since", str(NOW + 7201)], [1]),
        (["--all", "--until", "2025-11-23T12:13:21"], [1]),
        (["--all", "--until", "2025-11-23T20:13:20+08:00"], []),
        (["--all", "--since", "1h"], [1]),
    ],
)
def test_list_narrows_and_pages(tocsin, words, expected):
    assert ids(tocsin(alerts, "list", "--json", *words)) == [alert(number).id for number in expected]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["磁盘"], [1]),
        (["空间", "severity:1"], [1]),
        (['"CPU [bold]usage"'], [2]),
        (["status:RECOVERED"], [2]),
        (["nothing"], []),
        ([], [2, 1]),
    ],
)
def test_search_finds_words_and_fields(tocsin, words, expected):
    assert ids(tocsin(alerts, "search", "--json", *words)) == [alert(number).id for number in expected]


def test_nothing_found_is_said(tocsin):
    assert tocsin(alerts, "search", "nothing") == "no alerts\n"


def test_json_is_the_whole_document(tocsin):
    (document,) = items(tocsin(alerts, "show", alert(1).id, "--json"))
    assert (document["begin_time"], document["event"]["ip"]) == (NOW + 1, "10.0.0.1")


@pytest.mark.parametrize("name", [alert(1).id, alert(1).dedupe_md5, alert(1).dedupe_md5.upper()])
def test_show_takes_an_id_or_a_fingerprint(tocsin, name):
    shown = tocsin(alerts, "show", name)
    assert "磁盘空间不足" in shown
    assert "mail: alice; voice: bob+carol" in shown


def test_times_are_shown_in_the_zone_asked_for(tocsin):
    assert "2025-11-23 20:13:21+08:00" in tocsin(alerts, "list", "--time-zone", "Asia/Shanghai")


@pytest.mark.parametrize(
    ("command", "words", "code", "message"),
    [
        (alerts, ["show", "1763900000ffffffffffff"], 1, "no alert 1763900000ffffffffffff in data/tocsin.sqlite3"),
        (alerts, ["list", "--store", "missing.sqlite3"], 1, "there is no store at missing.sqlite3"),
        (alerts, ["list", "--store", "http://u:secret@127.0.0.1:9?timeout=1"], 1, "Elasticsearch does not answer"),
        (alerts, ["search", "status:BROKEN"], 2, "status:BROKEN is none of ABNORMAL, RECOVERED, CLOSED"),
        (alerts, ["search", "severity:7"], 2, "severity:7 is none of 1 (fatal)"),
        (alerts, ["list", "--since", "yesterday"], 2, "'yesterday' is no time"),
        (alerts, ["list", "--time-zone", "Mars/Base"], 2, "'Mars/Base' is no time zone"),
        (alerts, ["list", "--settings", "missing.yaml"], 1, "missing.yaml: No such file"),
        (retain, ["--store", "missing.sqlite3"], 1, "there is no store at missing.sqlite3"),
        (explain, ["nonsense"], 1, "no alert nonsense in"),
        (explain, [alert(1).id, "--rules", "missing"], 1, "missing"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(tocsin, command, words, code, message):
    said = tocsin(command, *words, code=code)
    assert message in said
    assert "Traceback" not in said
    assert "secret" not in said


def test_the_store_may_be_named_by_option_directory_environment_or_settings(tocsin, place, tmp_path, monkeypatch):
    moved = place.rename(tmp_path / "tocsin.sqlite3")
    (tmp_path / "tocsin.yaml").write_text(f"store: {{dsn: {moved}}}")
    named = [["--store", str(moved)], ["--data", str(tmp_path)], ["--settings", "tocsin.yaml"]]
    assert all(ids(tocsin(alerts, "list", "--json", *words)) == [alert(1).id] for words in named)
    monkeypatch.setenv("TOCSIN_STORE", str(moved))
    assert ids(tocsin(alerts, "list", "--json")) == [alert(1).id]


def test_explain_tells_the_story_and_why_not(tocsin):
    told = tocsin(explain, alert(1).id, "-v")
    assert told.splitlines()[0].startswith("On its way to alice (mail), bob (voice), carol (voice).")
    assert "ABNORMAL fatal: 磁盘空间不足 on 10.0.0.1|0 (strategy 1, 1 event)" in told
    assert "An abnormal event came and no alert of its fingerprint was open." in told
    assert "events were dropped (3 times)" in told


def test_explain_of_a_fingerprint_without_alert_explains_its_events(tocsin, place):
    store = SqliteStore(place)
    store.write(
        Batch(events=[archived(id="r", status="RECOVERED"), archived(id="x", time=NOW - 90_000), archived(id="o")])
    )
    store.close()
    told = items(tocsin(explain, "A" * 32, "--at", str(NOW), "--json"))
    assert [line["what"] for line in told] == ["RECOVERED event r", "ABNORMAL event x", "ABNORMAL event o"]
    assert "never opens one" in told[0]["why"]
    assert "90000 s old" in told[1]["why"]
    assert "There is no alert of this fingerprint" in tocsin(explain, "a" * 32, "--at", str(NOW))


def test_explain_with_rules_says_what_is_next_in_the_zone_of_the_business(tocsin, tmp_path):
    (tmp_path / "rules.yaml").write_text(RULES)
    told = tocsin(explain, alert(1).id, "--rules", "rules.yaml", "--at", str(NOW + 60))
    assert "What is next" in told
    assert "2025-11-23 22:13:21+08:00" in told  # 12:13:21 UTC + 2 h
    assert "`notice` repeats (cycle 2)" in told


def test_explain_takes_the_rules_of_the_settings_if_they_are_there(tocsin, tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "all.yaml").write_text(RULES)
    assert "`notice` repeats (cycle 2)" in tocsin(explain, alert(1).id, "--at", str(NOW + 60))


def test_explain_goes_on_without_rules_that_are_not_well(tocsin, tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "all.yaml").write_text("nonsense: []")
    told = tocsin(explain, alert(1).id)
    assert "going on without the rules in rules" in told
    assert "What happened" in told


def test_explain_is_json_for_programs(tocsin):
    (story,) = items(tocsin(explain, alert(1).id, "--json"))
    assert [line["reason"] for line in story["lines"]] == ["opened", "milder"]
    assert story["why_not"][0]["count"] == 3


def test_help_names_every_option(tocsin):
    assert all(option in tocsin(alerts, "list", "--help") for option in ("--store", "--since", "--json", "--target"))


@pytest.mark.parametrize(
    ("words", "count"),
    [([], 1), (["--since", str(NOW)], 1), (["--until", str(NOW - 1)], 0), (["--since", str(NOW + 1)], 0)],
)
def test_events_of_an_alert_are_shown(tocsin, words, count):
    since = [] if "--since" in words else ["--since", "0"]
    assert len(items(tocsin(alerts, "events", alert(1).id, "--json", *since, *words))) == count
    assert "no events" in tocsin(alerts, "events", alert(2).id)
    assert "current value 91.2%" in tocsin(alerts, "events", alert(1).id, "--since", "0")


def test_retain_drops_what_is_old_and_says_how_much(tocsin):
    year = str(NOW + 366 * 86400)
    assert items(tocsin(retain, "--at", year, "--json"))[0] == {
        "alerts": 1,
        "logs": 2,
        "actions": 1,
        "receipts": 0,
        "events": 1,
        "commands": 0,
        "notices": 0,
    }
    assert ids(tocsin(alerts, "list", "--all", "--json")) == [alert(1).id]
    assert "dropped" in tocsin(retain, "--at", year, "--events", "0")
