"""Nothing on the command line or in the environment is taken silently for something else."""

import os
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from flows.cli.main import COMMANDS, main
from flows.settings.settings import SettingsError, load_settings
from tests.tree import ROOT


def said(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(arguments))
    return result.exit_code, result.output.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--rules", "a", "--rules", "b"],
        ["replay", "--rules", "a", "--rules=a", "--input", "x", "--out", "o"],
        ["rules", "check", "a", "--settings", "x", "--settings", "y"],
        ["alerts", "list", "--limit", "1", "--limit", "2"],
        ["ack", "1", "-m", "a", "--message", "b"],
        ["demo", "--seed", "1", "--seed", "2"],
    ],
)
def test_an_option_that_takes_one_value_is_refused_twice(arguments: list[str]):
    code, line = said(*arguments)
    assert code == 2
    assert line.endswith("is given 2 times; it takes one value")


def test_an_option_that_takes_many_values_may_be_given_again(tmp_path):
    code, line = said(
        "replay",
        "--rules",
        "none",
        "--input",
        str(tmp_path / "a"),
        "--input",
        str(tmp_path / "b"),
        "--out",
        str(tmp_path),
    )
    assert (code, line) == (1, f"{tmp_path}/a: No such file or directory")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_strict(name: str):
    assert said(name, "--help")[0] == 0
    assert said(name, "--nonsense", "--nonsense")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["rule"], "Error: no such command 'rule'; did you mean 'rules'?"),
        (["oncal"], "Error: no such command 'oncal'; did you mean 'oncall'?"),
        (["rules", "chek"], "Error: no such command 'chek'; did you mean 'check'?"),
        (["frobnicate"], "Error: no such command 'frobnicate'; see `main --help`"),
    ],
)
def test_a_command_that_is_not_there_is_met_with_its_nearest(arguments: list[str], line: str):
    assert said(*arguments) == (2, line)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("TOCSIN_METRICS__PORT", "TOCSIN__METRICS__PORT"),
        ("TOCSIN_METRICS_PORT", "TOCSIN__METRICS__PORT"),
        ("tocsin__metrics__port", "TOCSIN__METRICS__PORT"),
        ("TOCSIN_RULES", "TOCSIN__RULES"),
        ("TOCSIN_QUOTA_ALERT_THRESHOLD", "TOCSIN__QUOTA__ALERT__THRESHOLD"),
        ("TOCSIN.CHECK_INTERVAL", "TOCSIN__CHECK_INTERVAL"),
    ],
)
def test_a_variable_called_almost_like_a_setting_is_refused(name: str, meant: str):
    with pytest.raises(SettingsError, match=f"^{name}: no setting; did you mean {meant}[?]$"):
        load_settings(None, {name: "9464"})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("TOCSIN_SETTINGS", "x"),
        ("TOCSIN_STORE", "x"),
        ("TOCSIN_METRICS_PORT", "tcp://10.0.0.1:9464"),
        ("TOCSIN_SERVICE_HOST", "10.0.0.1"),
        ("TOCSIN_TEST_KAFKA", "x"),
        ("OTHER__METRICS__PORT", "1"),
    ],
)
def test_other_variables_are_no_concern_of_settings(name: str, text: str):
    assert load_settings(None, {name: text}) == load_settings(None, {})


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("TOCSIN__METRIC__PORT", "metrics"),
        ("TOCSIN__CHECKINTERVAL", "check_interval"),
        ("TOCSIN__QUOTA__ALERTS__WINDOW", "quota.alert"),
    ],
)
def test_a_setting_that_is_not_there_is_met_with_its_nearest(name: str, meant: str):
    with pytest.raises(SettingsError, match=f"unknown setting; did you mean '{meant}'[?]"):
        load_settings(None, {name: "1"})


def started(tmp_path, *words):
    """Start the program as in a terminal: what a shell began in the background ignores Ctrl-C, and so would its children."""
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = [sys.executable, "-c", f"{heard}; from flows.cli import main; main()", *words]
    env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    return subprocess.Popen(program, cwd=tmp_path, env=env, stderr=subprocess.PIPE)


def test_ctrl_c_ends_a_command_with_130(tmp_path):
    os.mkfifo(tmp_path / "events")
    process = started(tmp_path, "replay", "--rules", "none", "--input", "events", "--out", "o")
    with (tmp_path / "events").open("w"):  # opens once the command reads
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1] == b"interrupted"


def test_ctrl_c_at_a_question_ends_with_130_too(monkeypatch, capsys):
    def pressed(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("click.termui.visible_prompt_func", pressed)
    with pytest.raises(SystemExit) as ended:
        main.main(["init"])
    assert ended.value.code == 130
    assert capsys.readouterr().err.splitlines()[-1] == "interrupted"


def test_the_end_of_input_at_a_question_is_no_interruption():
    done = CliRunner().invoke(main, ["init"])
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (1, "Aborted!")


@pytest.mark.parametrize(
    ("words", "meant"), [("silence lst", "list"), ("oncall swp", "swap"), ("silence extnd", "extend")]
)
def test_a_mistaken_word_is_no_argument_of_the_command_that_may_be_left_out(words, meant):
    assert said(*words.split()) == (2, f"Error: no such command '{words.split()[1]}'; did you mean '{meant}'?")
