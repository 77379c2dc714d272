"""Commands that take nothing silently: an option given twice is refused, a name that is not there is met with its nearest."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import click

from operators.rules.shapes.nearest import nearest


class Command(click.Command):
    """Refuses an option that is given twice where only one value counts."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and refuse what was given twice. Raises UsageError."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        refuse_doubles(order, ctx)
        return super().parse_args(ctx, args)


class Group(click.Group):
    """Makes such commands, and knows which of them was meant."""

    command_class = Command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is named. Raises UsageError with the nearest name."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            meant = nearest(name, self.list_commands(ctx))
            ctx.fail(f"no such command {name!r}{meant or f'; see `{ctx.command_path} --help`'}")
        return super().resolve_command(ctx, args)


Group.group_class = Group


class DefaultGroup(Group):
    """Takes what begins with no command of it as arguments of the one that may be left out."""

    def __init__(self, *args: Any, default: str, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        self.default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command before arguments that begin with no command, nor with one that is nearly meant."""
        if args and args[0] not in self.commands and (meant := nearest(args[0], self.commands)):
            ctx.fail(f"no such command {args[0]!r}{meant}")
        if (not args and self.takes_nothing) or (args and args[0] not in (*self.commands, *ctx.help_option_names)):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    @property
    def takes_nothing(self) -> bool:
        """True if the default command says something without any argument."""
        return not any(param.required or param.name == "alert" for param in self.commands[self.default].params)


def refuse_doubles(order: Iterable[click.Parameter], ctx: click.Context) -> None:
    """Raise UsageError for an option that stands twice in the order of parameters and takes one value only."""
    given = Counter(one for one in order if isinstance(one, click.Option))
    for option, times in given.items():
        if times > 1 and not (option.multiple or option.is_flag or option.count):
            name = max(option.opts, key=len)
            raise click.UsageError(f"{name} is given {times} times; it takes one value", ctx=ctx)
