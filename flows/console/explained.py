"""What is known of one alert, put together for its story: the store, the rules, and what the job kept of its fingerprint."""

from collections.abc import Sequence

from flows.recovery.last_state import last_state
from flows.settings.settings import Settings
from operators.explain.explain import Story
from operators.explain.explain import explain as explain_alert
from operators.model.alert import ABNORMAL, Alert
from operators.model.event import Event
from operators.rules.ask.inhibition import Inhibitor, inhibited_among, sides_of
from operators.rules.book import RuleBook
from operators.state.state import State
from sinks.store.interface import Store
from sinks.store.query import AlertQuery

DAY = 86400
"""Seconds of archived events that are looked at: those that came last, or right after the end."""
_FINGERPRINT_LENGTH = 32
MOST_OPEN = 10_000
"""Open alerts of a business among which is looked for what keeps one silent."""


def look_up(store: Store, name: str, businesses: tuple[str, ...] = ()) -> Alert | None:
    """Return an alert by id, or the newest of a fingerprint; none of other businesses than some."""
    found = store.alert(name)
    if found is None and len(name) == _FINGERPRINT_LENGTH:
        query = AlertQuery(dedupe_md5=(name.lower(),), bk_biz_id=businesses, limit=1)
        found = next(iter(store.alerts(query)), None)
    return None if found is not None and businesses and str(found.bk_biz_id) not in businesses else found


def events_of(store: Store, alert: Alert, at: int) -> list[Event]:
    """Return the archived events of an alert that count as of a Unix second: of its last day, or until a day after its end."""
    until = at if alert.end_time is None else min(at, alert.end_time + DAY)
    return store.events(alert.dedupe_md5, max(alert.create_time, until - DAY), until)


def story_of(
    store: Store,
    alert: Alert,
    book: RuleBook | None,
    settings: Settings,
    at: int,
    events: Sequence[Event] | None = None,
) -> Story:
    """Tell the story of an alert as of a Unix second; `events`: those of `events_of`, where they are at hand."""
    return explain_alert(
        alert,
        store.logs(alert.id),
        store.actions(alert.id),
        now=at,
        events=events_of(store, alert, at) if events is None else events,
        book=book,
        settings=settings,
        state=_state(settings, alert, at),
        inhibitors=_inhibitors(store, alert, book),
    )


def _inhibitors(store: Store, alert: Alert, book: RuleBook | None) -> Sequence[Inhibitor]:
    """Return what keeps an open alert silent now."""
    if book is None or alert.status != ABNORMAL or not sides_of(alert, book).target:
        return ()
    query = AlertQuery(status=(ABNORMAL,), bk_biz_id=(str(alert.bk_biz_id),), limit=MOST_OPEN)
    known = {one.id: one for one in (*store.alerts(query), alert)}
    return inhibited_among(known.values(), book).get(alert.id, ())


def _state(settings: Settings, alert: Alert, at: int) -> State | None:
    """Return what the job kept of an open alert's fingerprint; not where it has moved on since `at`."""
    directory = settings.recovery.directory
    if alert.status != ABNORMAL or directory in ("", "none"):
        return None
    state = last_state(directory, alert.dedupe_md5)
    is_of_then = state is not None and state.alert is not None and state.alert.id == alert.id and state.touched <= at
    return state if is_of_then else None
