"""What a container is to the machine: a process in namespaces of its own, below the root of an image."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

ENTER = Path(__file__).with_name("enter.py")


def child_of(number: int) -> int | None:
    """Return the first child of a process, if it has one."""
    with contextlib.suppress(OSError):
        found = Path(f"/proc/{number}/task/{number}/children").read_text().split()
        return int(found[0]) if found else None
    return None


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

    def run(self, command: list[str], patience: float = 60.0) -> subprocess.CompletedProcess[bytes]:
        """Run a command inside, as `kubectl exec` does."""
        first = self.first()
        inside = ["/usr/bin/nsenter", f"--target={first}", "--mount", "--pid", "--root", "--wd"]
        who = [f"--setuid={self._spec['user']}", f"--setgid={self._spec['group']}"]
        return subprocess.run(
            [*inside, *who, "--", *command], env=self._spec["env"], capture_output=True, timeout=patience, check=False
        )

    def runs(self, command: list[str], patience: float) -> bool:
        """Say whether a command inside ends well, in time."""
        try:
            return self.run(command, patience).returncode == 0
        except subprocess.TimeoutExpired:
            return False
