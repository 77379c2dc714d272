"""What every store keeps of lists: orders, places to read on from, and what narrows them."""

import msgspec
import pytest

from operators.model.event import Tag
from sinks.store.cursor import CursorError
from sinks.store.interface import Batch
from sinks.store.order import ORDERS, alert_cursor
from sinks.store.query import AlertQuery, QueryError, parse_query, term_of
from tests.sinks.store.samples import NOW, alert


def names(found):
    return "".join(one.alert_name for one in found)


def lettered(number: int, name: str, **changed):
    return alert(number, alert_name=name, **changed)


FIVE = (
    lettered(1, "a", severity=3, event_count=5, begin_time=NOW - 100),
    lettered(2, "b", severity=1, event_count=9, begin_time=NOW + 50),
    lettered(3, "c", severity=2, event_count=300, begin_time=NOW),
    lettered(4, "d", severity=1, event_count=9, begin_time=NOW),
    lettered(5, "e", severity=2, event_count=1, begin_time=NOW + 9, status="CLOSED", end_time=NOW + 99),
)
EXPECTED = {"newest": "edcba", "worst": "dbeca", "longest": "adceb", "events": "cdbae"}


@pytest.fixture
def five(store, settle):
    store.write(Batch(alerts=FIVE))
    settle()
    return store


@pytest.mark.parametrize("sort", ORDERS)
def test_alerts_come_in_the_order_that_is_asked_for(five, sort):
    assert names(five.alerts(AlertQuery(sort=sort))) == EXPECTED[sort]
    of_open = EXPECTED[sort].replace("e", "")
    assert names(five.alerts(AlertQuery(sort=sort, status=("ABNORMAL",), limit=3))) == of_open[:3]


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("sort", ORDERS)
def test_pages_go_on_where_the_last_one_ended(five, sort, size):
    read, after = [], ""
    while page := five.alerts(AlertQuery(sort=sort, limit=size, after=after)):
        read += page
        after = alert_cursor(sort, page[-1])
    assert names(read) == EXPECTED[sort]


def test_a_page_goes_on_behind_its_place_whatever_was_written_before_it(five, settle):
    first = five.alerts(AlertQuery(sort="worst", limit=2))
    five.write(Batch(alerts=[lettered(9, "x", severity=1)]))
    settle()
    assert names(five.alerts(AlertQuery(sort="worst", after=alert_cursor("worst", first[-1])))) == "eca"


def test_a_place_of_another_order_is_refused(five):
    with pytest.raises(CursorError, match="another order"):
        five.alerts(AlertQuery(sort="newest", after=alert_cursor("worst", FIVE[0])))


@pytest.fixture
def various(store, settle):
    """Three: acked by dora, shielded and dora's, blocked."""
    store.write(
        Batch(
            alerts=[
                lettered(1, "a", is_ack=True, ack_operator="dora", event_changes={"target_type": "HOST"}),
                lettered(2, "b", is_shielded=True, appointee=("kai", "dora"), event_changes={"target_type": "POD"}),
                lettered(
                    3,
                    "c, d",
                    is_blocked=True,
                    follower=("kai",),
                    event_changes={"target_type": "", "tags": (Tag("mount", 'C:\\ "x", y'), Tag("device", "sdb"))},
                ),
            ]
        )
    )
    settle()
    return store


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acked:yes", "a"),
        ("acked:no", "c, db"),
        ("shielded:yes", "b"),
        ("blocked:no shielded:no", "a"),
        ("person:dora", "ba"),
        ("person:kai", "c, db"),
        ("person:kai,dora acked:yes", "a"),
        ("person:ka", ""),
        ("target_type:POD,HOST", "ba"),
        ("name:a,b", "ba"),
        ('name:"c, d"', "c, d"),
        ("name:c", ""),
        ("tags.device:/dev/vda1", "ba"),
        ("tags.device:/dev/vda1,sdb acked:no", "c, db"),
        ("tags.device:/dev", ""),
        ("tags.mount:/dev/vda1", ""),
        ("tags.ports:443", "ba"),
        ("tags.nothing:x", ""),
        (term_of("tags.mount", 'C:\\ "x", y'), "c, d"),
        ("tags.:x", ""),
        ("a:b", ""),
    ],
)
def test_fields_of_a_query_narrow_the_alerts(various, text, expected):
    query = parse_query(text)
    assert names(various.alerts(query)) == expected
    if not query.words:
        assert various.count(query) == len(various.alerts(query))


@pytest.mark.parametrize("text", ["acked:maybe", "shielded:", "blocked:1"])
def test_a_yes_or_no_that_is_neither_is_refused(text):
    with pytest.raises(QueryError, match="neither yes nor no"):
        parse_query(text if not text.endswith(":") else f'{text}""')


def test_an_alert_whose_facts_moved_is_found_by_the_new_ones_alone(various, settle):
    (changed,) = various.alerts(parse_query("name:a"))
    moved = msgspec.structs.replace(
        changed, revision=2, is_ack=False, ack_operator=None, assignee=("mia",), event_count=40
    )
    various.write(Batch(alerts=[moved]))
    settle()
    assert names(various.alerts(parse_query("acked:yes"))) == ""
    assert names(various.alerts(parse_query("person:mia"))) == "a"
    assert names(various.alerts(AlertQuery(sort="events", limit=1))) == "a"
