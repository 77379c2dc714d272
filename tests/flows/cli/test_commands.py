"""`tocsin ack | close | assign | comment | shield`: what the job is told, and what is refused before."""

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.acting import ack, assign, close, comment, unack
from flows.cli.run import with_options
from flows.cli.shield import shield
from flows.settings.sections import StoreSettings
from flows.settings.settings import Settings, load_settings
from operators.intake.command import read_command
from operators.intake.decode import Decoded, decode
from operators.model.command import Command
from tests.flows.cli.answers import items

ALERT = "1763900000ffffffffffff"
PLAIN = dict.fromkeys(("rules", "job", "data", "worker", "clock", "spool", "name_of_format", "source")) | {
    "inputs": (),
    "follow": False,
    "recording": False,
}
SHIELD = "{id: work, category: scope, scope_type: biz, begin_time: 1700000000, end_time: 1700003600}"


@pytest.fixture
def told(tmp_path):
    """Run a command that appends to a file, and return what the job reads in it last."""
    path = tmp_path / "commands.jsonl"

    def run(command, *arguments):
        result = CliRunner().invoke(command, [*arguments, "--to", str(path), "--operator", "alice", "-m", "mine"])
        assert (result.exit_code, result.stdout) == (0, f"appended to {path}\n")
        decoded = decode(path.read_bytes().splitlines()[-1], "command")
        assert isinstance(decoded, Decoded)
        said = read_command(decoded.fields)
        assert isinstance(said, Command)
        return said

    return run


@pytest.mark.parametrize(("command", "name"), [(ack, "ack"), (unack, "unack"), (close, "close"), (comment, "comment")])
def test_a_command_names_alert_operator_and_message(told, command, name):
    said = told(command, ALERT)
    assert (said.command, said.alert_id, said.operator, said.message) == (name, ALERT, "alice", "mine")


def test_32_digits_are_a_fingerprint(told):
    said = told(ack, "ab" * 16)
    assert (said.alert_id, said.dedupe_md5) == (None, "ab" * 16)


def test_an_assignment_names_its_people(told):
    assert told(assign, ALERT, "bob", "carol").appointee == ("bob", "carol")


def test_a_shield_is_its_document(told):
    assert told(shield, "add", SHIELD, "--yes").shield["scope_type"] == "biz"


def test_a_shield_may_stand_in_a_file(told, tmp_path):
    (tmp_path / "shield.yaml").write_text(
        "\ufeffid: work\nend_time: 1700003600\ndimension_config: {strategy_id: [1]}\n"
    )
    assert told(shield, "add", f"@{tmp_path}/shield.yaml").shield["end_time"] == 1700003600


def test_a_shield_ends_by_its_id(told):
    said = told(shield, "end", "work")
    assert (said.command, said.id) == ("unshield", "work")


@pytest.mark.parametrize(
    ("document", "reasons"),
    [
        ("5", ["shield: expected a mapping with an `id`"]),
        ("{category: scope}", ["shield: expected a mapping with an `id`"]),
        ("{id: [", ["shield: not YAML: line 2: did not find expected node content"]),
        ("@missing", ["missing: No such file or directory"]),
        ("{id: 1, dimension_config: {strategy_id: [1]}}", ["shield: it has no end: give end_time"]),
        ("{id: 1, id: 2}", ["shield: duplicate key 'id' (line 1)"]),
        ("{id: 1, category: none, colour: red}", ["shield: category: expected", "shield: unknown key 'colour'"]),
    ],
)
def test_a_shield_that_the_job_would_refuse_is_never_sent(tmp_path, monkeypatch, document, reasons):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(shield, ["add", document, "--to", "commands.jsonl"])
    assert result.exit_code == 1
    lines = sorted(result.output.splitlines())
    assert len(lines) == len(reasons)
    for line, reason in zip(lines, reasons, strict=True):
        assert line.startswith(reason)
    assert not (tmp_path / "commands.jsonl").exists()


@pytest.mark.parametrize(
    "document", [SHIELD, "{id: z, category: dimension, end_time: 1700003600}", "{id: z, end_time: 1700003600}"]
)
def test_a_shield_over_a_whole_business_must_be_meant(tmp_path, document):
    result = CliRunner().invoke(shield, ["add", document, "--to", str(tmp_path / "c")])
    assert result.exit_code == 1
    assert result.output.splitlines()[0].startswith("covers every alert of business 0, until ")
    assert result.output.splitlines()[1] == "shield: not set; say --yes if a whole business is meant"
    assert not (tmp_path / "c").exists()


def test_a_directory_without_a_job_is_left_as_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(shield, ["end", "work"])
    assert (result.exit_code, result.output) == (1, "data: no such directory: no job runs there\n")
    assert not (tmp_path / "data").exists()


def test_a_command_arrives_when_it_was_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = int(time.time())
    CliRunner().invoke(ack, [ALERT, "--to", "c"])
    assert before <= json.loads((tmp_path / "c").read_bytes())["at"] <= time.time()


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    result = CliRunner().invoke(ack, [ALERT, "--to", str(tmp_path)])
    assert (result.exit_code, result.output) == (1, f"{tmp_path}: Is a directory\n")


@pytest.mark.parametrize(
    ("dsn", "data", "place"),
    [
        ("data/tocsin.sqlite3", None, "data/commands.jsonl"),
        ("/var/lib/tocsin/store.sqlite3", None, "/var/lib/tocsin/commands.jsonl"),
        ("sqlite:///here/store.sqlite3", None, "here/commands.jsonl"),
        ("https://user:geheim@es:9200", None, "data/commands.jsonl"),
        ("https://user:geheim@es:9200", "there", "there/commands.jsonl"),
        ("data/tocsin.sqlite3", "there", "there/commands.jsonl"),
    ],
)
def test_a_command_goes_where_the_job_that_follows_a_file_looks(tmp_path, monkeypatch, dsn, data, place):
    monkeypatch.chdir(tmp_path)
    place = place.replace("/var", str(tmp_path))
    monkeypatch.setenv("TOCSIN__STORE__DSN", dsn.replace("/var", str(tmp_path)))
    Path(place).parent.mkdir(parents=True)
    told = CliRunner().invoke(shield, ["end", "work", "--no-wait", *(["--data", data] if data else [])])
    settings = Settings(store=StoreSettings(dsn.replace("/var", str(tmp_path))))
    job = with_options(settings, {**PLAIN, "inputs": ("events.jsonl",), "follow": True, "data": data})
    assert told.output == f"appended to {place}\n"
    assert job.source.commands == place


def test_a_job_that_reads_files_to_their_end_hears_no_commands():
    assert with_options(Settings(), {**PLAIN, "inputs": ("a",)}).source.commands == ""


@pytest.mark.parametrize("source", ["{files: [a], follow: true}", "{files: ['-']}"])
def test_a_job_whose_settings_say_follow_hears_commands_too(source):
    settings = load_settings(None, {"TOCSIN__SOURCE": source})
    assert with_options(settings, PLAIN).source.commands == "data/commands.jsonl"


RULES = """
shields:
  - {id: night, bk_biz_id: 2, category: scope, scope_type: biz, cycle_config: {type: 2, begin_time: "22:00", end_time: "06:00"},
     description: "[bold]backup"}
  - {id: off, is_enabled: false, category: dimension}
"""


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "rules.yaml").write_text(RULES)
    return str(tmp_path)


def test_shields_are_listed_with_how_long_they_hold(rules):
    result = CliRunner().invoke(shield, ["list", "--rules", rules, "--at", "2026-01-01T23:00+00:00", "--json"])
    night, off = items(result.output)
    assert (night["id"], night["holds"], night["seconds_left"]) == ("night", True, 7 * 3600 + 59)
    assert (off["id"], off["holds"], off["seconds_left"]) == ("off", False, 0)


def test_the_table_of_shields_shows_text_as_it_is(rules):
    shown = CliRunner().invoke(shield, ["list", "--rules", rules, "--at", "2026-01-01T23:00+00:00"]).output
    assert shown.splitlines()[0].split() == ["id", "business", "category", "holds", "for", "another", "description"]
    assert shown.splitlines()[1].split() == ["night", "2", "scope", "yes", "7h00m", "[bold]backup"]


@pytest.mark.parametrize("at", ["99999999999999999999", "-5", "0001-01-01", "9999999999999d", "soon", "2026-13-01"])
def test_a_time_that_no_calendar_has_is_wrong_usage(rules, at):
    result = CliRunner().invoke(shield, ["list", "--rules", rules, "--at", at])
    assert result.exit_code == 2
    assert f"{at!r} is no time" in result.output
