"""The place in a spool goes along with a savepoint: nothing is read twice, nothing is left out."""

import asyncio
import json
import subprocess
import time

import pytest
from click.testing import CliRunner

from flows.cli import main
from flows.gateway.spool import Spool
from sinks.store.interface import StoreError
from sinks.store.query import AlertQuery
from sinks.store.sqlite import SqliteStore
from tests.flows.gateway.stand import BARE, TOCSIN
from tests.tree import ROOT

pytestmark = pytest.mark.slow


def keep(folder, *names):
    spool, now = Spool(folder / "spool"), int(time.time())
    events = [{"event_id": name, "plugin_id": "p", "alert_name": name, "time": now} for name in names]
    asyncio.run(spool.keep([json.dumps(event).encode() for event in events], now))
    spool.close()


def counts(data):
    try:
        store = SqliteStore(data / "tocsin.sqlite3", read_only=True)
    except StoreError:  # the job that makes it has only begun
        return {}
    try:
        return {alert.alert_name: alert.event_count for alert in store.alerts(AlertQuery())}
    finally:
        store.close()


def run_until(folder, data, name):
    """Run the job until an alert of this name is there, then stop it."""
    command = [*TOCSIN, "run", "--rules", "none", "--data", str(data), "--spool", str(folder / "spool")]
    with (folder / "log").open("ab") as log:
        job = subprocess.Popen(command, stdout=log, stderr=log, env=BARE, cwd=ROOT)
    deadline = time.monotonic() + 120
    while name not in counts(data):
        assert job.poll() is None, (folder / "log").read_text()[-3000:]
        assert time.monotonic() < deadline
        time.sleep(0.1)
    job.terminate()
    assert job.wait(120) == 0


def savepoint(*arguments):
    done = CliRunner().invoke(main, ["savepoint", *map(str, arguments)])
    assert done.exit_code == 0, done.output


def test_a_job_that_is_moved_reads_on_where_it_stood(tmp_path):
    before, after = tmp_path / "before", tmp_path / "after"
    keep(tmp_path, "one", "two")
    run_until(tmp_path, before, "two")
    savepoint("export", tmp_path / "state", "--data", before)
    savepoint("import", tmp_path / "state", "--data", after)
    keep(tmp_path, "three")
    run_until(tmp_path, after, "three")
    assert counts(after) == {"three": 1}
