"""A month of events through two sets of rules: `tocsin replay --from-store --against`, its CPU, memory and rate.

python -m bench.whatif 1000000 [DIR]; DIR keeps the archive from one run to the next. Fewer than 10 million events are the
beginning of that month, so each costs the same.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from bench.events import month
from bench.figure import calibration
from flows.settings.settings import Settings
from operators.intake.name import take_in
from operators.model.event import Event
from operators.rules.book import RuleBook
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore

BATCH = 2000
TICK = 100
"""Of CPU time in /proc, a second."""
ALL = 10_000_000


def rules(pay: list[str], *, shield: bool) -> dict[str, Any]:
    """Return a set of rules: a dispatch rule for some businesses, one for the rest, and perhaps a shield a day."""
    told = {"actions": [{"action_type": "notice"}]}
    shields = [
        {
            "id": day, "bk_biz_id": 6, "category": "dimension", "begin_time": 1_700_000_000 + day * 86400,
            "end_time": 1_700_007_200 + day * 86400,
            "dimension_config": {"dimension_conditions": [{"field": "bk_biz_id", "method": "eq", "value": ["6"]}]},
        }
        for day in range(30 if shield else 0)
    ]  # fmt: skip
    of_pay = {"id": 1, "conditions": [{"field": "bk_biz_id", "method": "eq", "value": pay}], "user_groups": ["pay"]}
    return {
        "businesses": [{"id": number, "name": f"b{number}"} for number in range(2, 7)],
        "user_groups": [
            {"id": "ops", "name": "Ops", "users": ["alice", "bob"], "ways": ["mail"]},
            {"id": "pay", "name": "Pay", "users": ["carol"], "ways": ["mail", "sms"]},
        ],
        "shields": shields,
        "dispatch": [
            {"id": 1, "name": "teams", "bk_biz_id": 0, "priority": 20, "rules": [of_pay | told]},
            {"id": 2, "name": "rest", "bk_biz_id": 0, "priority": 10,
             "rules": [{"id": 2, "conditions": [], "user_groups": ["ops"], **told}]},
        ],
    }  # fmt: skip


def archive(path: Path, count: int) -> None:
    """Write the archive that a job would have kept, if it is not there."""
    if path.exists():
        return
    store, book, settings = SqliteStore(path), RuleBook.empty(), Settings()
    raws: Iterator[bytes] = islice(month(ALL), count)
    while batch := list(islice(raws, BATCH)):
        events = [body for raw in batch if isinstance(body := take_in(raw, book, settings)[1], Event)]
        store.write(Batch(events=events))
    store.close()


def processes(root: int) -> dict[int, tuple[str, float, int]]:
    """Return the process tree: what runs, its seconds of CPU, its bytes of memory (shared ones shared out)."""
    found = {}
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        try:
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            waiting += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        except (OSError, ValueError):
            continue
        pss = next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
        found[pid] = (
            "reads and compares" if pid == root else "decides",
            (int(stat[11]) + int(stat[12])) / TICK,
            pss * 1024,
        )
    return found


def measured(command: list[str]) -> tuple[float, dict[int, tuple[str, float]], int]:
    """Run a command; return its seconds, the CPU of each of its processes, and the peak of their memory together."""
    begin, cpu, peak = time.perf_counter(), dict[int, tuple[str, float]](), 0
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while running.poll() is None:
        now = processes(running.pid)
        cpu |= {pid: (what, seconds) for pid, (what, seconds, _) in now.items()}
        peak = max(peak, sum(size for _, _, size in now.values()))
        time.sleep(0.5)
    assert running.returncode == 0, running.returncode
    return time.perf_counter() - begin, cpu, peak


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    place = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(tempfile.mkdtemp(prefix="tocsin-whatif-"))
    place.mkdir(parents=True, exist_ok=True)
    for name, book in (("old", rules(["3"], shield=False)), ("new", rules(["3", "4"], shield=True))):
        (place / name).mkdir(exist_ok=True)
        (place / name / "rules.json").write_text(json.dumps(book))
    archive(place / f"{count}.sqlite3", count)
    unit = calibration()
    seconds, cpu, peak = measured([
        sys.executable, "-c", "from flows.cli import main; main()", "replay", "--from-store", "--store", str(place / f"{count}.sqlite3"),
        "--rules", str(place / "new"), "--against", str(place / "old"), "--out", str(place / "out"),
    ])  # fmt: skip
    unit = min(unit, calibration())
    found = json.loads((place / "out/difference.json").read_text())
    longest = max(used for _, used in cpu.values())
    print(
        f"{count:,} events, {found['alerts']['old']:,} -> {found['alerts']['new']:,} alerts, "
        f"{found['messages']['old']:,} -> {found['messages']['new']:,} messages: "
        f"{seconds:.0f} s, peak {peak / 2**20:.0f} MiB, c = {unit:.1f} us"
    )
    for what, used in cpu.values():
        print(
            f"  {what}: {used:.0f} s of CPU, {used / count * 1e6:.1f} us an event = {used / count * 1e6 / unit:.2f} c"
        )
    print(f"  {ALL:,} events on idle cores: about {longest * ALL / count:.0f} s")


if __name__ == "__main__":
    main()
