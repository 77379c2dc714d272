"""CPU of the whole flow on a file: with snapshots and no store, and with SQLite."""

import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.events import mixed
from bench.figure import Round, calibration, figure, rounds_of

TOCSIN = [sys.executable, "-c", "from flows.cli import main; main()"]


def run(data: Path, events: Path, rules: Path, settings: dict[str, str]) -> float:
    """Return seconds of CPU of one run of the job, start-up included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [*TOCSIN, "run", "--no-courier", "--rules", str(rules), "--input", str(events), "--data", str(data)]
    subprocess.run(command, check=True, env={"PATH": "/usr/bin:/bin", **settings}, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


NULL = {"TOCSIN__STORE__DSN": "none", "TOCSIN__OUTBOX__DSN": "none"}
WAYS = (
    ("flow with snapshots, null store", NULL),
    ("flow with snapshots and SQLite", {}),
    ("flow with snapshots and SQLite, no event archive", {"TOCSIN__STORE__EVENTS": "false"}),
)


class Bench:
    """The same events through jobs that differ in where they write."""

    def __init__(self, root: Path, count: int) -> None:
        self._root, self._count = root, count
        self._number = 0
        self._events, self._none, self._rules = root / "events.jsonl", root / "none.jsonl", root / "rules"
        self._rules.mkdir()
        (self._rules / "none.yaml").write_text("strategies: []\n")
        self._events.write_bytes(b"\n".join(mixed(count, count // 10)) + b"\n")
        self._none.write_bytes(b"")

    def once(self, settings: dict[str, str]) -> Round:
        """Run the job on nothing and on the events; what it takes to start is left out."""
        unit = calibration()
        start, seconds = (self._run(events, settings) for events in (self._none, self._events))
        return Round(seconds - start, self._count, min(unit, calibration()))

    def _run(self, events: Path, settings: dict[str, str]) -> float:
        self._number += 1
        data = self._root / f"data{self._number}"
        try:
            return run(data, events, self._rules, settings)
        finally:
            shutil.rmtree(data, ignore_errors=True)


def main(count: int = 100_000) -> None:
    with tempfile.TemporaryDirectory() as place:
        bench = Bench(Path(place), count)
        for title, settings in WAYS:
            print(f"{title}: {figure(rounds_of(lambda settings=settings: bench.once(settings)))}", flush=True)


if __name__ == "__main__":
    main()
