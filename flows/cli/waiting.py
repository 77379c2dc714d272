"""How far a long replay is: a line on stderr that changes, or one every ten seconds where nobody looks, and a file."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from flows.replay.progress import Progress, Seen, both, into

STATUS = "status.json"
APART = 10.0
"""Seconds between two lines where nobody looks."""


@contextmanager
def waiting(directory: Path | None, span: tuple[int, int] | None) -> Iterator[Progress]:
    """Show how far it is while the block runs; with a directory, also in its status.json."""
    show = _on_terminal if sys.stderr.isatty() else _now_and_then()
    tellers: list[Callable[[Seen], None]] = [show]
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        tellers.append(into(directory / STATUS))
    progress = Progress(both(*tellers), span)
    progress.say("reading")
    try:
        yield progress
    except (Exception, KeyboardInterrupt) as error:
        progress.say("failed", str(error) or "it was interrupted")
        raise
    progress.say("done")


def _on_terminal(seen: Seen) -> None:
    if seen.state == "done" or not (seen.lines or seen.state != "reading"):
        sys.stderr.write("\r\x1b[K")
    else:
        sys.stderr.write(f"\r\x1b[K{in_words(seen)}")
    sys.stderr.flush()


def _now_and_then() -> Callable[[Seen], None]:
    told = 0.0

    def tell(seen: Seen) -> None:
        nonlocal told
        if seen.state in ("reading", "comparing") and seen.seconds - told >= APART:
            told = seen.seconds
            click.echo(in_words(seen), err=True)

    return tell


def in_words(seen: Seen) -> str:
    """Return how far it is, in a line."""
    share = "" if seen.share is None else f"{seen.share:4.0%}  "
    at = "" if seen.at is None else f", at {datetime.fromtimestamp(seen.at, UTC):%Y-%m-%d %H:%M}"
    return f"{seen.state} {share}{seen.lines:,} lines, {seen.rate:,} a second{at}"
