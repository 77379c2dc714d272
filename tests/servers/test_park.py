"""The harness of real servers: started once, named by the environment, refused with a reason, never left behind."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.servers.park import Counter, Kind, NoServerError, Park, Remote
from tests.servers.process import Server, cache, fetch_once, free_port
from tests.tree import ROOT

pytestmark = pytest.mark.slow

TREE = ROOT


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


class Starts:
    """A kind of server that counts its starts."""

    def __init__(self, run: Path) -> None:
        self.run, self.count = run, 0

    def __call__(self) -> tuple[Server, str]:
        self.count += 1
        port = free_port()
        command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
        server = Server(command, self.run, lambda: answers(port))
        server.start()
        return server, f"127.0.0.1:{port}"


@pytest.fixture
def starts(tmp_path) -> Starts:
    (tmp_path / "run").mkdir()
    return Starts(tmp_path / "run")


def test_all_who_ask_get_one_server_and_it_ends_with_the_park(starts):
    park = Park({"web": Kind(lambda: "", starts)}, {})
    found = []
    askers = [threading.Thread(target=lambda: found.append(park.address("web"))) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert (len(set(found)), starts.count) == (1, 1)
    park.stop()
    assert not answers(int(found[0].split(":")[1]))
    assert not starts.run.exists()


def test_another_process_of_the_run_asks_for_the_same_server(starts, tmp_path):
    park = Park({"web": Kind(lambda: "", starts)}, {})
    Counter(park, str(tmp_path / "counter"))
    remote = Remote(str(tmp_path / "counter"))
    remote.want("web")
    assert remote.address("web") == park.address("web")
    park.stop()


@pytest.mark.parametrize(
    ("scheme", "given", "address"),
    [
        ("", "there:1", "there:1"),
        ("http://", "there:1", "http://there:1"),
        ("http://", "https://there", "https://there"),
    ],
)
def test_a_server_named_by_the_environment_is_used_and_none_started(starts, scheme, given, address):
    park = Park({"web": Kind(lambda: "", starts, scheme)}, {"TOCSIN_TEST_WEB": given})
    assert (park.address("web"), starts.count) == (address, 0)
    park.stop()


def test_a_server_that_cannot_be_had_says_why(tmp_path):
    park = Park({"web": Kind(lambda: "needs a spider", lambda: pytest.fail("started"))}, {})
    Counter(park, str(tmp_path / "counter"))
    for servers in (park, Remote(str(tmp_path / "counter"))):
        with pytest.raises(NoServerError, match=r"web: needs a spider \(or set TOCSIN_TEST_WEB"):
            servers.address("web")
    park.stop()


def test_a_server_that_ends_at_once_shows_what_it_said(tmp_path):
    def start() -> tuple[Server, str]:
        server = Server([sys.executable, "-c", "print('no web today')"], tmp_path, lambda: False)
        server.start()
        raise AssertionError("it runs")

    park = Park({"web": Kind(lambda: "", start)}, {})
    with pytest.raises(NoServerError, match="no web today"):
        park.address("web")
    park.stop()


def test_nothing_is_fetched_twice(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    fetches = []

    def fetch(folder: Path) -> None:
        fetches.append(folder)
        time.sleep(0.05)
        (folder / "server").write_text("fetched")

    askers = [threading.Thread(target=fetch_once, args=("web-1", fetch)) for _ in range(3)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert (len(fetches), (cache() / "web-1" / "server").read_text()) == (1, "fetched")


def test_half_a_fetch_does_not_count(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise RuntimeError("the line broke")

    with pytest.raises(RuntimeError, match="the line broke"):
        fetch_once("web-1", fail)
    assert [path.name for path in cache().iterdir()] == ["lock"]
    assert fetch_once("web-1", lambda folder: (folder / "whole").touch()).joinpath("whole").exists()


def test_a_killed_run_leaves_no_server_behind(tmp_path):
    owner = f"""
import os, signal
from pathlib import Path
from tests.servers.process import Server
server = Server(["sleep", "60"], Path({str(tmp_path)!r}), lambda: True)
server.start()
print(server.child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    said = subprocess.run([sys.executable, "-c", owner], cwd=TREE, capture_output=True, text=True, check=False)
    assert said.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 60
    while tmp_path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not tmp_path.exists()
    stat = Path(f"/proc/{int(said.stdout)}/stat")
    assert not stat.exists() or " Z " in stat.read_text()


def run_pytest(tests: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "tests.servers.plugin", "-p", "tests.servers.fixtures"]
    command += ["-q", "--rootdir", str(tests), "-c", os.devnull, *options, str(tests)]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("TOCSIN", "PYTEST"))}
    return subprocess.run(
        command, cwd=TREE, env={**inherited, **environment}, capture_output=True, text=True, check=False
    )


ASKS = """
def test_ask(redis_address, worker_id):
    with open({file!r}, "a") as out:
        out.write(f"{{worker_id}} {{redis_address}}\\n")
"""


@pytest.mark.servers
def test_the_workers_of_one_run_share_one_server(tmp_path):
    out = tmp_path / "addresses"
    for name in ("test_a.py", "test_b.py"):
        (tmp_path / name).write_text(ASKS.format(file=str(out)))
    done = run_pytest(tmp_path, "-n", "2")
    assert done.returncode == 0, done.stdout
    lines = [line.split() for line in out.read_text().splitlines()]
    assert {worker for worker, _ in lines} == {"gw0", "gw1"}
    addresses = {address for _, address in lines}
    assert len(addresses) == 1
    assert not answers(int(addresses.pop().split(":")[1]))


def test_a_missing_server_is_an_error_with_the_reason_not_a_skip(tmp_path):
    (tmp_path / "test_a.py").write_text("def test_ask(redis_address): pass\n")
    done = run_pytest(tmp_path, PATH="/nowhere", XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert "1 error" in done.stdout
    assert "redis: needs apt-get and dpkg-deb to fetch redis (or set TOCSIN_TEST_REDIS" in done.stdout
