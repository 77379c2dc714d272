"""The image of the Containerfile, built by buildah as root: no container engine, no registry, nothing that runs as a daemon.

No registry can be asked for the base, so one of the same Debian with Python stands in for it; the locked wheels come from a folder.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.servers.process import cache, fetch_once, run_or_tell
from tests.tree import ROOT

SUITE = "bookworm"
BASE = f"localhost/python:3.11-{SUITE}"
NAME = "localhost/tocsin"
TOOLS = ("buildah", "crun", "mmdebstrap")
LOCKS = ("requirements.lock", "requirements-build.lock")
SOURCES = """\
Types: deb
URIs: http://deb.debian.org/debian
Suites: {suite} {suite}-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
PACKAGES = "python3,python3-venv,ca-certificates,binutils"
"""What the official image for building has of what the build needs."""


def missing() -> str:
    """Say why no image can be built, or nothing."""
    if os.geteuid() != 0:
        return "needs root to build an image"
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"needs {', '.join(lacking)}: apt-get install --no-install-recommends {' '.join(TOOLS)}" if lacking else ""


def built() -> str:
    """Return the name of an image of this tree, built unless one is there."""
    name = f"{NAME}:{_fingerprint()}"
    if not _there(name):
        _base()
        build = ["buildah", "bud", "--pull-never", "--isolation=chroot", "--timestamp", "0"]
        given = {"PYTHON": BASE, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/wheels"}
        words = [word for key, value in given.items() for word in ("--build-arg", f"{key}={value}")]
        run_or_tell([*build, *words, "--volume", f"{_wheels()}:/wheels:ro", "--tag", name, "."], cwd=ROOT)
    return name


def config(name: str) -> dict[str, Any]:
    """Return what an image says of itself: Env, Entrypoint, Cmd, User, WorkingDir, Labels."""
    said = subprocess.run(["buildah", "inspect", "--type", "image", name], capture_output=True, check=True)
    found: dict[str, Any] = json.loads(said.stdout)["OCIv1"]["config"]
    return found


def unpack(name: str, folder: Path) -> None:
    """Lay the root of an image into a folder."""
    container = _said("buildah", "from", "--pull-never", name)
    try:
        run_or_tell(["cp", "-a", f"{_said('buildah', 'mount', container)}/.", str(folder)])
    finally:
        run_or_tell(["buildah", "rm", container])


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _there(name: str) -> bool:
    return (
        subprocess.run(["buildah", "inspect", "--type", "image", name], capture_output=True, check=False).returncode
        == 0
    )


def _fingerprint() -> str:
    """Name what goes into the image: all that .containerignore lets through, and how it is built."""
    allowed = [line[1:] for line in (ROOT / ".containerignore").read_text().splitlines() if line.startswith("!")]
    named = _said(
        "git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "Containerfile", *allowed
    )
    summed = hashlib.sha256()
    for path in sorted(named.splitlines()):
        if (ROOT / path).exists():
            summed.update(path.encode() + b"\0" + (ROOT / path).read_bytes() + b"\0")
    return summed.hexdigest()[:12]


def _base() -> None:
    if not _there(BASE):
        tar = fetch_once(f"image-base-{SUITE}", _bootstrap) / "root.tar"
        container = _said("buildah", "from", "scratch")
        run_or_tell(["buildah", "add", container, str(tar), "/"])
        run_or_tell(["buildah", "commit", "--rm", container, BASE])


def _bootstrap(folder: Path) -> None:
    """Make a Debian with Python from its packages; the sources are named, for a machine's own may hold other vendors."""
    (folder / "debian.sources").write_text(SOURCES.format(suite=SUITE))
    options = ["--mode=root", "--variant=minbase", f"--include={PACKAGES}", "--dpkgopt=path-exclude=/usr/share/doc/*"]
    run_or_tell(["mmdebstrap", *options, SUITE, str(folder / "root.tar"), str(folder / "debian.sources")])


def _wheels() -> Path:
    """Return a folder with what the locks name, whatever the Python that asks."""
    locks = "".join((ROOT / lock).read_text() for lock in LOCKS)
    return fetch_once(f"wheels-{hashlib.sha256(locks.encode()).hexdigest()[:12]}", _download)


def _download(folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", "--no-deps"]
    for lock in LOCKS:
        with tempfile.NamedTemporaryFile("w", suffix=".lock", dir=cache()) as wanted:
            wanted.write(re.sub(r" ; [^\\\n]*", " ", (ROOT / lock).read_text()))
            wanted.flush()
            run_or_tell([*command, "--only-binary", ":all:", "--dest", str(folder), "--requirement", wanted.name])


if __name__ == "__main__":
    sys.stdout.write(f"{missing() or built()}\n")
