"""The console in a real browser on Elasticsearch: what hangs on a store that shows things later."""

import time

import pytest

from tests.flows.console.house import House, storm
from tests.flows.console.stand import at
from tests.flows.console.test_browser import (  # noqa: F401 - the same tests, in this house
    open_page,
    test_a_deed_is_pending_at_once_then_applied_and_the_alert_shows_it,
    test_a_refused_deed_says_why_in_its_dialog_and_a_refused_command_where_it_was_given,
    test_every_page_is_read_without_script,
    test_in_a_storm_the_first_page_is_small_and_shows_what_is_worst,
    test_what_is_chosen_and_typed_keeps_its_place_and_new_rows_wait_until_they_are_asked_for,
)
from tests.servers import elasticsearch
from tests.tree import ROOT

COUNT = 300
pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def house(tmp_path_factory, browser, elasticsearch_url):
    rules = ROOT / "examples" / "demo" / "rules"
    with elasticsearch.place(elasticsearch_url) as address:
        running = House(tmp_path_factory.mktemp("house"), rules, env=at(address))
        running.send(storm(COUNT, int(time.time())))
        running.until(lambda: (found := running.view("/")) and found["board"]["total"] > COUNT)
        yield running
        assert running.stop() == 0
