"""What an explanation is made of, and what it is made from."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from operators.explain.text import REASON_TEXT
from operators.model.alert import Alert
from operators.model.event import Event
from operators.model.memory import EMPTY, CheckMemory
from operators.model.reason import Reason
from operators.model.records import Action, LogEntry, Notice
from operators.model.settings import CoreSettings
from operators.rules.ask.inhibition import Inhibitor
from operators.rules.ask.look import Look
from operators.rules.book import RuleBook
from operators.rules.shapes.model import Strategy
from operators.state.scene import default_notice
from operators.state.state import State


class StoryLine(msgspec.Struct, frozen=True, gc=False):
    """One thing that happened. Time in Unix seconds."""

    time: int
    what: str
    why: str
    reason: str = ""
    """From the closed list; "" for what needs none."""
    detail: str = ""
    until: int | None = None
    """Of a run of several: when the last of them was."""


class Finding(msgspec.Struct, frozen=True, gc=False):
    """One thing that kept, or keeps, people from being told, or an event from mattering."""

    what: str
    why: str
    reason: str = ""
    count: int = 1
    since: int | None = None
    until: int | None = None
    """Unix seconds; None = nobody knows."""
    detail: str = ""


class Window(msgspec.Struct, frozen=True, gc=False):
    """One window of a recovery. Times in Unix seconds, both included."""

    begin: int
    end: int
    anomalies: int
    """An event counts for as many as its trigger window needs."""


class Deadline(msgspec.Struct, frozen=True, gc=False):
    """What will happen, and when, if nothing comes before. Time in Unix seconds; None = as soon as `why` says."""

    time: int | None
    what: str
    why: str
    windows: tuple[Window, ...] = ()
    """Of a recovery: each has to be quiet; newest first."""
    earliest: int | None = None
    """Of a recovery that waits for a result of its series: the time of the first normal one that can end the alert."""


class Story(msgspec.Struct, frozen=True, gc=False):
    """The story of one alert."""

    alert_id: str
    headline: str
    lines: tuple[StoryLine, ...]
    why_not: tuple[Finding, ...]
    next: tuple[Deadline, ...]
    answer: str = ""
    """Is somebody told, who, and what holds it back: in one line."""
    until: int | None = None
    """Until when what the answer names holds back; None = nobody knows."""
    heard: str = ""
    """Who had heard before it held back."""


class Case(NamedTuple):
    """Everything known of one alert. Without rules, less can be said of why and of what is next."""

    alert: Alert
    logs: Sequence[LogEntry]
    actions: Sequence[Action]
    notices: Sequence[Notice]
    events: Sequence[Event]
    """Archived events of its fingerprint."""
    book: RuleBook | None
    settings: CoreSettings
    state: State | None
    """What the job kept of its fingerprint; None = not at hand."""
    now: int
    inhibitors: Sequence[Inhibitor] = ()
    """What keeps the open alert silent now."""

    @property
    def memory(self) -> CheckMemory | None:
        """The check results the job remembers; None = not at hand."""
        return None if self.state is None else self.state.checks or EMPTY

    @property
    def strategy(self) -> Strategy | None:
        """The alert's strategy, as the rules at hand have it."""
        return self.book.strategies.get(self.alert.strategy_id) if self.book and self.alert.strategy_id else None


def look_of(case: Case) -> Look | None:
    """Return the look that the job's checkers would have at the alert now; None without the rules."""
    if case.book is None:
        return None
    state = case.state
    look = Look(
        case.alert, case.strategy, case.book, case.settings, case.now,
        default_notice=default_notice(case.settings), memory=case.memory, snapshot=state.snapshot if state else None,
    )  # fmt: skip
    if state is not None:
        look.remember(state.retry, state.told, state.waiting, state.flapping)
    return look


def holds_by_document(case: Case) -> bool:
    """Return True if the document says of a shield what the rules at hand cannot: it was set by command, or is gone."""
    alert = case.alert
    if not alert.is_shielded:
        return False
    return case.book is None or not case.book.shields.keys() >= set(alert.shield_id)


def shielded_until(alert: Alert) -> int | None:
    """Return the last second of the longest shield, as the document has it; None = nobody knows."""
    return alert.update_time + alert.shield_left_time if alert.shield_left_time else None


def why_text(reason: str) -> str:
    """Return the sentence of a reason; of one that this version does not know, its name."""
    return REASON_TEXT.get(Reason(reason), reason) if reason in set(Reason) else reason
