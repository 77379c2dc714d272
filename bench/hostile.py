"""A hostile morning through the real job: good events with nasty values, mistakes of every kind, and junk.

.venv/bin/python -m bench.hostile --events 20000 --seed 1 [--store http://127.0.0.1:9200]

What must hold: exit 0; every good event is found in the store; every mistake is one dead letter, with its line; the store refuses nothing.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from bench.fuzz import RULES, T0, junk
from sinks.store.interface import Store
from sinks.store.place import open_store

KEYS = 400
"""Fingerprints of the good events."""
RATE = 50
"""Lines a second."""
PATIENCE = 30.0
"""Seconds until a search must find what was written."""
FOREVER = 9_999_999_999
"""What comes behind a record that says it is of today arrives today."""

TEXTS = (
    "", " ", "0", "null", "\x00", "\x1b[31m\x07", "\u2028\u202e\u200b", "💥" * 300, "é\u0301" * 50, "a" * 30_000,
    "<script>alert(1)</script>",
    "{{ 7 * 191 }}{% for i in range(9) %}", "{{", "%s%n%(x)s", "'; DROP TABLE alerts; --", "../../etc/passwd",
    "=?utf-8?q?=0D=0ABcc:_evil?=",
    "a\r\nBcc: evil@example.org", '"\\', "AND OR NOT (*:* ~ ^", "CON", "-1e400", "日本語" * 100,
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    *TEXTS,
    0,
    -1,
    2**53 + 1,
    1.5,
    True,
    None,
    [],
    {},
    [[["x"]]],
    {"a": {"b": [1, None]}},
    ["a", 1, None],
    {"": ""},
    {"a.b": 1},
)

Kind = Literal["good", "bad", "odd"]


class Line(NamedTuple):
    """One line, what must become of it, and of a good one its fingerprint and id."""

    raw: bytes
    kind: Kind
    dedupe_md5: str = ""
    event_id: str = ""


def good(number: int, rng: random.Random) -> Line:
    """Return a whole event whose free fields hold whatever a sender may put there."""
    md5, name = f"{rng.randrange(KEYS):032x}", f"good-{number}"
    event = {
        "event_id": name, "plugin_id": "p", "alert_name": f"a{rng.choice(TEXTS)}", "time": T0 + number // RATE, "dedupe_md5": md5,
        "severity": rng.randrange(1, 4), "status": rng.choice(("ABNORMAL", "ABNORMAL", "RECOVERED", "CLOSED")),
        "target_type": "HOST", "target": f"10.0.0.{rng.randrange(9)}", "description": rng.choice(TEXTS),
        "tags": [{"key": f"k{n}", "value": rng.choice(VALUES)} for n in range(rng.randrange(4))],
        "extra_info": {"x": rng.choice(VALUES)},
    }  # fmt: skip
    return Line(
        json.dumps(event, ensure_ascii=rng.random() < 0.5).encode("utf-8", "backslashreplace"), "good", md5, name
    )


def bad(number: int, rng: random.Random) -> Line:
    """Return a line with one mistake that no kindness can read away."""
    whole = {
        "event_id": f"bad-{number}",
        "plugin_id": "p",
        "alert_name": "a",
        "time": T0 + number // RATE,
        "target": "t",
    }
    without = {name: {key: value for key, value in whole.items() if key != name} for name in ("event_id", "time")}
    mistakes: tuple[Any, ...] = (
        without["event_id"], without["time"], {**whole, "time": "soon"}, {**whole, "time": -5}, {**whole, "time": 10**12},
        {**whole, "time": 10**400}, {**whole, "tags": "x"}, {**whole, "tags": [1]}, {**whole, "dedupe_md5": "short"},
        {**whole, "kind": "command", "command": "shield", "shield": {"id": 1, "scope_type": "biz"}},
        {**whole, "kind": "rules", "delete": {"strategies": [1]}},
        {**whole, "kind": "receipt", "notice": 0}, {**whole, "kind": "check", "anomaly": False},
        {**whole, "kind": 5}, {**whole, "kind": "nonsense"},
        [], "text", 5, None, b"{", b"\xff\xfe{}", b'{"event_id": "\xff"}', b'{"event_id": "e"',
        b'{"event_id": "e", "alert_name": "\\ud800", "time": 1700000000}', b"[" * 200, b"{}{}", b"nonsense",
        b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}", b" " * 5 + b"x" * (1 << 20),
    )  # fmt: skip
    chosen = rng.choice(mistakes)
    return Line(chosen if isinstance(chosen, bytes) else json.dumps(chosen).encode(), "bad")


def odd(rng: random.Random) -> Line:
    """Return junk that may or may not mean something."""
    raw = junk(rng).replace(b"\n", b" ").replace(b"\r", b" ")
    return Line(raw if raw.strip() else b"{", "odd")


def lines(count: int, seed: int) -> Iterator[Line]:
    """Yield so many lines: six in ten good, two bad, two odd."""
    rng = random.Random(seed)
    for number in range(count):
        draw = rng.random()
        yield good(number, rng) if draw < 0.6 else bad(number, rng) if draw < 0.8 else odd(rng)


class Outcome(NamedTuple):
    """How a run ended, and what it got wrong."""

    exit: int
    said: str
    missing: list[str]
    """Good events that the store has not."""
    unrefused: list[int]
    """Numbers of bad lines without exactly one dead letter."""
    wronged: list[int]
    """Numbers of good lines with a dead letter."""
    refused_by_store: int
    reasons: Counter[str]
    seconds: float

    @property
    def is_well(self) -> bool:
        """Whether everything held that must."""
        return self.exit == 0 and not (self.missing or self.unrefused or self.wronged or self.refused_by_store)


def run(folder: Path, count: int, seed: int, store: str = "") -> Outcome:
    """Send lines through the job in a folder of its own; `store` is Elasticsearch, else a file of SQLite."""
    made = list(lines(count, seed))
    (folder / "events.jsonl").write_bytes(b"".join(line.raw + b"\n" for line in made))
    (folder / "rules.json").write_text(json.dumps(RULES))
    dsn = store or str(folder / "data" / "tocsin.sqlite3")
    settings = {"store": {"dsn": dsn}, "recovery": {"interval": 1.0, "partitions": 2}}
    (folder / "tocsin.yaml").write_text(json.dumps(settings))
    words = [
        "--rules",
        "rules.json",
        "--input",
        "events.jsonl",
        "--data",
        "data",
        "--settings",
        "tocsin.yaml",
        "--no-courier",
    ]
    command = [sys.executable, "-c", "from flows.cli import main; main()", "run", *words]
    environment = {"PYTHONPATH": str(Path(__file__).parents[1]), "PATH": "/usr/bin:/bin"}
    begun = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return _judged(made, done, folder / "data" / "dead_letters.jsonl", dsn, time.monotonic() - begun)


def _judged(
    made: list[Line], done: subprocess.CompletedProcess[str], letters: Path, dsn: str, seconds: float
) -> Outcome:
    dead = [json.loads(one) for one in letters.read_bytes().splitlines()] if letters.exists() else []
    lines_refused = Counter(int(one["position"]) for one in dead if one["position"].isdecimal())
    missing = _missing_at_last(made, dsn)
    reasons = Counter(one["reason"] for one in dead)
    return Outcome(
        done.returncode,
        done.stderr[-2000:],
        missing,
        [n for n, line in enumerate(made, 1) if line.kind == "bad" and lines_refused[n] != 1],
        [n for n, line in enumerate(made, 1) if line.kind == "good" and lines_refused[n]],
        reasons["refused_by_store"],
        reasons,
        seconds,
    )


def _missing_at_last(made: list[Line], dsn: str) -> list[str]:
    """Return the good events that are not found even when searches have caught up with what was written."""
    reader, deadline = open_store(dsn, read_only=True), time.monotonic() + PATIENCE
    try:
        while (missing := _missing(made, reader)) and time.monotonic() < deadline:
            time.sleep(0.5)
    finally:
        reader.close()
    return missing


def _missing(made: list[Line], store: Store) -> list[str]:
    wanted: dict[str, set[str]] = {}
    for line in made:
        if line.kind == "good":
            wanted.setdefault(line.dedupe_md5, set()).add(line.event_id)
    return [
        name
        for md5, names in wanted.items()
        for name in names - {event.event_id for event in store.events(md5, 0, FOREVER)}
    ]


def main() -> None:
    """Run it and print what came out; exit 1 if something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", default="", help="address of Elasticsearch; default: a file of SQLite")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(Path(folder), given.events, given.seed, given.store)
    print(f"{given.events} lines in {outcome.seconds:.1f} s, exit {outcome.exit}")
    print(f"good but not found: {len(outcome.missing)} {outcome.missing[:5]}")
    print(f"bad without one dead letter: {len(outcome.unrefused)} {outcome.unrefused[:5]}")
    print(f"good with a dead letter: {len(outcome.wronged)} {outcome.wronged[:5]}")
    print(f"refused by the store: {outcome.refused_by_store}")
    print("dead letters:", ", ".join(f"{reason} {count}" for reason, count in outcome.reasons.most_common()))
    if not outcome.is_well:
        print(outcome.said)
        sys.exit(1)


if __name__ == "__main__":
    main()
