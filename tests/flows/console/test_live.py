"""An open page is told when something was written, by one look at the store for all of them."""

import time

import pytest
import urllib3

from tests.flows.console.stand import desk, write
from tests.sinks.store.samples import alert, command

NOW = int(time.time())
RULES = {"strategies": [{"id": 1, "name": "CPU usage"}]}


@pytest.fixture(scope="module")
def console(tmp_path_factory, dsn):
    running = desk(tmp_path_factory.mktemp("live"), RULES, dsn=dsn, alerts=[alert(1, opened=NOW - 60)])
    yield running
    assert running.stop() == 0


def said(stream) -> str:
    """Return the next word of a stream."""
    lines = []
    while (line := stream.readline().decode()) != "\n":
        lines.append(line.strip())
    return next(line.removeprefix("event: ") for line in lines if line.startswith("event:"))


def test_two_pages_hear_of_an_alert_and_of_what_became_of_a_command(console, dsn):
    pages = [
        urllib3.PoolManager(timeout=60).request("GET", f"http://{console.listen}/live", preload_content=False)
        for _ in range(2)
    ]
    try:
        for number, batch in enumerate(({"alerts": [alert(2, opened=NOW)]}, {"commands": [command("c1", time=NOW)]})):
            for page in pages:
                while said(page) != ("changed" if number else "hello"):
                    pass
            write(console.folder, dsn, **batch)
        for page in pages:
            while said(page) != "changed":
                pass
    finally:
        for page in pages:
            page.close()
    assert console.view("/")["board"]["total"] == 2
    assert [one["id"] for one in console.view("/audit")["commands"]] == ["c1"]
