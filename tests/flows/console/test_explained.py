"""What is known of one alert is put together from the store and the rules."""

from contextlib import closing

from flows.console.explained import story_of
from flows.settings.settings import settings_from
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
from tests.operators.rules.books import book_of
from tests.sinks.store.samples import NOW, alert

INHIBITS = {
    "id": "host-down",
    "source": [{"field": "alert.name", "value": ["Host down"]}],
    "target": [{"field": "level", "value": [2]}],
    "equal": ["mount"],
}
KEPT_NOWHERE = settings_from({"recovery": {"directory": "none"}}, "settings")


def test_an_open_alert_is_told_which_open_alert_of_its_business_inhibits_it(tmp_path):
    silent, source = alert(1), alert(2, alert_name="Host down", severity=1)
    others = [
        alert(3, alert_name="Host down", severity=1, bk_biz_id=3),
        alert(4, alert_name="Host down", severity=1, status="RECOVERED", end_time=NOW + 9),
    ]
    with closing(SqliteStore(tmp_path / "store.sqlite3")) as store:
        store.write(Batch(alerts=[silent, source, *others]))
        story = story_of(store, silent, book_of(inhibits=[INHIBITS]), KEPT_NOWHERE, NOW + 10)
        assert [one.what for one in story.why_not if one.reason == "inhibited"] == [
            f"the alert is inhibited by {source.id}: Host down"
        ]
        ended = alert(1, status="RECOVERED", end_time=NOW + 9, revision=2)
        story = story_of(store, ended, book_of(inhibits=[INHIBITS]), KEPT_NOWHERE, NOW + 10)
        assert "inhibited" not in {one.reason for one in story.why_not}
