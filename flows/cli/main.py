"""`tocsin`: the group that holds every command."""

import sys
from importlib import import_module
from io import TextIOWrapper
from typing import NoReturn

import click

from flows.cli.fail import fail
from flows.cli.kept import end_with_keeper
from flows.cli.strict import Group
from flows.recovery.private import keep_private

COMMANDS = {
    "ack": "flows.cli.acting:ack",
    "alerts": "flows.cli.alerts:alerts",
    "assign": "flows.cli.acting:assign",
    "channels": "flows.cli.channels:channels",
    "close": "flows.cli.acting:close",
    "comment": "flows.cli.acting:comment",
    "console": "flows.cli.console:console",
    "courier": "flows.cli.courier:courier",
    "demo": "flows.cli.demo:demo",
    "diff": "flows.cli.diff:diff",
    "explain": "flows.cli.explain:explain",
    "gateway": "flows.cli.gateway:gateway",
    "import": "flows.cli.import_:import_",
    "init": "flows.cli.init:init",
    "intake": "flows.cli.intake:intake",
    "notice": "flows.cli.notice:notice",
    "notices": "flows.cli.notices:notices",
    "oncall": "flows.cli.oncall:oncall",
    "outbox": "flows.cli.outbox:outbox",
    "produce": "flows.cli.produce:produce",
    "replay": "flows.cli.replay:replay",
    "rescale": "flows.cli.rescale:rescale",
    "retain": "flows.cli.retain:retain",
    "rules": "flows.cli.rules:rules",
    "run": "flows.cli.run:run",
    "savepoint": "flows.cli.savepoint:savepoint",
    "settings": "flows.cli.settings:settings",
    "setup": "flows.cli.setup:setup",
    "shield": "flows.cli.shield:shield",
    "unack": "flows.cli.acting:unack",
    "silence": "flows.cli.silence:silence",
    "up": "flows.cli.up:up",
    "who": "flows.cli.who:who",
    "why": "flows.cli.why:why",
}
"""Name -> where it lives; imported when asked for, so that no command waits for the imports of another."""


SECTIONS = {
    "On call": (
        "alerts", "explain", "ack", "unack", "close", "comment", "assign", "silence", "why", "who", "notices", "oncall", "console",
    ),
    "Rules, and what they would have done": ("init", "import", "rules", "shield", "replay", "diff", "notice", "demo"),
    "Running it": ("up", "run", "gateway", "courier", "settings", "setup"),
    "Looking after it": ("channels", "outbox", "intake", "produce", "retain", "rescale", "savepoint"),
}  # fmt: skip
"""Title -> commands, in the order in which one meets them; what stands nowhere comes under `Others`."""


class Lazy(Group):
    """A group whose commands are imported on use."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by what one is about to do."""
        named = {name for names in SECTIONS.values() for name in names}
        others = tuple(name for name in self.list_commands(ctx) if name not in named)
        width = max(map(len, COMMANDS))
        for title, names in {**SECTIONS, "Others": others}.items():
            found = [(name, command) for name in names if (command := self.get_command(ctx, name)) is not None]
            if found:
                with formatter.section(title):
                    limit = formatter.width - width - 6
                    formatter.write_dl([(f"{name:<{width}}", one.get_short_help_str(limit)) for name, one in found])

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import one command."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, name = place.split(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; Ctrl-C ends it with exit 130, as shells expect, at a question too."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _interrupted()
        except PermissionError as error:  # a place that may not even be looked at
            fail(error)
        except click.Abort as error:  # by Ctrl-C at a question, by Ctrl-D, or by a no
            if isinstance(error.__context__, KeyboardInterrupt):
                _interrupted()
            raise


INTERRUPTED = 130


def _interrupted() -> NoReturn:
    click.echo("interrupted", err=True)
    sys.exit(INTERRUPTED)


COMPLETION = """\b
Tab completes commands, ids, people, groups and ways after
  eval "$(_TOCSIN_COMPLETE=bash_source tocsin)"
(zsh_source, fish_source). docs/oncall.md: what to type at 3 a.m."""


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]}, epilog=COMPLETION)
@click.version_option(package_name="tocsin", prog_name="tocsin")
def main() -> None:
    """Turn monitoring events into few, well-kept alerts and tell the right people once."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a locale that lacks a letter gets a mark for it
            stream.reconfigure(errors="replace")
    keep_private()
    end_with_keeper()
