"""A real Redis from Debian's packages."""

import tempfile
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.servers import debian
from tests.servers.process import Server, free_port

PACKAGES = ("redis-tools", "redis-server", "libjemalloc2", "liblzf1")


def redis_server() -> tuple[Server, str]:
    """Start one; return it and its `host:port`."""
    root, port = debian.unpacked("redis", PACKAGES), free_port()
    run = Path(tempfile.mkdtemp(prefix="redis."))
    command = [f"{root}/usr/bin/redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(run)]
    command += ["--save", "", "--appendonly", "yes", "--appendfsync", "always"]
    server = Server(command, run, lambda: _answers(port), env=debian.libraries(root))
    server.start()
    return server, f"127.0.0.1:{port}"


def missing() -> str:
    """Say why no server can be had, or nothing."""
    return debian.missing("redis")


def _answers(port: int) -> bool:
    with redis.Redis(port=port, retry=Retry(NoBackoff(), 0), socket_timeout=1) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
