"""Which index a document belongs to, and when an index's period is over."""

import pytest

from sinks.store.indices import alert_index, event_index, index_end, log_index
from tests.sinks.store.samples import DAY, NOW, alert, archived, entry

NOVEMBER_LAST = 1764547199
"""30 November 2025, 23:59:59 UTC."""


@pytest.mark.parametrize(
    ("second", "index"), [(NOVEMBER_LAST, "alert_202511"), (NOVEMBER_LAST + 1, "alert_202512"), (0, "alert_197001")]
)
def test_an_alert_is_in_the_month_its_id_begins_with(second, index):
    assert alert_index(f"{second:010d}0123456789ab") == index


@pytest.mark.parametrize(
    ("time", "begin", "index"),
    [
        (NOVEMBER_LAST, None, "alert_log_202511"),
        (NOVEMBER_LAST + 1, None, "alert_log_202512"),
        (NOVEMBER_LAST + 1, NOVEMBER_LAST, "alert_log_202511"),
    ],
)
def test_a_run_is_in_the_month_of_its_first_member(time, begin, index):
    assert log_index(entry(alert(), time=time, begin=begin)) == index


@pytest.mark.parametrize(
    ("time", "at", "index"),
    [
        (NOW, NOW, "event_20251123"),
        (NOW - DAY, NOW, "event_20251122"),
        (NOW - 9 * DAY, NOW, "event_20251114"),
        (NOW + 200, NOW - 100, "event_20251123"),
        (NOW, None, "event_20251123"),
    ],
)
def test_an_event_is_in_its_own_day_whenever_it_arrived(time, at, index):
    assert event_index(archived(time=time, at=at)) == index


@pytest.mark.parametrize(
    ("name", "prefix", "kind", "end"),
    [
        ("alert_202511", "", "alert", NOVEMBER_LAST + 1),
        ("alert_202512", "", "alert", NOVEMBER_LAST + 1 + 31 * DAY),
        ("event_20251130", "", "event", NOVEMBER_LAST + 1),
        ("x_alert_log_202511", "x_", "alert_log", NOVEMBER_LAST + 1),
        ("alert_log_202511", "", "alert", None),
        ("alert_202513", "", "alert", None),
        ("event_20251131", "", "event", None),
        ("alert_202511_old", "", "alert", None),
        ("other", "", "alert", None),
    ],
)
def test_the_period_of_an_index_ends_where_the_next_begins(name, prefix, kind, end):
    assert index_end(name, prefix, kind) == end
