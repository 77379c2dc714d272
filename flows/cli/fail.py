"""How a command says that it cannot do what it was asked."""

import sys
from typing import NoReturn

import click

from operators.model.address import without_password

LEFT = 3
"""The exit code of what was done while something is left; a sentence says what."""


def fail(*reasons: object) -> NoReturn:
    """Say why, one reason a line, and exit 1."""
    for reason in reasons:
        click.echo(without_password(in_words(reason)), err=True)
    sys.exit(1)


def in_words(reason: object) -> str:
    """Return a reason as text; an error of the file system names its file."""
    if isinstance(reason, OSError) and reason.strerror:
        return f"{reason.filename}: {reason.strerror}" if reason.filename else reason.strerror
    return str(reason)


def caused_by(error: BaseException, kinds: tuple[type[Exception], ...]) -> BaseException | None:
    """Return the error of one of these kinds that an error was raised from; the engine wraps what its steps raise."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, kinds):
        found = found.__cause__
    return found
