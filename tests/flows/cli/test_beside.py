"""`tocsin run --listen`: the gateway beside the job, each its own process."""

import json
import signal
import subprocess
import time

import pytest
import urllib3
from click.testing import CliRunner

from flows.cli import main
from flows.cli.beside import gateway_arguments
from tests.flows.cli.test_up import until
from tests.flows.gateway.stand import BARE, TOCSIN
from tests.servers.process import free_port
from tests.tree import ROOT


def run(*arguments):
    return CliRunner().invoke(main, ["run", *map(str, arguments)])


@pytest.fixture
def rules(tmp_path):
    options = ["--people", "alice", "--way", "file", "--from", "own", "--time-zone", "UTC"]
    done = CliRunner().invoke(main, ["init", str(tmp_path / "rules"), *options])
    assert done.exit_code == 0, done.output
    return tmp_path / "rules"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--listen", "0.0.0.0:9093"], "without tokens only 127.0.0.1"),
        (["--listen", "nowhere"], "expected HOST:PORT"),
        (["--listen", "127.0.0.1:0", "--input", "x"], "either --listen or --input"),
        (["--listen", "127.0.0.1:0", "--spool", "x"], "either --listen or --spool"),
        (["--listen", "127.0.0.1:0", "--tokens", "/no/such"], "No such file"),
        (["--listen", "127.0.0.1:0", "--rules", "/no/such"], "/no/such"),
        (["--tokens", "x"], "give --listen too"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_started(tmp_path, rules, options, why):
    done = run("--rules", rules, "--data", tmp_path / "data", *options) if "--rules" not in options else run(*options)
    assert (done.exit_code, why in done.output) == (1, True), done.output
    assert not (tmp_path / "data").exists()


def test_the_gateway_gets_what_concerns_it():
    options = {"listen": "127.0.0.1:1", "data": "d", "rules": None, "tokens": "t", "inputs": ()}
    found = gateway_arguments("s.yaml", options)
    assert found == ["gateway", "--settings", "s.yaml", "--listen", "127.0.0.1:1", "--data", "d", "--tokens", "t"]


@pytest.mark.slow
def test_an_event_over_http_is_told_and_one_signal_ends_both(tmp_path, rules):
    place, data, http = f"127.0.0.1:{free_port()}", tmp_path / "data", urllib3.PoolManager(retries=False)
    command = [*TOCSIN, "run", "--listen", place, "--rules", str(rules), "--data", str(data), "--settings", "/dev/null"]
    with (tmp_path / "log").open("ab") as log:
        house = subprocess.Popen(command, stdout=log, stderr=log, env=BARE, cwd=ROOT)
    event = {"event_id": "1", "plugin_id": "me", "alert_name": "Disk full", "time": int(time.time()), "severity": 2}

    def taken():
        try:
            return http.request("POST", f"http://{place}/v1/events", body=json.dumps(event)).status == 202
        except urllib3.exceptions.HTTPError:
            return False

    until(taken)
    until(lambda: (data / "notices.jsonl").exists() and "Disk full" in (data / "notices.jsonl").read_text())
    house.send_signal(signal.SIGTERM)
    assert house.wait(120) == 0, (tmp_path / "log").read_text()
    with pytest.raises(urllib3.exceptions.HTTPError):
        http.request("GET", f"http://{place}/healthz")
