"""Why there is no alert: what became of the archived events of a fingerprint that has none."""

from collections.abc import Iterable

from operators.explain.case import StoryLine
from operators.lifecycle.dedupe import access_time
from operators.model.alert import ABNORMAL
from operators.model.event import Event
from operators.model.settings import CoreSettings


def explain_events(events: Iterable[Event], settings: CoreSettings) -> tuple[StoryLine, ...]:
    """Tell for each event why it opened no alert."""
    return tuple(_line(event, settings) for event in events)


def _line(event: Event, settings: CoreSettings) -> StoryLine:
    at = event.time if event.at is None else event.at
    return StoryLine(at, f"{event.status} event {event.id}", _why(event, at, settings), detail=event.description)


def _why(event: Event, at: int, settings: CoreSettings) -> str:
    if event.status != ABNORMAL:
        return "A recovery or a closing ends an open alert; it never opens one."
    if is_expired(event, at, settings):
        age = at - access_time(event)
        return f"Its data was {age} s old when it came; setting `event_expiry` allows {settings.event_expiry} s."
    return "It belongs to an alert that the store does not have, or no longer."


def is_expired(event: Event, at: int, settings: CoreSettings) -> bool:
    """Tell whether the data of an event was too old when it came, whatever the state of its alert."""
    return access_time(event) < at - settings.event_expiry
