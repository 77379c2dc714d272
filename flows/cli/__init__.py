"""The command line: one group, a command a file."""

from flows.cli.main import main

__all__ = ["main"]
