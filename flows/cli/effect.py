"""What became of commands: the store is asked for their outcomes until the job has acted on each."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NoReturn

import click

from flows.cli.answer import print_answer
from flows.cli.fail import LEFT, fail
from flows.cli.telling import Sent, Telling
from flows.settings.places import store_under
from operators.model.command import CommandDocument
from sinks.store.interface import Store, StoreError
from sinks.store.place import open_store
from sinks.store.query import CommandQuery

PATIENCE, PAUSE = 10.0, 0.1
"""Seconds to wait for an effect after the last one was seen, and between two looks."""

MISSES = 20
"""Commands without an outcome at which a look ends: workers act side by side."""

Words = Callable[[Mapping[str, Any]], str]
"""What is said of a command that was applied."""


def reading_of(whom: Telling) -> AbstractContextManager[Store]:
    """Open the store of the job; without one the command ends and says so."""
    return _reading(store_under(whom.settings, whom.data).dsn)


@contextmanager
def _reading(place: str) -> Iterator[Store]:
    try:
        store = open_store(place, read_only=True)
        try:
            yield store
        finally:
            store.close()
    except StoreError as error:
        fail(f"{error}: is there a job? name its directory with --data, or its settings with --settings")


def conclude(whom: Telling, sent: Sent, words: Words) -> NoReturn:
    """Say what became of commands: exit 0, 1 if one was refused, LEFT if the job was not seen to act on one."""
    if whom.to or whom.no_wait:
        _say(whom, sent, {}, lambda _: sent.place, waited=False)
        sys.exit(0)
    found = _awaited(whom, [one["command_id"] for one in sent.commands])
    _say(whom, sent, found, words, waited=True)
    refused = any(one.outcome == "refused" for one in found.values())
    sys.exit(1 if refused else 0 if len(found) == len(sent.commands) else LEFT)


def _awaited(whom: Telling, names: Sequence[str]) -> dict[str, CommandDocument]:
    """Return the outcomes by command id, as soon as they are all there, or nothing more comes."""
    found: dict[str, CommandDocument] = {}
    deadline = time.monotonic() + PATIENCE
    shows, place = sys.stderr.isatty() and len(names) > 1, store_under(whom.settings, whom.data).dsn
    while len(found) < len(names) and time.monotonic() < deadline:
        with _reading(place) as store:
            fresh = _fresh(store, [name for name in names if name not in found])
        found |= {one.id: one for one in fresh}
        if fresh:
            deadline = time.monotonic() + PATIENCE
        if shows:
            click.echo(f"\r{len(found)} of {len(names)}", nl=len(found) == len(names), err=True)
        if len(found) < len(names):
            time.sleep(PAUSE)
    return found


def _fresh(store: Store, names: Sequence[str]) -> list[CommandDocument]:
    """Return outcomes of commands; they come about in order, so a few that are not there yet end the look."""
    fresh: list[CommandDocument] = []
    misses = 0
    for name in names:
        found = store.commands(CommandQuery(id=name, limit=1))
        fresh += found
        misses += not found
        if misses == MISSES:
            break
    return fresh


def _say(whom: Telling, sent: Sent, found: Mapping[str, CommandDocument], words: Words, *, waited: bool) -> None:
    if whom.as_json:
        print_answer("outcome", [_outcome(one, found.get(one["command_id"])) for one in sent.commands], told=sent.place)
        return
    if not waited:
        click.echo(sent.place)
        return
    for one in sent.commands:
        told = found.get(one["command_id"])
        if told is not None and told.outcome == "refused":
            click.echo(f"refused: {told.reason}" + (f": {told.detail}" if told.detail else ""), err=True)
        elif told is not None:
            click.echo(words(one))
    if left := len(sent.commands) - len(found):
        which = f"{left} of {len(sent.commands)}: " if len(sent.commands) > 1 else ""
        click.echo(f"{which}no effect within {PATIENCE:.0f} s: does the job run? It acts when it does", err=True)


def _outcome(command: Mapping[str, Any], found: CommandDocument | None) -> dict[str, Any]:
    """Return what programs read of one command."""
    told = {key: value for key, value in command.items() if key not in ("kind", "at")}
    told["outcome"] = "pending" if found is None else found.outcome
    return told | ({"reason": found.reason, "detail": found.detail} if found is not None and found.reason else {})
