"""What becomes of the processes of a group when the one that keeps them, or its terminal, is gone."""

import fcntl
import os
import subprocess
import termios

import pytest
import urllib3
from click.testing import CliRunner

from flows.cli import main
from tests.flows.gateway.stand import BARE, TOCSIN, until
from tests.servers.process import free_port
from tests.tree import ROOT

pytestmark = pytest.mark.slow


class Group:
    """`tocsin up` on a directory, at a port of its own."""

    def __init__(self, folder, **how):
        options = ["--people", "a", "--way", "file", "--from", "own", "--time-zone", "UTC"]
        if not (folder / "rules").exists():
            assert CliRunner().invoke(main, ["init", str(folder / "rules"), *options]).exit_code == 0
        self.place = f"127.0.0.1:{free_port()}"
        places = ["--rules", folder / "rules", "--data", folder / "data", "--listen", self.place, "--console", "none"]
        self.process = subprocess.Popen([*TOCSIN, "up", *map(str, places)], env=BARE, cwd=ROOT, **how)

    def answers(self):
        try:
            answer = urllib3.PoolManager(retries=False).request("GET", f"http://{self.place}/readyz")
        except urllib3.exceptions.HTTPError:
            return False
        return answer.status == 200


def test_when_the_keeper_is_killed_all_end_and_the_next_one_takes_over(tmp_path):
    with (tmp_path / "log").open("ab") as log:
        first = Group(tmp_path, stdout=log, stderr=log)
        until(first.answers)
        until((tmp_path / "data" / "tocsin.sqlite3").exists)
        other = Group(tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = other.process.communicate(timeout=120)[1].decode()
        assert other.process.returncode == 1
        assert "in use" in said
        first.process.kill()
        first.process.wait(60)
        until(lambda: not first.answers())
        until(lambda: _ends_well(tmp_path, log))


def _ends_well(folder, log):
    """Return True once a group begins on the directory and ends as it is told: until the old job has ended it refuses."""
    group = Group(folder, stdout=log, stderr=log)
    until(lambda: group.answers() or group.process.poll() is not None)
    group.process.terminate()
    return group.process.wait(120) == 0


def test_a_terminal_that_is_closed_ends_all_as_ctrl_c_does(tmp_path):
    ours, theirs = os.openpty()
    group = Group(
        tmp_path, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(theirs)
    until(group.answers)
    os.close(ours)
    assert group.process.wait(120) in (0, 120)  # 120: Python could not flush what it had said
    until(lambda: not group.answers())
