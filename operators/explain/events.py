"""Why there is no alert: what became of the archived events of a fingerprint that has none."""

from collections.abc import Iterable

from operators.explain.case import StoryLine
from operators.explain.text import DROP_TEXT
from operators.lifecycle.dedupe import access_time
from operators.model.alert import ABNORMAL
from operators.model.event import Event
from operators.model.reason import DropReason
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook


def explain_events(
    events: Iterable[Event], settings: CoreSettings, book: RuleBook | None = None
) -> tuple[StoryLine, ...]:
    """Tell for each event why it opened no alert; `book`: the rules as they are now."""
    lines, ends = [], _Ends(settings)
    for event in sorted(events, key=_arrival):
        lines.append(_line(event, settings, book, ends))
        ends.note(event)
    return tuple(lines)


class _Ends:
    """The ends that found no alert: what is older and comes soon behind one is of the past (design.md 7.44)."""

    def __init__(self, settings: CoreSettings) -> None:
        self._late = settings.late
        self._time, self._until = 0, 0

    def note(self, event: Event) -> None:
        """Take notice of an event that came."""
        if event.status != ABNORMAL and (event.time >= self._time or _arrival(event) >= self._until):
            self._time, self._until = event.time, _arrival(event) + self._late

    def overtook(self, event: Event) -> bool:
        """Return True if one of them came before this event, which is older."""
        return _arrival(event) < self._until and event.time < self._time


def _arrival(event: Event) -> int:
    return event.time if event.at is None else event.at


def _line(event: Event, settings: CoreSettings, book: RuleBook | None, ends: _Ends) -> StoryLine:
    at = _arrival(event)
    if book is not None and _is_unknown(event, book):
        why, reason = DROP_TEXT[DropReason.UNKNOWN_STRATEGY], DropReason.UNKNOWN_STRATEGY.value
    else:
        why, reason = _why(event, at, settings, ends), ""
    return StoryLine(at, f"{event.status} event {event.id}", why, reason, event.description)


def _is_unknown(event: Event, book: RuleBook) -> bool:
    strategy = book.strategies.get(event.strategy_id)
    return bool(event.strategy_id) and (strategy is None or not strategy.is_enabled)


def _why(event: Event, at: int, settings: CoreSettings, ends: _Ends) -> str:
    if event.status != ABNORMAL:
        return (
            "No alert of its fingerprint was open: a recovery or a closing ends an alert, it never opens one."
            " If its problem has one, some dimension differs."
        )
    if is_expired(event, at, settings):
        age = at - access_time(event)
        return f"Its data was {age} s old when it came; setting `event_expiry` allows {settings.event_expiry} s."
    if ends.overtook(event):
        return f"Its end had come before it, less than {settings.late} s ago (setting `late`)."
    return "It belongs to an alert that the store does not have, or no longer."


def is_expired(event: Event, at: int, settings: CoreSettings) -> bool:
    """Return True if the data of an event was too old when it came, whatever the state of its alert."""
    return access_time(event) < at - settings.event_expiry
