"""What a container is to the machine: a process in namespaces of its own, below the root of an image."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ENTER = Path(__file__).with_name("enter.py")


def child_of(number: int) -> int | None:
    """Return the first child of a process, if it has one."""
    with contextlib.suppress(OSError):
        found = Path(f"/proc/{number}/task/{number}/children").read_text().split()
        return int(found[0]) if found else None
    return None


def inside(
    number: int, spec: dict[str, Any], command: Sequence[str], patience: float = 60.0
) -> subprocess.CompletedProcess[str]:
    """Run a command in the container that a process stands for, as `kubectl exec` does."""
    place = ["/usr/bin/nsenter", f"--target={child_of(number)}", "--mount", "--pid", "--root", "--wd"]
    who = [f"--setuid={spec['user']}", f"--setgid={spec['group']}"]
    words = [*place, *who, "--", *command]
    return subprocess.run(words, env=spec["env"], capture_output=True, text=True, timeout=patience, check=False)


class Program:
    """A started container. It dies with whoever started it."""

    def __init__(self, spec: dict[str, Any], log: Path) -> None:
        scratch = Path(spec["scratch"])
        self._spec = spec
        scratch.mkdir(parents=True)
        (scratch / "spec.json").write_text(json.dumps(spec))
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", sys.executable, str(ENTER)]
        with log.open("ab") as out:
            self.child = subprocess.Popen(
                [*command, str(scratch / "spec.json")], stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        (scratch / "pid").write_text(str(self.child.pid))

    def ended(self) -> int | None:
        """Return the exit code of a container that has ended; that of a signal is 128 and its number."""
        code = self.child.poll()
        return code if code is None or code >= 0 else 128 - code

    def first(self) -> int | None:
        """Return the number of its first process, as the machine counts."""
        return child_of(self.child.pid)

    def signal(self, number: int = signal.SIGTERM) -> None:
        """Send a signal to its first process, as a runtime does."""
        if self.ended() is None and (first := self.first()) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(first, number)

    def runs(self, command: list[str], patience: float) -> bool:
        """Say whether a command inside ends well, in time."""
        try:
            return inside(self.child.pid, self._spec, command, patience).returncode == 0
        except subprocess.TimeoutExpired:
            return False
