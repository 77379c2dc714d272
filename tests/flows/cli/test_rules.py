"""`tocsin rules`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flows.cli.rules import rules
from operators.rules.book import KINDS
from operators.rules.read.load import load
from tests.flows.cli.answers import items
from tests.flows.rules.made import CPU, OPS, write

EVENT = {"at": 0, "time": 0, "event_id": "e1", "plugin_id": "p", "strategy_id": 1, "severity": 2, "target_type": ""}
PASSES = {"name": "once", "events": [EVENT], "expect": {"notices": [{"receivers": ["alice"]}]}}
FAILS = {"name": "never", "events": [EVENT], "expect": {"notices": []}}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(rules, [str(one) for one in arguments])


@pytest.fixture
def good(tmp_path: Path) -> Path:
    write(tmp_path / "good" / "a.yaml", strategies=[CPU], user_groups=[OPS], tests=[PASSES])
    return tmp_path / "good"


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    write(tmp_path / "bad" / "a.yaml", strategies=[CPU, {"id": 2, "name": "b", "colour": "red"}])
    return tmp_path / "bad"


def test_check_counts_the_documents_of_each_kind(good: Path):
    result = run("check", good)
    assert result.exit_code == 0
    lines = [line.split() for line in result.output.splitlines() if not line.startswith("warning: ")]
    assert lines[0] == ["kind", "count"]
    assert [line[0] for line in lines[1:-1]] == list(KINDS)
    assert ["strategies", "1"] in lines
    assert ["tests", "1"] in lines
    assert lines[-1][:2] == ["version", f"{load(good)[0].version}:"]


def test_check_says_which_kinds_are_not_acted_on(good: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("operators.rules.book.NOT_YET", frozenset({"duties"}))
    assert "duties                  0  read, not yet acted on" in run("check", good).output
    assert items(run("check", good, "--json").output)[0]["not_acted_on"] == ["duties"]


def test_check_tells_every_mistake_one_a_line(bad: Path):
    result = run("check", bad)
    assert result.exit_code == 1
    assert sorted(result.output.splitlines()) == [
        f"{bad}/a.yaml:6: strategies[0].notice.user_groups[0]: unknown user group 'ops'",
        f"{bad}/a.yaml:7: strategies[1]: unknown key 'colour'",
    ]


def test_check_can_answer_in_json(good: Path, bad: Path):
    told = items(run("check", good, "--json").output)[0]
    assert (told["ok"], told["kinds"]["strategies"], told["errors"]) == (True, 1, [])
    told = items(run("check", bad, "--json").output)[0]
    assert not told["ok"]
    assert {"file": f"{bad}/a.yaml", "line": 7, "path": "strategies[1]", "reason": "unknown key 'colour'"} in told[
        "errors"
    ]


def test_check_warns_of_what_is_hardly_meant_and_is_strict_if_asked(good: Path):
    (good / "old.YAML").write_text("nonsense")
    result = run("check", good)
    assert result.exit_code == 0
    assert (
        f"warning: {good}/old.YAML: is not read: rule files end in .yaml, .yml or .json" in result.output.splitlines()
    )
    assert "has no channel: its notices only go to a file" in result.output
    assert result.output.splitlines()[-1].endswith("no mistakes, 2 warnings")
    assert run("check", good, "--strict").exit_code == 1
    assert len(items(run("check", good, "--json").output)[0]["warnings"]) == 2


def test_check_refuses_a_template_with_a_syntax_error(tmp_path: Path):
    notice = {"user_groups": ["ops"], "config": {"template": [{"signal": "abnormal", "title_tmpl": "{{"}]}}
    write(tmp_path / "a.yaml", strategies=[{**CPU, "notice": notice}], user_groups=[OPS])
    result = run("check", tmp_path)
    assert result.exit_code == 1
    assert "strategies[0].notice.config.template[0].title_tmpl: template: " in result.output


def test_test_runs_the_tests_of_every_directory(good: Path, tmp_path: Path):
    write(tmp_path / "other" / "a.yaml", strategies=[CPU], user_groups=[OPS], tests=[PASSES, FAILS])
    result = run("test", good, tmp_path / "other")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[:3] == [f"ok   {good}: once", f"ok   {tmp_path}/other: once", f"FAIL {tmp_path}/other: never"]
    assert lines[3].startswith("       notices[0]: extra entry: {")
    assert lines[-1] == "ran 3, failed 1"
    assert run("test", good).exit_code == 0


def test_test_goes_on_after_a_directory_with_mistakes(good: Path, bad: Path):
    result = run("test", bad, good)
    assert result.exit_code == 1
    assert "unknown key 'colour'" in result.stderr
    assert result.stdout.splitlines() == [f"ok   {good}: once", "ran 2, failed 1"]


def test_rules_go_to_a_database_and_back(good: Path, bad: Path, tmp_path: Path):
    dsn = f"sqlite:///{tmp_path}/rules.db"
    result = run("import", good, dsn)
    assert result.output.splitlines() == [
        "strategies: 1 written, 0 unchanged, 0 deleted",
        "user_groups: 1 written, 0 unchanged, 0 deleted",
        "tests: 1 written, 0 unchanged, 0 deleted",
    ]
    assert run("export", dsn, tmp_path / "back").output.splitlines() == [
        "strategies: 1 written",
        "user_groups: 1 written",
        "tests: 1 written",
    ]
    assert load(tmp_path / "back")[0].version == load(good)[0].version
    written = items(run("export", dsn, tmp_path / "again", "--json").stdout)
    assert {"kind": "strategies", "written": 1} in written


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import", "{bad}", "sqlite:///{tmp}/x.db"], "unknown key 'colour'"),
        (["import", "{good}", "redis://h/0/x"], "expected sqlite:///path or mysql://"),
        (["export", "sqlite:///{tmp}/none.db", "{tmp}/o"], "unable to open"),
        (["export", "sqlite:///{tmp}/none.db", "{good}"], "holds rule files already"),
        (["check", "{good}", "--settings", "{tmp}/none.yaml"], "No such file"),
    ],
)
def test_what_cannot_be_done_is_said_and_exits_with_1(good: Path, bad: Path, tmp_path: Path, arguments, said: str):
    result = run(*(one.format(good=good, bad=bad, tmp=tmp_path) for one in arguments))
    assert result.exit_code == 1
    assert said in result.stderr


def test_settings_say_what_rules_are_read_under(tmp_path: Path):
    write(tmp_path / "r" / "a.yaml", strategies=[{"id": 1, "name": "a"}])
    (tmp_path / "s.yaml").write_text("default_business: 7")
    told = [
        items(run("check", tmp_path / "r", "--json", *more).output)[0]
        for more in ([], ["--settings", tmp_path / "s.yaml"])
    ]
    assert told[0]["version"] != told[1]["version"]


def test_the_schema_names_every_kind():
    assert list(json.loads(run("schema").output)["properties"]) == list(KINDS)


def test_the_tests_of_sources_are_run_by_check_and_by_test(tmp_path):
    rule = """sources:
  - id: shop
    event: {alert_name: what, severity: level}
    tests:
      - {name: wrong, input: {what: A, level: 1}, expect: [{severity: 2}]}
      - {name: refused, input: {level: 1}}
      - {name: good, input: {what: A}, expect: [{alert_name: A}]}
"""
    (tmp_path / "r.yaml").write_text(rule)
    checked = run("check", tmp_path)
    assert checked.exit_code == 1
    assert f"{tmp_path}/r.yaml:5: sources[0].tests[0]: wrong: expect[0].severity: expected 2, got 1" in checked.output
    assert "sources[0].tests[1]: refused: refused: body: `alert_name`: missing" in checked.output
    tested = run("test", tmp_path)
    assert (tested.exit_code, "ran 3, failed 2" in tested.output) == (1, True)
