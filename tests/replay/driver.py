"""Replays in process: `out = replay(rules, lines, until=...)` gives what the files of the contract would hold.

Rules are a dict of kinds as in rules.md (or a RuleBook); lines are dicts (or raw bytes). `event`, `check`, `command`, `put`, `delete`,
`tick` and `receipt` make lines; their first argument is the arrival time in seconds after T0. Times in tables count from T0 too.
"""

import json
import random
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flows.replay.files import write
from flows.replay.outcome import summary
from flows.replay.replay import Line, Replay
from flows.rules.templates import Words, renderer
from flows.settings.settings import Settings, settings_from
from operators.intake.poll import Polled
from operators.rules.book import RuleBook
from operators.rules.read.documents import taken_apart
from operators.rules.read.load import build

T0 = 1_700_000_000
"""A Tuesday, 22:13:20 UTC."""

FILES = ("alerts", "logs", "signals", "actions", "notices", "dead_letters", "events")

RULES = {
    "strategies": [{"id": 1, "name": "CPU usage", "notice": {"user_groups": ["ops"]}}],
    "user_groups": [{"id": "ops", "name": "Ops", "users": ["alice"], "ways": ["mail"]}],
}
"""One strategy without items, told to alice by mail."""


class Out:
    """What came out of a replay: a list of dicts a file, the summary, and the bytes of each file."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.bytes = dict(files)
        self.alerts, self.logs, self.signals, self.actions, self.notices, self.dead_letters, self.events = (
            [json.loads(line) for line in files[f"{name}.jsonl"].splitlines()] for name in FILES
        )
        self.summary = json.loads(files["summary.json"])

    @property
    def alert(self) -> dict[str, Any]:
        """The only alert."""
        (one,) = self.alerts
        return one

    def told(self, op: str | None = None, alert_id: str | None = None) -> list[dict[str, Any]]:
        """Log entries, of one op type or alert if asked."""
        wanted = (entry for entry in self.logs if op in (None, entry["op_type"]))
        return [entry for entry in wanted if alert_id in (None, entry["alert_id"])]

    def story(self, *keys: str, without: Iterable[str] = ("ACTION", "ASSIGN")) -> list[tuple[Any, ...]]:
        """Rows (seconds after T0, op type, *keys) of the logs; what notices and dispatch say is left out."""
        entries = [entry for entry in self.logs if entry["op_type"] not in without]
        return [(entry["time"] - T0, entry["op_type"], *(entry.get(key) for key in keys)) for entry in entries]

    def signalled(self) -> list[tuple[int, str]]:
        """Rows (seconds after T0, signal)."""
        return [(signal["time"] - T0, signal["signal"]) for signal in self.signals]

    def noticed(self, *keys: str) -> list[tuple[Any, ...]]:
        """Rows (seconds after T0, way, receivers joined by commas, *keys) of the notices."""
        return [
            (one["time"] - T0, one["way"], ",".join(one["receivers"]), *(one.get(key) for key in keys))
            for one in self.notices
        ]

    def refused(self) -> list[tuple[str, str]]:
        """Rows (position, reason) of the dead letters."""
        return [(letter["position"], letter["reason"]) for letter in self.dead_letters]


@lru_cache(maxsize=64)
def _prepared(rules: str, settings: str) -> tuple[Settings, Words, RuleBook]:
    """Return settings, words and book; fail with every mistake in the rules."""
    known = settings_from(json.loads(settings), "settings")
    words = renderer(known)
    documents, errors = taken_apart(json.loads(rules), "rules")
    book, errors = build(
        documents,
        errors,
        check_template=words.check_template,
        default_business=known.default_business,
        time_zone=known.time_zone,
    )
    assert book is not None, [str(error) for error in errors]
    return known, words, book


def replay_of(
    rules: Mapping[str, list[Any]] | RuleBook, settings: Mapping[str, Any] | None = None, *, is_lean: bool = False
) -> Replay:
    """Return a replay that has not begun. A setting's dot is a level: {"quota": {"alert": {"threshold": 2}}}."""
    kinds = {} if isinstance(rules, RuleBook) else rules
    known, words, book = _prepared(json.dumps(kinds), json.dumps(settings or {}))
    book = rules if isinstance(rules, RuleBook) else book
    return Replay(known, book, words, words.check_template, is_lean=is_lean)


def restarted(driver: Replay, rules: Mapping[str, list[Any]], settings: Mapping[str, Any] | None = None) -> Replay:
    """Return a replay whose stages take over from the snapshots of another's; what has come out so far stays."""
    fresh, old = replay_of(rules, settings), driver.worker
    fresh.outcome = driver.outcome
    slots = {key: old.snapshot_slot(key) for key in old.states.slots}
    shared = old.snapshot_shared()
    for key in random.Random(1).sample(sorted(slots), len(slots)):
        fresh.worker.restore_slot(key, slots[key])
    fresh.worker.restore_shared(shared)
    for slot, store in driver.notices.slots.items():
        fresh.notices.restore(slot, store.snapshot())
    fresh.intake.restore(driver.intake.snapshot())
    for record in fresh.intake.take(Polled()).records:
        fresh.worker.fold(record)
    for name in old.scene.counts.__struct_fields__:
        setattr(fresh.worker.scene.counts, name, getattr(old.scene.counts, name))
    return fresh


def lines_of(lines: Iterable[Any]) -> list[Line]:
    """Return dicts, texts or bytes as numbered lines of an input called `input`."""
    return [Line("input", number, _raw(line)) for number, line in enumerate(lines, 1)]


def _raw(line: Any) -> bytes:
    if isinstance(line, bytes):
        return line
    return line.encode() if isinstance(line, str) else json.dumps(line).encode()


def finished(driver: Replay, until: int | None = None) -> Out:
    """End a replay (`until` in seconds after T0) and read its files."""
    outcome = driver.finish(None if until is None else T0 + until)
    worker = driver.worker
    version = worker.scene.book.version
    counts = summary(outcome, worker.scene.counts, until=worker.clock, rules_version=version, held=driver.held())
    with TemporaryDirectory() as folder:
        write(outcome, counts, Path(folder))
        return Out({path.name: path.read_bytes() for path in Path(folder).iterdir()})


def replay(
    rules: Mapping[str, list[Any]] | RuleBook,
    lines: Iterable[Any],
    until: int | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Out:
    """Replay lines under rules and return what came out."""
    driver = replay_of(rules, settings)
    for line in lines_of(lines):
        driver.fold(line)
    return finished(driver, until)


def event(at: int = 0, status: str = "ABNORMAL", **fields: Any) -> dict[str, Any]:
    """Return an event that arrives at T0 + at; its time is the same unless given (`time`, absolute), its id is new each second."""
    given = {
        "at": T0 + at,
        "event_id": f"e{at}",
        "plugin_id": "p",
        "alert_name": "CPU usage",
        "target_type": "HOST",
        "target": "10.0.0.1",
        "severity": 2,
        "status": status,
        "time": T0 + at,
    }
    return {key: value for key, value in {**given, **fields}.items() if value is not None}


def strategy_event(at: int = 0, status: str = "ABNORMAL", **fields: Any) -> dict[str, Any]:
    """Return an event of strategy 1."""
    return event(at, status, **{"strategy_id": 1, **fields})


def check(at: int, **fields: Any) -> dict[str, Any]:
    """Return a check of strategy 1 on the series of `strategy_event`."""
    identity = {"strategy_id": 1, "target_type": "HOST", "target": "10.0.0.1"} if "dedupe_md5" not in fields else {}
    return {"kind": "check", "at": T0 + at, "time": T0 + at, **identity, **fields}


def command(at: int, name: str, **fields: Any) -> dict[str, Any]:
    """Return a command of bob's."""
    return {"kind": "command", "at": T0 + at, "command": name, "operator": "bob", **fields}


def put(at: int, **kinds: list[Any]) -> dict[str, Any]:
    """Return a line that puts rules into force."""
    return {"kind": "rules", "at": T0 + at, "put": kinds}


def delete(at: int, **kinds: list[Any]) -> dict[str, Any]:
    """Return a line that takes rules out of force, the last ones too."""
    return {"kind": "rules", "at": T0 + at, "delete": kinds, "put": {"strategies": []}}


def receipt(at: int, **fields: Any) -> dict[str, Any]:
    """Return the outcome of a notice."""
    return {"kind": "receipt", "at": T0 + at, **fields}


def tick(at: int) -> dict[str, Any]:
    """Return a line that only moves the clock."""
    return {"kind": "tick", "at": T0 + at}
