"""A job is ready once its state is back and its source has answered, whether or not there is anything to read."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from tests.flows.morning import RULES
from tests.servers.process import free_port

PATIENCE = 60
PROGRAM = [sys.executable, "-c", "from flows.cli import main; main()"]
ENV = {key: value for key, value in os.environ.items() if not key.startswith(("TOCSIN", "MESSAGE_QUEUE"))}


def asked(port: int, path: str) -> tuple[int, str]:
    """Return status and text of a page; 0 while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()
    except OSError:
        return 0, ""


@pytest.fixture
def job(tmp_path):
    """Start a job with settings; return its process and port."""
    started = []

    def start(*words, **settings):
        port = free_port()
        (tmp_path / "rules.yaml").write_text(RULES if isinstance(RULES, str) else json.dumps(RULES))
        place = tmp_path / "tocsin.yaml"
        place.write_text(json.dumps({"metrics": {"port": port}, "rules": str(tmp_path / "rules.yaml"), **settings}))
        with (tmp_path / "log").open("ab") as log:
            command = [*PROGRAM, "run", "--settings", place, "--data", tmp_path / "data", *words]
            started.append(subprocess.Popen(command, stdout=log, stderr=log, env=ENV, cwd=tmp_path))
        return started[-1], port

    yield start
    for process in started:
        process.kill()
        process.wait()


def wait_until_ready(process: subprocess.Popen, port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while asked(port, "/readyz")[0] != 200:
        assert process.poll() is None, "the job ended"
        assert time.monotonic() < deadline, asked(port, "/readyz")
        time.sleep(0.05)


@pytest.mark.parametrize("clock", ["wall", "input"])
def test_a_file_that_is_empty_makes_ready(job, tmp_path, clock):
    (tmp_path / "events.jsonl").write_text("")
    process, port = job("--input", "events.jsonl", "--follow", "--clock", clock)
    wait_until_ready(process, port)
    assert asked(port, "/healthz") == (200, "alive\n")
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0


@pytest.mark.servers
def test_a_topic_that_is_quiet_makes_ready(job, topics):
    topic = topics.make("quiet", 4)
    process, port = job(kafka={"brokers": topics.address, "topics": {topic: {}}, "group": topic})
    wait_until_ready(process, port)
