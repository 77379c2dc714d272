"""What the documentation tells people to type works."""

import os
import re
import shlex
import subprocess
import sys

import click
import pytest

from flows.cli.main import main
from flows.cli.strict import DefaultGroup
from tests.tree import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
LASTING = ("up", "gateway")
"""Commands that run until they are told to end; tests of their own start them."""
PROGRAM = [sys.executable, "-c", "from flows.cli import main; main()"]


def blocks(page):
    for block in FENCE.findall(page.read_text(encoding="utf-8")):
        yield block.replace("\\\n", " ").splitlines()


def lines(page):
    for block in blocks(page):
        yield from block


def without_servers(page):
    """Return the commands of the blocks that set up no server of their own."""
    kept = [line for block in blocks(page) if not any(line.startswith("export ") for line in block) for line in block]
    return [line for line in kept if line.startswith(".venv/bin/tocsin ") and line.split()[1] not in LASTING]


def named(page):
    """Return the arguments of each `tocsin ...` of a page, comments left out."""
    for line in lines(page):
        if re.match(r"(\.venv/bin/)?tocsin\s", line):
            yield shlex.split(line, comments=True)[1:]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_option_that_a_page_names_exists(page):
    for arguments in named(page):
        command, context, rest = main, click.Context(main), list(arguments)
        while isinstance(command, click.Group):
            left_out = isinstance(command, DefaultGroup) and (not rest or rest[0] not in command.commands)
            command = command.get_command(context, command.default if left_out else rest.pop(0))
            assert command is not None, arguments
        options = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
        assert {one.partition("=")[0] for one in rest if one.startswith("--")} <= options, arguments


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "docs/replay.md", ROOT / "docs/running.md"], ids=lambda page: page.name
)
def test_the_commands_of_a_page_run_one_after_the_other(page, tmp_path):
    commands = without_servers(page)
    bare = {name: text for name, text in os.environ.items() if not name.startswith(("TOCSIN_", "MESSAGE_QUEUE"))}
    assert commands
    for line in commands:
        arguments = shlex.split(line.replace("/tmp/tocsin", str(tmp_path / "tocsin")), comments=True)[1:]
        done = subprocess.run(
            [*PROGRAM, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False, env=bare
        )
        assert done.returncode == 0, (line, done.stderr)


def test_every_link_of_a_page_leads_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), (page.name, target)
