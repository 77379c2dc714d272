"""How a command says that it cannot do what it was asked."""

import sys

import click


def fail(*reasons: object) -> None:
    """Say why, one reason a line, and exit 1."""
    for reason in reasons:
        click.echo(str(reason), err=True)
    sys.exit(1)
