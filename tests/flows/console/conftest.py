"""What the tests of the pages stand on: every store, and a real browser, without which tests are skipped with the reason (in CI they fail)."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.servers import browser as fetched
from tests.servers import elasticsearch


@pytest.fixture(scope="module", params=["sqlite", pytest.param("elasticsearch", marks=pytest.mark.servers)])
def dsn(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the store of a module's console is, each kind in turn; empty: in the console's own folder."""
    if request.param == "sqlite":
        yield ""
        return
    with elasticsearch.place(request.getfixturevalue("elasticsearch_url")) as address:
        yield address


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core."""
    return _or_skip(fetched.axe)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, started once a module: while it runs, no other test of this process may begin an event loop."""
    chromium = _or_skip(fetched.chromium)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium.program, env=chromium.environment, args=list(fetched.SWITCHES)
        )
        yield running
        running.close()


def _or_skip(fetch):
    give_up = pytest.fail if os.environ.get("CI") else pytest.skip
    if why := fetched.missing():
        give_up(why)
    try:
        return fetch()
    except (RuntimeError, OSError) as error:
        return give_up(f"no browser: {error}")
