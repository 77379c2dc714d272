"""A local server of the S3 API, in an environment of its own in the cache."""

import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from tests.servers.process import Server, cache, fetch_once, free_port, run_or_tell

VERSION = "5.2.5"


def s3_server() -> tuple[Server, str]:
    """Start one; return it and its URL. It holds one bucket, `tocsin`, and takes any credentials."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(_environment() / "bin" / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    server = Server(command, Path(tempfile.mkdtemp(prefix="s3.")), lambda: _answers(url))
    server.start()
    urllib.request.urlopen(urllib.request.Request(f"{url}/tocsin", method="PUT"), timeout=30).close()
    return server, url


def _environment() -> Path:
    """Return the virtual environment that holds it; its folder says that it is whole."""
    place = cache() / f"moto-{VERSION}-env"

    def fill(done: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        run_or_tell([str(place / "bin" / "pip"), "install", "--quiet", "--no-compile", f"moto[server]=={VERSION}"])
        (done / "installed").write_text(VERSION)

    fetch_once(f"moto-{VERSION}", fill)
    return place


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/moto-api/", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False
