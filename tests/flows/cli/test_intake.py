"""`tocsin intake test`, and foreign files through replay and job."""

import json

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from flows.settings.sections import SourceSettings
from flows.sources.files import FilesPart
from flows.sources.places import Places
from flows.stop import Stop
from operators.intake.intake import Intake
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from tests.flows.cli.answers import items
from tests.operators.intake.formats.made import NOW
from tests.operators.intake.formats.test_alertmanager import LABELS, iso
from tests.operators.intake.formats.test_zabbix import TOLD
from tests.tree import EXAMPLES

GROUP = {
    "alerts": [
        {"status": "firing", "labels": LABELS, "startsAt": iso(NOW), "endsAt": "0001-01-01T00:00:00Z"},
        {"status": "resolved", "labels": {"alertname": "Down"}, "startsAt": iso(NOW), "endsAt": iso(NOW + 60)},
    ]
}
RULES = {
    "user_groups": [{"id": "ops", "name": "Ops", "users": ["alice"], "ways": ["mail"]}],
    "dispatch": [{"id": 1, "name": "all", "rules": [{"id": 1, "conditions": [], "user_groups": ["ops"], "actions": [{"action_type": "notice"}]}]}],
}  # fmt: skip


def tocsin(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)


@pytest.mark.parametrize("indent", [None, 2])
def test_each_record_is_shown_as_what_it_becomes(tmp_path, indent):
    path = tmp_path / "bodies.json"
    path.write_text(json.dumps(GROUP, indent=indent))
    done = tocsin("intake", "test", path, "--format", "alertmanager")
    first, second = done.output.splitlines()
    assert done.exit_code == 0
    assert first.startswith("line 1: event status=ABNORMAL severity=1 alert_name=HighCPU target=10.0.0.1 ")
    assert "status=RECOVERED" in second


def test_what_is_refused_says_why_and_the_exit_does_too(tmp_path):
    (tmp_path / "lines").write_text('{"event_id": "1"}\nnonsense\n')
    done = tocsin("intake", "test", tmp_path / "lines")
    assert done.exit_code == 1
    assert "line 1: refused reason=missing_field" in done.output
    assert "line 2: refused reason=not_json" in done.output
    assert tocsin("intake", "test", tmp_path / "none").exit_code == 1


def test_whole_records_are_shown_as_json(tmp_path):
    update = {
        **TOLD,
        "time": "",
        "update_status": "1",
        "update_action": "acknowledged, changed severity from High to Disaster",
    }
    (tmp_path / "update").write_text(json.dumps(update))
    done = tocsin("intake", "test", tmp_path / "update", "--format", "zabbix", "--at", NOW, "--json")
    event, command = items(done.output)
    assert (event["event"]["severity"], event["event"]["time"], command["command"]["command"]) == (1, NOW, "ack")


def test_a_replay_reads_another_format(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.json").write_text(json.dumps(RULES))
    lines = tmp_path / "bodies.jsonl"
    ack = {"at": NOW + 70, "body": {**TOLD, "update_status": "1", "update_action": "acknowledged"}}
    problem = {"at": NOW, "body": TOLD}
    lines.write_text("".join(json.dumps(one) + "\n" for one in (problem, ack, {"at": NOW + 80, "body": 5})))
    done = tocsin(
        "replay", "--rules", tmp_path / "rules", "--input", lines, "--format", "zabbix", "--out", tmp_path / "out"
    )
    assert done.exit_code == 0, done.output
    (alert,) = [json.loads(line) for line in (tmp_path / "out" / "alerts.jsonl").read_text().splitlines()]
    (letter,) = [json.loads(line) for line in (tmp_path / "out" / "dead_letters.jsonl").read_text().splitlines()]
    assert (alert["is_ack"], alert["begin_time"], alert["next_status"]) == (True, NOW, None)
    assert (letter["position"], letter["reason"]) == ("3", "wrong_type")


@pytest.mark.parametrize(("clock", "at"), [("input", None), ("wall", NOW + 9)])
def test_a_file_in_another_format_becomes_events(tmp_path, clock, at):
    path = tmp_path / "bodies.jsonl"
    path.write_text(json.dumps(GROUP) + "\n{\n")
    settings = SourceSettings(files=(str(path),), clock=clock, format="alertmanager")
    part = FilesPart(settings, size=10, stop=Stop(), places=Places(), now=lambda: NOW + 9)
    ((polled,),) = [part.next_batch()]
    intake = Intake(CoreSettings(), RuleBook.empty)
    raws = [one for raw in polled.raws for one in intake.unpacked(raw)]
    assert [(raw.at, raw.position, raw.kind.partition(" ")[0]) for raw in raws] == [
        (at, "1", "event"),
        (at, "1", "event"),
        (at, "2", "refused"),
    ]
    part.close()


def test_a_recording_in_another_format_is_refused(tmp_path):
    (tmp_path / "rules.json").write_text(json.dumps(RULES))
    done = tocsin(
        "run",
        "--rules",
        tmp_path,
        "--input",
        tmp_path / "x",
        "--recording",
        "--format",
        "zabbix",
        "--data",
        tmp_path / "d",
    )
    assert done.exit_code == 1
    assert "either --recording or --format zabbix" in done.output


NAGIOS = ("--format", "json", "--source", "nagios", "--rules", EXAMPLES / "sources" / "rules")


def test_any_json_is_shown_as_its_rule_reads_it(tmp_path):
    done = tocsin("intake", "test", EXAMPLES / "sources" / "nagios.json", *NAGIOS)
    assert done.exit_code == 0
    assert "alert_name=Disk target=10.0.0.1 plugin_id=nagios" in done.output
    (tmp_path / "bad.json").write_text('{"state_type": "HARD"}')
    done = tocsin("intake", "test", tmp_path / "bad.json", *NAGIOS)
    assert (done.exit_code, "reason=missing_field" in done.output) == (1, True)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--format", "json"), "--source: missing"),
        (("--format", "zabbix", "--source", "a"), "only --format json is read by a named rule"),
        (("--source", "a"), "only --format json is read by a named rule"),
    ],
)
@pytest.mark.parametrize("command", ["intake test", "replay", "run"])
def test_any_json_is_read_by_a_rule_that_is_named(tmp_path, command, options, why):
    (tmp_path / "x.json").write_text("{}")
    (tmp_path / "r.json").write_text(json.dumps(RULES))
    given = {
        "intake test": (tmp_path / "x.json",),
        "replay": ("--rules", tmp_path / "r.json", "--input", tmp_path / "x.json", "--out", tmp_path / "out"),
        "run": ("--rules", tmp_path / "r.json", "--input", tmp_path / "x.json", "--data", tmp_path / "data"),
    }
    done = tocsin(*command.split(), *given[command], *options)
    assert (done.exit_code, why in done.output) == (1, True), done.output


def test_a_job_does_not_begin_without_the_rule_that_its_source_names(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    (tmp_path / "r.json").write_text(json.dumps({**RULES, "sources": [{"id": "nagios", "event": {"alert_name": "a"}}]}))
    options = ("--input", tmp_path / "x.json", "--format", "json", "--source", "nagio", "--data", tmp_path / "data")
    done = tocsin("run", "--rules", tmp_path / "r.json", *options)
    assert done.exit_code == 1
    assert "source.source: no rule 'nagio' of kind `sources`; did you mean 'nagios'?" in done.output


def test_a_replay_reads_any_json_by_its_rule(tmp_path):
    rules = {**RULES, "sources": [{"id": "s", "event": {"alert_name": "name", "time": "at_ms", "status": "state"}}]}
    (tmp_path / "rules.json").write_text(json.dumps(rules))
    lines = tmp_path / "lines.jsonl"
    bodies = [{"name": "Disk", "at_ms": NOW * 1000}, {"name": "Disk", "at_ms": (NOW + 60) * 1000, "state": "ok"}]
    lines.write_text("".join(json.dumps(one) + "\n" for one in bodies))
    done = tocsin(
        "replay", "--rules", tmp_path / "rules.json", "--input", lines, "--format", "json", "--source", "s", "--out", tmp_path / "out"
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    (alert,) = [json.loads(line) for line in (tmp_path / "out" / "alerts.jsonl").read_text().splitlines()]
    assert (alert["status"], alert["begin_time"], alert["end_time"]) == ("RECOVERED", NOW, NOW + 60)
