"""Whether a command took effect: the alert is looked up first, then its log is watched until the job has acted."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, NoReturn

import click
import msgspec

from flows.cli.fail import LEFT, fail
from flows.settings.settings import Settings
from operators.model.alert import ABNORMAL, Alert
from operators.model.reason import OpType
from operators.model.records import DeadLetter, LogEntry
from sinks.store.interface import Store, StoreError
from sinks.store.place import open_store
from sinks.store.query import AlertQuery

PATIENCE, PAUSE = 10.0, 0.1
"""Seconds to wait for an effect, and between two looks."""
FINGERPRINT_LENGTH = 32

_WRITES = {"ack": OpType.ACK, "close": OpType.CLOSE, "assign": OpType.ASSIGN, "comment": OpType.COMMENT}
"""Command -> the entry that it leaves in the alert's log."""
_DONE = {"ack": "acknowledged", "close": "closed", "assign": "assigned", "comment": "comment written"}


class Job(NamedTuple):
    """Where the job that is told keeps what it does."""

    store: str
    dead_letters: Path

    @staticmethod
    def of(settings: Settings, data: str | None) -> "Job":
        """Return the job of the settings, or the one that runs with `--data`."""
        if data:
            return Job(f"{data}/tocsin.sqlite3", Path(data, "dead_letters.jsonl"))
        return Job(settings.store.dsn, Path(settings.dead_letters))


class Before(NamedTuple):
    """What is known before the job is told."""

    alert: Alert
    entries: frozenset[str]
    letters: int
    """Bytes of dead letters."""


def look_up_first(job: Job, name: str, command: str) -> Before:
    """Return the alert of an id or fingerprint that a command may change; else the command ends and says why not."""
    try:
        with _reading(job) as store:
            alert = _find(store, name)
            entries = frozenset(entry.id for entry in store.logs(alert.id)) if alert is not None else frozenset()
    except StoreError as error:
        fail(f"{error}: is there a job? name its directory with --data, or its settings with --settings")
    if alert is None:
        fail(f"no alert {name}")
    if alert.status != ABNORMAL:
        fail(f"alert {alert.id} is over ({alert.status}): nothing to {command}")
    if command == "ack" and alert.is_ack:
        fail(f"alert {alert.id} is acknowledged already, by {alert.ack_operator or 'somebody'}")
    return Before(alert, entries, _size(job.dead_letters))


def wait_for_effect(job: Job, before: Before, command: str, operator: str, line: str) -> NoReturn:
    """Wait until the job has acted on a command line, and say what it did: exit 0, 1 if it was refused, LEFT if nothing was seen."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if _is_done(job, before, command, operator):
            alert = before.alert
            click.echo(f"{_DONE[command]}: {alert.alert_name} on {alert.event.target or 'no target'} ({alert.id})")
            sys.exit(0)
        if (letter := _refusal(job.dead_letters, before.letters, line)) is not None:
            fail(f"refused: {letter.reason}" + (f": {letter.detail}" if letter.detail else ""))
        time.sleep(PAUSE)
    click.echo(f"no effect within {PATIENCE:.0f} s: does the job run? It acts when it does", err=True)
    sys.exit(LEFT)


def _is_done(job: Job, before: Before, command: str, operator: str) -> bool:
    with _reading(job) as store:
        entries = store.logs(before.alert.id)
    return any(_is_of(entry, command, operator) for entry in entries if entry.id not in before.entries)


def _is_of(entry: LogEntry, command: str, operator: str) -> bool:
    return entry.op_type == _WRITES[command] and entry.operator == operator


def _refusal(path: Path, since: int, line: str) -> DeadLetter | None:
    """Return the dead letter of a line among those written since."""
    if _size(path) <= since:
        return None
    with path.open("rb") as stream:
        stream.seek(since)
        letters = [_letter(one) for one in stream]
    return next((letter for letter in letters if letter is not None and letter.raw == line), None)


def _letter(line: bytes) -> DeadLetter | None:
    try:
        return msgspec.json.decode(line, type=DeadLetter)
    except msgspec.DecodeError:  # half written
        return None


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _find(store: Store, name: str) -> Alert | None:
    found = store.alert(name)
    if found is None and len(name) == FINGERPRINT_LENGTH:
        found = next(iter(store.alerts(AlertQuery(dedupe_md5=(name.lower(),), limit=1))), None)
    return found


@contextmanager
def _reading(job: Job) -> Iterator[Store]:
    store = open_store(job.store, read_only=True)
    try:
        yield store
    finally:
        store.close()
