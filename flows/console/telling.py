"""The page of one alert: its story, who was told and who was not, what comes next, and the documents behind it."""

import msgspec

from flows.console.chart import Chart, chart
from flows.console.explained import events_of, look_up, story_of
from flows.console.inventory import Inventory, inventory_of
from flows.console.signin import within
from flows.recovery.last_state import last_changes
from flows.settings.settings import Settings
from operators.deliver.told import Told, told_of
from operators.explain.explain import Story
from operators.model.alert import ABNORMAL, Alert
from operators.model.notice import NoticeDocument
from operators.model.records import Action
from operators.rules.book import RuleBook
from sinks.store.interface import Store
from sinks.store.query import AlertQuery, NoticeQuery

EARLIER = 10
NOTICES = 50


class AlertView(msgspec.Struct, frozen=True):
    """The page."""

    alert: Alert
    story: Story
    told: Told
    actions: tuple[Action, ...]
    notices: tuple[NoticeDocument, ...]
    """As they were sent, the newest first."""
    earlier: tuple[Alert, ...]
    """Others of this fingerprint, the newest first."""
    is_open: bool
    chart: Chart | None
    """Of its last day."""
    inventory: Inventory
    rules_changed: bool
    """The rules at hand are not those by which the alert was made."""


def alert_view(
    store: Store, name: str, book: RuleBook, settings: Settings, at: int, businesses: tuple[str, ...] = ()
) -> AlertView | None:
    """Return the page of an alert, by its id or (the newest) by its fingerprint."""
    alert = look_up(store, name, businesses)
    if alert is None:
        return None
    read, book = book, last_changes(settings.recovery.directory).over(book, None)  # shields set by command among them
    actions = tuple(store.actions(alert.id))
    events = events_of(store, alert, at)
    story = story_of(store, alert, book, settings, at, events)
    same = store.alerts(within(AlertQuery(dedupe_md5=(alert.dedupe_md5,), limit=EARLIER + 1), businesses))
    return AlertView(
        alert=alert,
        story=story,
        told=told_of(actions),
        actions=actions,
        notices=tuple(store.notices(NoticeQuery(alert_id=alert.id, limit=NOTICES))),
        earlier=tuple(one for one in same if one.id != alert.id)[:EARLIER],
        is_open=alert.status == ABNORMAL,
        chart=chart(alert, events, [window for one in story.next for window in one.windows], at),
        inventory=inventory_of(alert, book),
        rules_changed=alert.rules_version not in ("", read.version, book.version),
    )
