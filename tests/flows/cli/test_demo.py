"""`make demo` is what people see first."""

import itertools
import json

from click.testing import CliRunner

from flows.cli.demo import MARKER, emptied
from flows.cli.main import main
from flows.demo.storm import START, storm
from tests.flows.cli.answers import items


def run(*arguments):
    return CliRunner().invoke(main, ["demo", *arguments], catch_exceptions=False)


def test_a_storm_becomes_few_alerts_and_every_kind_of_refusal_is_counted(tmp_path):
    done = run("--out", str(tmp_path / "demo"), "--json")
    (figures,) = items(done.stdout)
    assert done.exit_code == 0
    assert figures["lines"] > 10_000
    assert sum(figures["alerts"].values()) < figures["lines"] / 20
    assert figures["dead_letters"] == 70
    assert figures["duplicates"] > 200
    assert max(figures["messages"].values()) <= 15
    assert figures["reasons"].keys() == {"merged", "flapping"}
    assert (tmp_path / "demo" / "notices.jsonl").stat().st_size > 0


def test_without_flapping_the_endpoint_that_swings_fills_mailboxes(tmp_path):
    (figures,) = items(run("--out", str(tmp_path / "demo"), "--json", "--flap", "off").stdout)
    assert figures["messages"]["erin"] > 30
    assert "flapping" not in figures["reasons"]


def test_the_replay_that_a_demo_proposes_tells_the_same(tmp_path):
    place = tmp_path / "demo"
    run("--out", str(place))
    rules = ["--rules", "examples/demo/rules", "--settings", "examples/demo/tocsin.yaml"]
    given = ["--input", str(place / "events.jsonl"), "--out", str(tmp_path / "replay")]
    assert CliRunner().invoke(main, ["replay", *rules, *given]).exit_code == 0
    demo, again = (
        {json.loads(line)["id"] for line in (folder / "notices.jsonl").read_text().splitlines()}
        for folder in (place, tmp_path / "replay")
    )
    assert demo == again


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    done = run("--out", str(tmp_path))
    assert done.exit_code == 1
    assert "holds files that no demo wrote" in done.output
    assert (tmp_path / "thesis.txt").exists()


def test_events_and_rules_of_ones_own_are_left_alone(tmp_path):
    (tmp_path / "events.jsonl").write_text("{}")
    (tmp_path / "rules").mkdir()
    assert run("--out", str(tmp_path)).exit_code == 1
    assert (tmp_path / "events.jsonl").read_text() == "{}"
    assert (tmp_path / "rules").is_dir()


def test_only_what_a_demo_wrote_makes_room_for_the_next(tmp_path):
    place = tmp_path / "demo"
    place.mkdir()
    (place / MARKER).touch()
    (place / "recovery").mkdir()
    for name in ("events.jsonl", "notices.jsonl", "notes.txt"):
        (place / name).write_text("mine")
    (place / "replay").mkdir()
    emptied(place)
    assert {one.name for one in place.iterdir()} == {MARKER, "notes.txt", "replay"}


def test_a_link_is_unlinked_and_not_followed(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / MARKER).touch()
    (tmp_path / "demo" / "recovery").symlink_to(tmp_path / "mine")
    emptied(tmp_path / "demo")
    assert (tmp_path / "mine" / "file").exists()


def test_the_same_seed_gives_the_same_morning():
    assert storm(3) == storm(3) != storm(4)


def test_lines_of_the_storm_are_in_order_of_arrival():
    times = [json.loads(line)["at"] for line in storm() if line.startswith('{"at":')]
    assert times[0] >= START
    assert all(before <= after + 5 for before, after in itertools.pairwise(times))


def test_a_place_that_cannot_be_written_is_said_in_one_line(tmp_path):
    (tmp_path / "file").write_text("no directory")
    done = CliRunner().invoke(main, ["demo", "--out", str(tmp_path / "file" / "demo")])
    assert done.exit_code == 1
    assert done.output == f"{tmp_path / 'file' / 'demo'}: Not a directory\n"
