"""A real Redis from Debian's packages, unpacked into the cache (nothing is installed)."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.servers.process import Server, cache, fetch_once, free_port

PACKAGES = ("redis-server", "redis-tools", "libjemalloc2", "liblzf1")


def redis_server() -> tuple[Server, str]:
    """Start one; return it and its `host:port`."""
    root, port = _fetched(), free_port()
    run = Path(tempfile.mkdtemp(prefix="redis."))
    command = [f"{root}/usr/bin/redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(run)]
    command += ["--save", "", "--appendonly", "yes", "--appendfsync", "always"]
    libraries = f"{root}/usr/lib/{os.uname().machine}-linux-gnu"
    server = Server(command, run, lambda: _answers(port), env={**os.environ, "LD_LIBRARY_PATH": libraries})
    server.start()
    return server, f"127.0.0.1:{port}"


def missing() -> str:
    """Say why no server can be had, or nothing."""
    if _cached() or (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return ""
    return "needs apt-get and dpkg-deb to fetch redis-server"


def _answers(port: int) -> bool:
    with redis.Redis(port=port, retry=Retry(NoBackoff(), 0), socket_timeout=1) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


def _cached() -> Path | None:
    return max((path for path in cache().glob("redis-*") if re.fullmatch(r"redis-[\d.]+", path.name)), default=None)


def _fetched() -> Path:
    return _cached() or fetch_once(f"redis-{_version()}", _fetch)


def _version() -> str:
    """Return the version apt would download; a fresh machine has no lists yet."""
    if not (shown := _apt_version()):
        subprocess.run(["apt-get", "-qq", "update"], check=True, capture_output=True)
        shown = _apt_version()
    return shown


def _apt_version() -> str:
    shown = subprocess.run(
        ["apt-cache", "--no-all-versions", "show", "redis-tools"], capture_output=True, text=True, check=False
    )
    found = re.search(r"^Version: (?:\d+:)?([\d.]+)", shown.stdout, re.MULTILINE)
    return found[1] if found else ""


def _fetch(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as debs:
        Path(debs).chmod(0o755)  # apt downloads as another user
        download = ["apt-get", "-qq", "download", *PACKAGES]
        if subprocess.run(download, cwd=debs, capture_output=True, check=False).returncode:
            subprocess.run(["apt-get", "-qq", "update"], check=True, capture_output=True)
            subprocess.run(download, cwd=debs, check=True, capture_output=True)
        for deb in Path(debs).glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", deb, folder], check=True)
