"""The tests that stand in the rules, run once for each version of them when somebody asks."""

import threading
from collections.abc import Iterator

import msgspec

from flows.rules.trials import trials
from flows.settings.settings import Settings
from operators.rules.book import RuleBook

SHOWN = 20
"""Differences of one test."""


class Tested(msgspec.Struct, frozen=True):
    """How a test went."""

    name: str
    differs: tuple[str, ...] = ()
    """What came otherwise than the test says; empty: it passed."""


class TestsAtHand:
    """The results, kept for the version of the rules that they are of."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._version = ""
        self._results: tuple[Tested, ...] = ()

    def __call__(self, book: RuleBook) -> tuple[Tested, ...]:
        """Return how every test went, those that failed first; may take a while."""
        with self._lock:
            if self._version != book.version:
                found = sorted(tested(book, self._settings), key=lambda one: not one.differs)
                self._results, self._version = tuple(found), book.version
            return self._results


def tested(book: RuleBook, settings: Settings) -> Iterator[Tested]:
    """Run every test of a book, and yield how it went. Raises SettingsError."""
    for name, differs in trials(book, settings):
        yield Tested(name, tuple(differs[:SHOWN]))


def count_of(book: RuleBook) -> int:
    """Return how many tests stand in the rules."""
    return len(book.tests) + sum(len(source.tests) for source in book.sources.values())
