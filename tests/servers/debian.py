"""Servers from Debian's packages, unpacked into the cache; nothing is installed (servers.md 4)."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.servers.process import cache, fetch_once, run_or_tell


def missing(name: str) -> str:
    """Say why the packages cached under `name` cannot be had, or nothing."""
    if _cached(name) or (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return ""
    return f"needs apt-get and dpkg-deb to fetch {name}"


def unpacked(name: str, packages: Sequence[str]) -> Path:
    """Return the folder that holds the packages, `name-VERSION` by the version of the first of them."""
    return _cached(name) or fetch_once(f"{name}-{_version(packages[0])}", lambda folder: _fetch(packages, folder))


def libraries(root: Path) -> dict[str, str]:
    """Return the environment in which its programs find their libraries."""
    return {**os.environ, "LD_LIBRARY_PATH": f"{root}/usr/lib/{os.uname().machine}-linux-gnu"}


def _cached(name: str) -> Path | None:
    found = (path for path in cache().glob(f"{name}-*") if re.fullmatch(rf"{name}-[\d.]+", path.name))
    return max(found, default=None)


def _version(package: str) -> str:
    """Return the version apt would download; a fresh machine has no lists yet."""
    if not (shown := _apt_version(package)):
        run_or_tell(["apt-get", "-qq", "update"])
        shown = _apt_version(package)
    if not shown:
        raise RuntimeError(f"apt knows no package {package}")
    return shown


def _apt_version(package: str) -> str:
    shown = subprocess.run(
        ["apt-cache", "--no-all-versions", "show", package], capture_output=True, text=True, check=False
    )
    found = re.search(r"^Version: (?:\d+:)?([\d.]*\d)", shown.stdout, re.MULTILINE)
    return found[1] if found else ""


def _fetch(packages: Sequence[str], folder: Path) -> None:
    with tempfile.TemporaryDirectory() as debs:
        Path(debs).chmod(0o755)  # apt downloads as another user
        download = ["apt-get", "-qq", "download", *packages]
        if subprocess.run(download, cwd=debs, capture_output=True, check=False).returncode:
            run_or_tell(["apt-get", "-qq", "update"])
            run_or_tell(download, cwd=debs)
        for deb in Path(debs).glob("*.deb"):
            run_or_tell(["dpkg-deb", "-x", str(deb), str(folder)])
