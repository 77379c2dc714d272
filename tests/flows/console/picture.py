"""Pictures of the console for the documentation: `python -m tests.flows.console.picture docs/console.png`.

The bad morning of `tocsin demo`, moved so that its worst moment is now, through a job that goes on; a few people have acted.
"""

import json
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from playwright.sync_api import sync_playwright

from flows.demo.storm import START, storm
from sinks.store.interface import StoreError
from sinks.store.sqlite import SqliteStore
from tests.flows.console.stand import Desk
from tests.flows.gateway.stand import BARE, TOCSIN, until
from tests.servers import browser
from tests.tree import ROOT

WORST = START + 3400
"""The database is fatal, processors are busy, and the rack that was cut off has just come back."""
DEMO = ROOT / "examples" / "demo"
LATE = 120
"""Seconds from now in which the last event of the morning lies."""
SIZE = {"width": 1440, "height": 680}


def moved(now: int) -> list[str]:
    """Return the morning up to its worst moment, which is now."""
    lines = []
    for text in storm():
        try:
            fields = json.loads(text)
            at = fields["at"]
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        if at <= WORST:
            lines.append(json.dumps(fields | {"at": at - WORST + now, "time": fields["time"] - WORST + now}))
    return lines


def tocsin(*arguments: str) -> subprocess.Popen[bytes]:
    """Start the program."""
    return subprocess.Popen(
        [*TOCSIN, *arguments], cwd=ROOT, env=BARE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def has_read(data: Path) -> bool:
    """Return True once the job has read the morning."""
    try:
        with closing(SqliteStore(data / "tocsin.sqlite3", read_only=True)) as store:
            return any(time.time() - one.clock < LATE for one in store.workers())
    except StoreError:  # not made yet
        return False


def acted(data: str) -> None:
    """Let people act."""
    for words in (
        ("ack", "--name", "Replication lag", "--operator", "carol", "--for", "2h", "-m", "promoting the replica"),
        (
            "silence",
            "--name",
            "TLS certificate expires soon",
            "--operator",
            "erin",
            "--for",
            "8h",
            "-m",
            "renewed tonight",
        ),
        ("assign", "bob", "--name", "Backup failed", "--operator", "alice", "-m", "please look"),
    ):
        assert tocsin(*words, "--data", data, "--yes").wait(120) == 0, words


def main(target: str, path: str = "/") -> None:
    """Take the picture of a page."""
    with tempfile.TemporaryDirectory() as name:
        folder, data = Path(name), f"{name}/data"
        (folder / "events.jsonl").write_text("\n".join(moved(int(time.time()))) + "\n")
        options = ["--settings", str(DEMO / "tocsin.yaml"), "--rules", str(DEMO / "rules")]
        source = ["--input", str(folder / "events.jsonl"), "--recording", "--follow", "--clock", "input"]
        job = tocsin("run", *options, "--data", data, *source)
        try:
            until(lambda: has_read(Path(data)))
            acted(data)
            desk = Desk(folder, *options)
            taken(f"http://{desk.listen}{path}", target)
            desk.stop()
        finally:
            job.terminate()
            job.wait(120)


def taken(address: str, target: str) -> None:
    """Look at a page in the light theme."""
    found = browser.chromium()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=found.program, env=found.environment, args=list(browser.SWITCHES)
        )
        page = running.new_page(viewport=SIZE, color_scheme="light", bypass_csp=True)
        page.goto(address)
        page.add_style_tag(content="html { font-family: 'DejaVu Sans' }")  # a bare machine has no font of its system
        page.screenshot(path=target)
        running.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
