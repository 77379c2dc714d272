"""A real Prometheus, and promtool and amtool, from Debian's packages."""

import shutil
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from tests.servers import debian
from tests.servers.process import Server, free_port

PACKAGES = ("prometheus", "prometheus-alertmanager")


def prometheus_server(config: str) -> tuple[Server, str]:
    """Start one with a configuration (YAML text); return it and its URL."""
    program, port = tool("prometheus"), free_port()
    run = Path(tempfile.mkdtemp(prefix="prometheus."))
    (run / "prometheus.yml").write_text(config)
    command = [program, f"--config.file={run}/prometheus.yml", f"--storage.tsdb.path={run}/data"]
    url = f"http://127.0.0.1:{port}"
    server = Server([*command, f"--web.listen-address=127.0.0.1:{port}"], run, lambda: _answers(f"{url}/-/ready"))
    server.start()
    return server, url


def tool(name: str) -> str:
    """Return the path of `prometheus`, `promtool` or `amtool`; these need no server and exit 1 on a mistake."""
    return shutil.which(name) or f"{debian.unpacked('prometheus', PACKAGES)}/usr/bin/{name}"


def missing() -> str:
    """Say why none can be had, or nothing."""
    return "" if shutil.which("promtool") else debian.missing("prometheus")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False
