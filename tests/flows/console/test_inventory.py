"""Where an alert stands, as far as inventory and rules know."""

from flows.console.inventory import Inventory, inventory_of
from operators.rules.book import RuleBook
from tests.operators.rules.books import book_of
from tests.sinks.store.samples import alert

BOOK = book_of(
    businesses=[{"id": 2, "name": "shop"}],
    hosts=[
        {"bk_host_id": 7, "ip": "10.0.0.1", "bk_biz_id": 2, "bk_host_name": "web-1", "state": "no_notice",
         "operator": ["carol"], "bk_bak_operator": ["dan"], "topo": ["module|7", "set|26", "biz|2"]},
    ],
    topology=[
        {"bk_obj_id": "set", "bk_inst_id": 26, "name": "production", "parent": "biz|2"},
        {"bk_obj_id": "module", "bk_inst_id": 7, "name": "web", "parent": "set|26"},
    ],
    strategies=[{"id": 1, "name": "CPU load"}],
)  # fmt: skip


def test_host_people_topology_and_names_are_found_by_the_address_of_the_alert():
    assert inventory_of(alert(1), BOOK) == Inventory(
        host_id="7", host_name="web-1", host_state="no_notice", operators=("carol",), backups=("dan",),
        above={"module": ("web",), "set": ("production",)}, business="shop", strategy="CPU load",
    )  # fmt: skip


def test_where_nothing_is_known_only_what_the_event_says_is_left():
    found = inventory_of(alert(1), RuleBook.empty())
    assert (found.host_id, found.host_name, found.operators, found.business, found.strategy) == ("", "", (), "", "")
    assert found.above == {"module": ("7",)}
