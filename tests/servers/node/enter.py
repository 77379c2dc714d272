"""Become the first process of a container; a program of its own, run behind `unshare --mount --pid --fork`.

python enter.py SPEC: a file of JSON with `image` (the folder that is its root), `scratch` (an empty folder for what the runtime
makes), `mounts` ({source, target, read_only}), `read_only`, `user`, `group`, `groups`, `cwd`, `env` and `command`.
What it writes to its own root is gone with it. It may have no more rights than it begins with.
"""

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

DEVICES = ("null", "zero", "random", "urandom")
NO_NEW_PRIVILEGES = 38


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def root_of(spec: dict[str, Any]) -> Path:
    """Lay a layer of its own over the image, and everything that is mounted into it."""
    scratch = Path(spec["scratch"])
    root, upper, work = (scratch / name for name in ("root", "upper", "work"))
    for folder in (root, upper, work):
        folder.mkdir(parents=True)
    mount("-t", "overlay", "-o", f"lowerdir={spec['image']},upperdir={upper},workdir={work}", "overlay", str(root))
    for one in spec["mounts"]:
        attach(Path(one["source"]), root / one["target"].lstrip("/"), read_only=one["read_only"])
    (root / "proc").mkdir(exist_ok=True)
    mount("-t", "proc", "proc", str(root / "proc"))
    devices(root / "dev")
    if spec["read_only"]:
        mount("-o", "remount,ro", str(root))
    return root


def attach(source: Path, target: Path, *, read_only: bool) -> None:
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    mount("--bind", str(source), str(target))
    if read_only:
        mount("-o", "remount,bind,ro", str(target))


def devices(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    mount("-t", "tmpfs", "-o", "mode=755", "dev", str(folder))
    for name in DEVICES:
        (folder / name).touch()
        mount("--bind", f"/dev/{name}", str(folder / name))


def become(root: Path, spec: dict[str, Any]) -> None:
    """Give up everything that a container has not, and run its command."""
    os.chroot(root)
    os.chdir(spec["cwd"])
    os.umask(0o022)
    os.setgroups(spec["groups"])
    os.setgid(spec["group"])
    os.setuid(spec["user"])  # drops all capabilities
    ctypes.CDLL(None).prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    os.execvpe(spec["command"][0], spec["command"], spec["env"])


if __name__ == "__main__":
    read = json.loads(Path(sys.argv[1]).read_text())
    become(root_of(read), read)
