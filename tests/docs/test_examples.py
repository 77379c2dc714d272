"""Shipped rules carry their own tests, and those pass."""

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from tests.tree import EXAMPLES

CHECKERS = ("next", "close", "recover", "shield", "ack", "upgrade", "action")


@pytest.mark.parametrize("directory", [*(f"checkers/{name}" for name in CHECKERS), "demo/rules", "inhibit"])
def test_the_tests_of_shipped_rules_pass(directory):
    done = CliRunner().invoke(main, ["rules", "test", str(EXAMPLES / directory)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "failed 0" in done.output
