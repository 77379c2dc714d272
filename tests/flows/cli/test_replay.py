"""`tocsin replay` over history, with one set of rules and with two; `tocsin diff` of what came of it."""

import gzip
import json

import msgspec
import pytest
from click.testing import CliRunner

from flows.cli.main import main
from operators.model.event import Event
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
from tests.flows.cli.answers import items
from tests.replay.driver import RULES, T0, event, replay, strategy_event

LINES = [
    strategy_event(0, bk_biz_id=2),
    strategy_event(100, "RECOVERED", bk_biz_id=2),
    event(200, target="10.0.0.7", bk_biz_id=3),
    strategy_event(4000, bk_biz_id=2),
]
SUMMARY = {"notice": {"user_groups": ["ops"]}}
QUIET = {
    **RULES,
    "strategies": [{**RULES["strategies"][0], "notice": {"user_groups": ["ops"], "signal": ["abnormal"]}}],
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A directory with two sets of rules and a store that has archived the events."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOCSIN__STORE__DSN", "store.sqlite3")
    for name, rules in (("new", QUIET), ("old", RULES)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rules.json").write_text(json.dumps(rules))
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES))
    archive(tmp_path / "store.sqlite3", replay(RULES, LINES).events)
    return tmp_path


def archive(path, events):
    store = SqliteStore(path)
    store.write(Batch(events=[msgspec.convert(one, Event) for one in events]))
    store.close()


def run(*words, code=0):
    done = CliRunner().invoke(main, list(map(str, words)))
    assert done.exit_code == code, (done.output, done.exception)
    return done


def from_store(*words, code=0):
    return run("replay", "--from-store", "--rules", "old", "--out", "out", *words, code=code)


def documents(directory, name="alerts"):
    return [json.loads(line) for line in (directory / f"{name}.jsonl").read_text().splitlines()]


def test_history_opens_the_alerts_that_the_events_opened(place):
    from_store()
    assert documents(place / "out") == replay(RULES, LINES).alerts


def test_only_what_arrived_in_the_span_is_read(place):
    from_store("--since", T0 + 50, "--until", T0 + 3000)
    assert [one["event"]["target"] for one in documents(place / "out")] == ["10.0.0.7"]


def test_only_the_businesses_named_are_read(place):
    from_store("--biz", 3)
    assert [one["bk_biz_id"] for one in documents(place / "out")] == [3]


def test_of_files_too_only_the_businesses_named_count(place):
    run("replay", "--rules", "old", "--input", "events.jsonl", "--out", "out", "--biz", 3)
    assert [one["bk_biz_id"] for one in documents(place / "out")] == [3]


def test_it_goes_on_until_nothing_is_held(place):
    """Two notices of one second: the second waits for a summary, which comes a minute after the last event."""
    hosts = [strategy_event(5000, target=f"10.0.0.{number}", bk_biz_id=2, event_id=f"h{number}") for number in range(5)]
    archive(place / "store.sqlite3", replay(RULES, hosts).events)
    from_store("--json")
    counts = json.loads((place / "out/summary.json").read_text())
    assert (counts["held"], counts["until"] > T0 + 5000) == (0, True)
    assert max(len(one["alert_ids"]) for one in documents(place / "out", "notices")) > 1


def test_how_far_it_is_stands_in_a_file(place):
    from_store()
    assert json.loads((place / "out/status.json").read_text())["state"] == "done"


def test_json_prints_the_counts(place):
    assert items(from_store("--json").stdout)[0]["alerts"]["opened"] == 3


def test_a_span_that_begins_before_the_archive_says_so(place):
    assert "the archive begins at 2023-11-14 22:13:20+00:00" in from_store("--since", T0 - 9).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--since", T0 + 90000], "no event of store.sqlite3 arrived in that time: its archive holds 2023-11-14"),
        (["--until", T0 - 1], "no event of store.sqlite3 arrived in that time"),
        (["--store", "nowhere.sqlite3"], "there is no store at nowhere.sqlite3"),
        (["--rules", "nowhere"], "option"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(place, words, said):
    done = CliRunner().invoke(
        main,
        [
            "replay",
            "--from-store",
            "--out",
            "out",
            *map(str, words),
            *(["--rules", "old"] if "--rules" not in words else []),
        ],
    )
    assert done.exit_code == 1
    assert said in done.output or "nowhere" in done.output


def test_an_empty_archive_says_what_may_be_wrong(place):
    SqliteStore(place / "empty.sqlite3").close()
    assert "store.events" in from_store("--store", "empty.sqlite3", code=1).output


@pytest.mark.parametrize(
    "words",
    [
        ["--rules", "old", "--out", "out"],
        ["--rules", "old", "--out", "out", "--input", "events.jsonl", "--from-store"],
        ["--rules", "old", "--out", "out", "--input", "events.jsonl", "--since", "30d"],
        ["--rules", "old", "--out", "out", "--input", "events.jsonl", "--store", "store.sqlite3"],
        ["--rules", "old", "--out", "out", "--from-store", "--since", "soon"],
        ["--rules", "old", "--out", "out", "--from-store", "--since", "2023-12-01", "--until", "2023-11-01"],
        ["--rules", "old", "--out", "out", "--from-store", "--against", "old"],
        ["--rules", "new", "--out", "out", "--from-store", "--against", "old", "--follow"],
    ],
)
def test_options_that_cannot_be_meant_are_wrong_usage(place, words):
    done = run("replay", *words, code=2)
    assert "Error:" in done.stderr


# --- two sets of rules


def against(*words, code=0):
    return run("replay", "--from-store", "--rules", "new", "--against", "old", "--out", "out", *words, code=code)


def test_against_others_it_says_what_differs_and_writes_it(place):
    said = against().stdout
    assert "signal_not_wanted" in said
    assert json.loads((place / "out/difference.json").read_text())["messages"] == {
        "old": 3,
        "new": 2,
        "more": 0,
        "fewer": 1,
    }
    assert "signal_not_wanted" in (place / "out/difference.html").read_text()


def test_the_difference_is_that_of_the_two_outputs(place):
    (whole,) = items(against("--json").stdout)
    (plain,) = items(run("diff", "out/old", "out/new", "--json").stdout)
    names = {"old": "", "new": ""}
    assert whole | names == plain | names


def test_it_is_that_of_two_replays_one_after_the_other(place):
    (whole,) = items(against("--json").stdout)
    for name in ("old", "new"):
        run("replay", "--from-store", "--rules", name, "--out", f"alone/{name}")
    names = {"old": "", "new": ""}
    assert items(run("diff", "alone/old", "alone/new", "--json").stdout)[0] | names == whole | names


def test_files_go_through_both_too(place):
    said = run("replay", "--input", "events.jsonl", "--rules", "new", "--against", "old", "--out", "out").stdout
    assert "signal_not_wanted" in said


def test_two_directories_with_the_same_rules_could_not_differ(place):
    (place / "new/rules.json").write_text(json.dumps(RULES, indent=1))
    assert "hold the same rules" in against(code=1).output


def test_rules_that_do_not_load_are_told_with_their_place(place):
    (place / "new/rules.json").write_text('{"strategies": [{"id": 1, "nme": "x"}]}')
    assert "new/rules.json" in against(code=1).output


def test_input_without_a_single_record_is_hardly_the_right_one(place):
    (place / "events.jsonl").write_text("hello\nworld\n")
    done = run("replay", "--input", "events.jsonl", "--rules", "new", "--against", "old", "--out", "out", code=3)
    assert "is this the right input?" in done.stderr


# --- diff


@pytest.fixture
def outputs(place):
    for name in ("old", "new"):
        run("replay", "--input", "events.jsonl", "--rules", name, "--out", f"{name}-out")
    return place


def test_one_file_of_each_is_compared_as_far_as_it_goes(outputs):
    (found,) = items(run("diff", "old-out/notices.jsonl", "new-out/notices.jsonl", "--json").stdout)
    assert (found["messages"]["fewer"], found["not_compared"]) == (1, ["alerts.jsonl", "logs.jsonl"])


def test_packed_files_are_read(outputs):
    for name in ("old-out", "new-out"):
        path = outputs / name / "alerts.jsonl"
        (outputs / name / "alerts.jsonl.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert items(run("diff", "old-out", "new-out", "--json").stdout)[0]["alerts"]["both"] == 3


def test_outputs_that_are_equal_differ_in_nothing(outputs):
    assert "nothing differs" in run("diff", "old-out", "old-out").stdout


def test_a_page_is_written_where_it_is_asked_for(outputs):
    run("diff", "old-out", "new-out", "--html", "page.html", "--time-zone", "Asia/Shanghai")
    assert "Asia/Shanghai" in (outputs / "page.html").read_text()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["old-out", "nowhere"], 1, "nowhere"),
        (["old-out", "old"], 1, "no output of a replay"),
        (["old-out", "events.jsonl"], 1, "neither alerts, logs nor notices"),
        (["old-out/alerts.jsonl", "new-out/notices.jsonl"], 1, "nothing to compare"),
        (["old-out"], 2, "Missing argument"),
        (["old-out", "new-out", "--time-zone", "Mars"], 2, "no time zone"),
        (["old-out", "new-out", "--html", "nowhere/page.html"], 1, "nowhere/page.html"),
    ],
)
def test_what_cannot_be_compared_is_told(outputs, words, code, said):
    assert said in run("diff", *words, code=code).output


def test_a_line_that_is_no_document_is_told_with_its_place(outputs):
    (outputs / "new-out/alerts.jsonl").write_text("{}\n")
    assert "new-out/alerts.jsonl:1: " in run("diff", "old-out", "new-out", code=1).output


def test_kafka_needs_brokers(place, monkeypatch):
    monkeypatch.delenv("TOCSIN__KAFKA__BROKERS", raising=False)
    assert "kafka.brokers" in run("replay", "--from-kafka", "--rules", "old", "--out", "out", code=1).output


def test_the_store_of_a_job_is_found_by_its_directory_or_by_the_variable(place, monkeypatch):
    (place / "data").mkdir()
    (place / "store.sqlite3").rename(place / "data/tocsin.sqlite3")
    assert "name the store of the job" in from_store(code=1).output
    monkeypatch.delenv("TOCSIN__STORE__DSN")
    from_store("--data", "data")
    monkeypatch.setenv("TOCSIN_STORE", "data/tocsin.sqlite3")
    from_store()


def test_an_input_is_never_written_over(place):
    before = (place / "events.jsonl").read_text()
    done = run("replay", "--rules", "old", "--input", "events.jsonl", "--out", ".", code=2)
    assert "would be written over" in done.stderr
    assert (place / "events.jsonl").read_text() == before


def test_a_replay_that_fails_leaves_nothing_of_an_earlier_one(place):
    run("replay", "--rules", "old", "--input", "events.jsonl", "--out", "out")
    (place / "broken.jsonl.gz").write_bytes(gzip.compress(b"{}" * 99)[:-9])
    run("replay", "--rules", "old", "--input", "broken.jsonl.gz", "--out", "out", code=1)
    assert not (place / "out/summary.json").exists()
