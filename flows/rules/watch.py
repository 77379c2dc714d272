"""Rules and inventory kept fresh while the job runs: sources are polled by one thread, the book is swapped at once."""

import threading
import time
from collections.abc import Hashable, Iterable, Sequence
from typing import Protocol

import msgspec
import structlog

from flows.rules.compose import Composer
from flows.rules.source import Source, SourceUnavailableError, Terms
from operators.rules.book import RuleBook
from operators.rules.read.documents import Found, RuleError

SHOWN = 20
"""Mistakes that are logged one by one; of the others only the number."""

REFUSED = "rules refused, the last good ones stay"
UNAVAILABLE = "not available"

log = structlog.get_logger()


class BookHolder:
    """Holds the book in force. Reading and replacing it is one step each, from any thread."""

    def __init__(self, book: RuleBook) -> None:
        self._book = book

    def current(self) -> RuleBook:
        """Return the book in force."""
        return self._book

    def put(self, book: RuleBook) -> None:
        """Put a book into force."""
        self._book = book


class RulesObserver(Protocol):
    """Told by the watcher's thread how rules fare."""

    def on_rules(self, book: RuleBook, errors: Sequence[RuleError], now: float) -> None:
        """Show the book in force and what is wrong with a newer one, after every attempt; `now` is Unix seconds."""
        ...


class _Polled(msgspec.Struct):
    """What the watcher knows of one source."""

    source: Source
    due: float = 0.0
    stamp: Hashable = None
    trouble: str = ""


class Watcher:
    """Polls sources in its own thread, swaps the book in `holder`; while a newer one is wrong the last good one stays.

    `load` reads everything once, in the caller's thread, before the job begins; `start` begins the polling.
    """

    def __init__(self, sources: Iterable[Source], terms: Terms, observer: RulesObserver | None = None) -> None:
        self.holder = BookHolder(RuleBook.empty())
        self._polled = [_Polled(source) for source in sources]
        self._composer = Composer(terms)
        self._observer = observer
        self._told: tuple[RuleError, ...] = ()
        self._stop = threading.Event()
        self._is_asked = False
        self._thread = threading.Thread(target=self._run, name="rules", daemon=True)

    def load(self) -> list[RuleError]:
        """Read every source; return every mistake, and if there is none the first book is in force."""
        for one in self._polled:
            try:
                self._offered(one)
            except SourceUnavailableError as trouble:
                self._composer.offer(one.source.name, Found(errors=(RuleError(str(trouble), "", UNAVAILABLE),)))
        self._settle(tell=False)
        return list(self._composer.errors)

    def start(self) -> None:
        """Begin to poll."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it polls; if it met a bug, the process should end and be started anew."""
        return self._thread.is_alive()

    @property
    def trouble(self) -> str:
        """Why newer rules are not in force, in one line; empty if all is well."""
        wrong = self.wrong()
        if not wrong:
            return ""
        where = (
            ": ".join(filter(None, (wrong[0].file, wrong[0].path))) or wrong[0].reason
        )  # else it may quote what stands there
        return f"{REFUSED}: {where} and {len(wrong) - 1} more" if len(wrong) > 1 else f"{REFUSED}: {where}"

    def wrong(self) -> list[RuleError]:
        """Return why newer rules are not in force: sources that cannot be asked, and mistakes."""
        unread = [RuleError(one.trouble, "", UNAVAILABLE) for one in self._polled if one.trouble]
        return [*unread, *self._composer.errors]

    def stop(self) -> None:
        """End the polling."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def look(self, now: float) -> None:
        """Ask every source whose time it is (by a monotonic clock); swap the book if what they say makes a new one."""
        news = [one for one in self._polled if one.due <= now and self._changed(one, now)]
        if news:
            self._settle(tell=True)

    def again(self) -> None:
        """Ask for every source to be read anew, changed or not, within a second. Safe in a signal handler."""
        self._is_asked = True

    def _run(self) -> None:
        while not self._stop.is_set():
            if self._is_asked:
                self._forget()
            self.look(time.monotonic())
            due = min((one.due for one in self._polled), default=time.monotonic() + 60.0)
            self._stop.wait(min(1.0, max(0.05, due - time.monotonic())))

    def _forget(self) -> None:
        """Forget what was seen of the sources, so that the next look reads them."""
        self._is_asked = False
        log.info("rules are read again: somebody asked for it")
        for one in self._polled:
            one.due, one.stamp = 0.0, None

    def _changed(self, one: _Polled, now: float) -> bool:
        """Ask a source; return whether it had news. What it cannot tell now stays as it was."""
        one.due = now + one.source.interval
        try:
            has_news = self._offered(one)
        except SourceUnavailableError as trouble:
            if str(trouble) != one.trouble:
                log.warning("rules not read, the last ones stay", source=one.source.name, error=str(trouble))
                one.trouble = str(trouble)
                self._show()
            return False
        if one.trouble:
            log.info("rules can be read again", source=one.source.name)
            one.trouble = ""
            self._show()
        return has_news

    def _offered(self, one: _Polled) -> bool:
        """Read a source if its stamp differs. The stamp is the older one, so what changes meanwhile is read again."""
        stamp = one.source.stamp()
        if stamp == one.stamp:
            return False
        self._composer.offer(one.source.name, one.source.read())
        one.stamp = stamp
        return True

    def _settle(self, *, tell: bool) -> None:
        before = self.holder.current()
        book = self._composer.settle() or before
        self.holder.put(book)
        self._show()
        if tell:
            self._tell(before, book, self._composer.errors)

    def _show(self) -> None:
        if self._observer is not None:
            self._observer.on_rules(self.holder.current(), self.wrong(), time.time())

    def _tell(self, before: RuleBook, book: RuleBook, errors: tuple[RuleError, ...]) -> None:
        if book.version != before.version:
            log.info("rules changed", version=book.version, before=before.version)
        if errors and errors != self._told:
            for error in errors[:SHOWN]:
                log.error(REFUSED, file=error.file, path=error.path, reason=error.reason)
            if len(errors) > SHOWN:
                log.error(REFUSED, more=len(errors) - SHOWN)
        elif self._told and not errors:
            log.info("rules are well again", version=book.version)
        self._told = errors
