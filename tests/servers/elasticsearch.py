"""A real Elasticsearch from Maven's artifacts, unpacked into the cache (servers.md 3)."""

import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.servers.process import Server, cache, fetch_once, free_port

VERSION = "8.19.21"
ARTIFACT = "org.elasticsearch.distribution.integ-test-zip:elasticsearch:{}:zip"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy"

LOG4J = """\
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %c{1}: %m%n
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
"""
JVM = """\
-Xms256m
-Xmx512m
-XX:+UseSerialGC
-XX:TieredStopAtLevel=1
-XX:-AlwaysPreTouch
-XX:+ExitOnOutOfMemoryError
-Djava.io.tmpdir=${ES_TMPDIR}
"""
SETTINGS = """\
cluster.name: test
path.data: {run}/data
path.logs: {run}/logs
http.host: 127.0.0.1
http.port: {port}
transport.host: 127.0.0.1
transport.port: {transport}
discovery.type: single-node
xpack.security.enabled: false
action.destructive_requires_name: false
cluster.routing.allocation.disk.threshold_enabled: false
"""


def elasticsearch_server(version: str = VERSION, more: str = "") -> tuple[Server, str]:
    """Start one, with `more` lines of settings; return it and its URL."""
    home, port = _home(version), free_port()
    run = Path(tempfile.mkdtemp(prefix="elasticsearch."))
    for folder in ("config", "data", "logs", "tmp"):
        (run / folder).mkdir()
    (run / "config" / "log4j2.properties").write_text(LOG4J)
    (run / "config" / "jvm.options").write_text(JVM)
    settings = SETTINGS.format(run=run, port=port, transport=free_port()) + more
    (run / "config" / "elasticsearch.yml").write_text(settings)
    env = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "ES_JAVA_HOME": str(_java(version)),
        "ES_PATH_CONF": f"{run}/config",
        "ES_TMPDIR": f"{run}/tmp",
        "CLI_JAVA_OPTS": "-XX:TieredStopAtLevel=1",
    }
    server = Server([*_not_root(), f"{home}/bin/elasticsearch"], run, lambda: _answers(port), env=env, patience=180.0)
    server.start()
    return server, f"http://127.0.0.1:{port}"


@contextmanager
def place(url: str) -> Iterator[str]:
    """Yield the address of a store that nobody else uses; at the end its indices and templates go.

    Every change of a cluster carries all of its templates: those that tests left behind made each test slower than the last.
    """
    prefix = f"t{uuid.uuid4().hex[:12]}_"
    yield f"{url}?prefix={prefix}&replicas=0-0&timeout=30"
    for kind in ("", "_index_template/"):
        request = urllib.request.Request(f"{url}/{kind}{prefix}*", method="DELETE")
        with suppress(urllib.error.HTTPError), urllib.request.urlopen(request, timeout=60):
            pass  # a store that was never opened has none


def missing(version: str = VERSION) -> str:
    """Say why no server can be had, or nothing."""
    if _java(version) is None:
        return f"Elasticsearch {version} needs a Java of version {_least_java(version)} or newer"
    if not (cache() / f"elasticsearch-{version}").exists() and not shutil.which("mvn"):
        return "needs mvn to fetch Elasticsearch"
    if os.geteuid() == 0 and not shutil.which("unshare"):
        return "Elasticsearch refuses to run as root, and there is no unshare"
    return ""


def _least_java(version: str) -> int:
    return 17 if version.startswith("8.") else 21


def _java(version: str) -> Path | None:
    """Return the home of a Java that is new enough, the oldest such."""
    homes = {path.resolve() for path in Path("/usr/lib/jvm").glob("*") if (path / "bin" / "java").is_file()}
    if java := shutil.which("java"):
        homes.add(Path(java).resolve().parents[1])
    found = sorted((number, home) for home in homes if (number := _java_version(home)) >= _least_java(version))
    return found[0][1] if found else None


def _java_version(home: Path) -> int:
    """Return the major version that the `release` file of a Java home tells."""
    try:
        lines = dict(line.split("=", 1) for line in (home / "release").read_text().splitlines() if "=" in line)
        return int(lines["JAVA_VERSION"].strip('"').split(".")[0])
    except (OSError, KeyError, ValueError):
        return 0


def _not_root() -> list[str]:
    """Make root look like nobody to the server, which refuses root; files stay root's."""
    return ["unshare", "--user", "--map-user=65534", "--map-group=65534"] if os.geteuid() == 0 else []


def _home(version: str) -> Path:
    return fetch_once(f"elasticsearch-{version}", lambda folder: _fetch(version, folder))


def _fetch(version: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        copy = ["mvn", "-B", "-q", COPY, f"-Dartifact={ARTIFACT.format(version)}", f"-DoutputDirectory={scratch}"]
        subprocess.run([*copy, f"-Dmaven.repo.local={cache()}/m2"], check=True, cwd=scratch, capture_output=True)
        with zipfile.ZipFile(next(Path(scratch).glob("*.zip"))) as archive:
            archive.extractall(scratch)
        unpacked = Path(scratch) / f"elasticsearch-{version}"
        for program in (unpacked / "bin").iterdir():
            program.chmod(0o755)
        shutil.copytree(unpacked, folder, dirs_exist_ok=True)


def _answers(port: int) -> bool:
    """Tell whether it is ready; `GET /` is no way to ask, this build has no handler for it."""
    try:
        url = f"http://127.0.0.1:{port}/_cluster/health?wait_for_status=yellow&timeout=1s"
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False
