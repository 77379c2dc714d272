"""Shipped rules carry their own tests, and those pass."""

import re
import shlex

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from tests.tree import EXAMPLES, ROOT

CHECKERS = ("next", "close", "recover", "shield", "ack", "upgrade", "action")


@pytest.mark.parametrize(
    "directory", [*(f"checkers/{name}" for name in CHECKERS), "demo/rules", "inhibit", "sources/rules"]
)
def test_the_tests_of_shipped_rules_pass(directory):
    done = CliRunner().invoke(main, ["rules", "test", str(EXAMPLES / directory)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "failed 0" in done.output


def test_the_commands_for_sources_on_the_page_of_the_gateway_work(monkeypatch):
    page = (ROOT / "docs" / "gateway.md").read_text().partition("## Any other JSON")[2].partition("\n## ")[0]
    monkeypatch.chdir(ROOT)
    commands = [shlex.split(line)[1:] for line in page.splitlines() if line.startswith("tocsin ")]
    assert len(commands) == 2
    for arguments in commands:
        done = CliRunner().invoke(main, arguments, catch_exceptions=False)
        assert done.exit_code == 0, done.output


@pytest.mark.parametrize("number", [0, 1])
def test_the_rules_for_sources_on_the_page_of_the_gateway_pass_their_tests(tmp_path, number):
    page = (ROOT / "docs" / "gateway.md").read_text().partition("## Any other JSON")[2].partition("\n## ")[0]
    (tmp_path / "rules.yaml").write_text(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[number])
    done = CliRunner().invoke(main, ["rules", "check", str(tmp_path)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
