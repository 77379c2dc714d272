"""The page of one alert: its story, who was told and who was not, what comes next, and the documents behind it."""

import msgspec

from flows.console.explained import look_up, story_of
from flows.recovery.last_state import last_changes
from flows.settings.settings import Settings
from operators.deliver.told import Told, told_of
from operators.explain.explain import Story
from operators.model.alert import ABNORMAL, Alert
from operators.model.records import Action
from operators.rules.book import RuleBook
from sinks.store.interface import Store
from sinks.store.query import AlertQuery

EARLIER = 10


class AlertView(msgspec.Struct, frozen=True):
    """The page."""

    alert: Alert
    story: Story
    told: Told
    actions: tuple[Action, ...]
    earlier: tuple[Alert, ...]
    """Others of this fingerprint, the newest first."""
    is_open: bool
    rules_changed: bool
    """The rules at hand are not those by which the alert was made."""


def alert_view(store: Store, name: str, book: RuleBook, settings: Settings, at: int) -> AlertView | None:
    """Return the page of an alert, by its id or (the newest) by its fingerprint."""
    alert = look_up(store, name)
    if alert is None:
        return None
    book = last_changes(settings.recovery.directory).over(book, None)  # shields set by command among them
    actions = tuple(store.actions(alert.id))
    same = store.alerts(AlertQuery(dedupe_md5=(alert.dedupe_md5,), limit=EARLIER + 1))
    return AlertView(
        alert=alert,
        story=story_of(store, alert, book, settings, at),
        told=told_of(actions),
        actions=actions,
        earlier=tuple(one for one in same if one.id != alert.id)[:EARLIER],
        is_open=alert.status == ABNORMAL,
        rules_changed=alert.rules_version not in ("", book.version),
    )
