"""What every command says of itself."""

import click
import pytest

from flows.cli.main import COMMANDS, SECTIONS, main

WIDTH = 62
"""What an 80-column terminal leaves for a command's line in the list of commands."""


def commands(group, path=()):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def test_no_command_stands_twice_in_the_help_and_none_that_is_not_there():
    named = [name for names in SECTIONS.values() for name in names]
    assert len(named) == len(set(named))
    assert set(named) <= set(COMMANDS)


EVERY = [pytest.param(command, id=" ".join(path)) for path, command in commands(main)]


@pytest.mark.parametrize("command", EVERY)
def test_a_command_says_in_one_whole_line_what_it_does(command):
    assert command.get_short_help_str(WIDTH).endswith(".")
    assert not command.get_short_help_str(WIDTH).endswith("...")


@pytest.mark.parametrize("command", EVERY)
def test_every_option_says_what_it_does(command):
    assert all(param.help for param in command.params if isinstance(param, click.Option))


@pytest.mark.parametrize("command", EVERY)
def test_the_options_that_all_share_mean_the_same(command):
    named = {name: param for param in command.params for name in param.opts}
    if "--settings" in named:
        assert named["--settings"].help.startswith("Settings of the job (tocsin.yaml)")
    if "--json" in named and command.name not in ("check", "demo"):
        assert named["--json"].help == "Print JSON for programs; times are Unix seconds."
