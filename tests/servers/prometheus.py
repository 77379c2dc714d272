"""A real Prometheus, an Alertmanager, promtool and amtool, from Debian's packages; and a current amtool, built from its source."""

import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from tests.servers import debian
from tests.servers.process import Server, cache, fetch_once, free_port, run_or_tell

AMTOOL = "0.34.0"
"""The newest that an old compiler builds."""
QUICKLY = ("-buildvcs=false", "-gcflags=all=-N -l", "-ldflags=-s -w")
"""It runs for moments, and an optimized one takes twice as long to build."""
TEMPLATE = Path("/usr/share/prometheus/alertmanager/default.tmpl")
"""What Debian's build of Alertmanager wants where the package would have put it."""
SHOWN = 'mount -t overlay overlay -o lowerdir="$0"/usr/share:/usr/share /usr/share && exec "$@"'
UNSHARED = ("unshare", "--mount", "--propagation", "private", "sh", "-c", SHOWN)
PACKAGES = ("prometheus", "prometheus-alertmanager")


def prometheus_server(config: str) -> tuple[Server, str]:
    """Start one with a configuration (YAML text); return it and its URL.

    What it sends before it has found its Alertmanager is lost; it sends that again after seconds, not after its minute.
    """
    program, port = tool("prometheus"), free_port()
    run = Path(tempfile.mkdtemp(prefix="prometheus."))
    (run / "prometheus.yml").write_text(config)
    command = [program, f"--config.file={run}/prometheus.yml", f"--storage.tsdb.path={run}/data"]
    command += ["--rules.alert.resend-delay=2s"]
    url = f"http://127.0.0.1:{port}"
    server = Server([*command, f"--web.listen-address=127.0.0.1:{port}"], run, lambda: _answers(f"{url}/-/ready"))
    server.start()
    return server, url


def alertmanager_server(config: str) -> tuple[Server, str]:
    """Start an Alertmanager with a configuration (YAML text); return it and its URL."""
    program, port = tool("prometheus-alertmanager"), free_port()
    run = Path(tempfile.mkdtemp(prefix="alertmanager."))
    (run / "alertmanager.yml").write_text(config)
    plain = [
        program,
        f"--config.file={run}/alertmanager.yml",
        f"--storage.path={run}/data",
        "--cluster.listen-address=",
    ]
    command = [*plain, "--log.level=error"] if TEMPLATE.exists() else [*UNSHARED, str(Path(program).parents[2]), *plain]
    url = f"http://127.0.0.1:{port}"
    server = Server([*command, f"--web.listen-address=127.0.0.1:{port}"], run, lambda: _answers(f"{url}/-/ready"))
    server.start()
    return server, url


def missing_alertmanager() -> str:
    """Say why no Alertmanager can be started, or nothing."""
    if (why := debian.missing("prometheus")) or TEMPLATE.exists():
        return why
    return (
        ""
        if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0
        else "needs a mount of its own"
    )


def current_amtool() -> str:
    """Return the path of a current amtool."""
    return f"{fetch_once(f'amtool-{AMTOOL}', _install_amtool)}/amtool"


def missing_amtool() -> str:
    """Say why no current amtool can be had, or nothing."""
    has_one = (cache() / f"amtool-{AMTOOL}").exists() or shutil.which("go")
    return "" if has_one else f"needs Go to build amtool {AMTOOL}"


def _install_amtool(folder: Path) -> None:
    module = f"github.com/prometheus/alertmanager/cmd/amtool@v{AMTOOL}"
    run_or_tell(["go", "install", *QUICKLY, module], env={**os.environ, "GOBIN": str(folder)})


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
