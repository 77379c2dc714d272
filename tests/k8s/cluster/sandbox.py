"""One program of the image as a container runs it: its own root, read-only; another user; one folder that it may write."""

import os
import subprocess
from pathlib import Path
from typing import Any

from tests.servers.node.program import Program


class Sandbox:
    """An image and a home that is empty."""

    def __init__(self, root: Path, config: dict[str, Any], folder: Path) -> None:
        self._root, self._config, self._folder, self._runs = root, config, folder, 0
        self._user = int(config["User"].partition(":")[0])
        self.home = folder / "home"
        self.home.mkdir()
        os.chown(self.home, self._user, self._user)

    def run(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the image to its end."""
        self._runs += 1
        scratch = self._folder / f"run-{self._runs}"
        said = self._folder / f"run-{self._runs}.log"
        spec = {
            "image": str(self._root),
            "scratch": str(scratch),
            "mounts": [{"source": str(self.home), "target": self._config["WorkingDir"], "read_only": False}],
            "read_only": True,
            "user": self._user,
            "group": self._user,
            "groups": [],
            "cwd": self._config["WorkingDir"],
            "env": dict(one.split("=", 1) for one in self._config["Env"]),
            "command": [program, *words],
        }
        started = Program(spec, said)
        started.child.wait(300)
        code = started.ended()
        assert code is not None
        return subprocess.CompletedProcess([program, *words], code, said.read_text())
