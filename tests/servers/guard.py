"""Ends servers whose owner died without ending them (a killed test run).

The owner names process groups to a child on its stdin; when that ends, the child ends the groups it still holds.
"""

import atexit
import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path

_one_at_a_time = threading.Lock()


def hold(pid: int, run: Path) -> None:
    """Have a process group killed, and its folder removed, once this process is gone."""
    _tell(f"hold {pid} {run}\n")


def drop(pid: int) -> None:
    """Forget a process group: it has ended."""
    _tell(f"drop {pid} -\n")


def _tell(line: str) -> None:
    with _one_at_a_time:
        pipe = _child().stdin
        assert pipe is not None
        pipe.write(line)
        pipe.flush()


@cache
def _child() -> "subprocess.Popen[str]":
    child = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, text=True, start_new_session=True)

    def dismiss() -> None:
        child.communicate()

    atexit.register(dismiss)
    return child


def main() -> None:
    held: dict[str, str] = {}
    for line in sys.stdin:
        word, pid, run = line.rstrip("\n").split(" ", 2)
        if word == "hold":
            held[pid] = run
        else:
            held.pop(pid, None)
    for pid, run in held.items():
        with suppress(ProcessLookupError):
            os.killpg(int(pid), signal.SIGKILL)
        shutil.rmtree(run, ignore_errors=True)


if __name__ == "__main__":
    main()
