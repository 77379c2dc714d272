"""CPU of the whole flow on a file: with snapshots and no store, and with SQLite."""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.events import mixed

TOCSIN = [sys.executable, "-c", "from flows.cli import main; main()"]


def run(data: Path, events: Path, rules: Path, settings: dict[str, str]) -> float:
    """Return seconds of CPU of one run of the job, start-up included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [*TOCSIN, "run", "--no-courier", "--rules", str(rules), "--input", str(events), "--data", str(data)]
    subprocess.run(command, check=True, env={"PATH": "/usr/bin:/bin", **settings}, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(count: int = 100_000) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        events, none = root / "events.jsonl", root / "none.jsonl"
        events.write_bytes(b"\n".join(mixed(count, count // 10)) + b"\n")
        none.write_bytes(b"")
        start = run(root / "0", none, Path("none"), {})
        for title, settings in (
            ("flow with snapshots, null store", {"TOCSIN__BENCH_NULL": "true"}),
            ("flow with snapshots and SQLite", {}),
            ("flow with snapshots and SQLite, no event archive", {"TOCSIN__STORE__EVENTS": "false"}),
        ):
            null = settings.pop("TOCSIN__BENCH_NULL", None)
            data = root / title.replace(" ", "-")
            extra = {"TOCSIN__STORE__DSN": "none", "TOCSIN__OUTBOX__DSN": "none"} if null else {}
            seconds = run(data, events, Path("none"), {**settings, **extra})
            print(f"{title}: {(seconds - start) / count * 1e6:.1f} us CPU an event")


if __name__ == "__main__":
    main()
