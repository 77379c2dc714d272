"""The replay driver: the whole decision core on a virtual clock, to the letter of the replay contract (shared/replay.md)."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from flows.replay.outcome import Outcome
from operators.converge import Converge
from operators.intake.decode import MIXED, Refusal
from operators.intake.name import ReceiptLine, Record, RulesChange, take_in
from operators.lifecycle.worker import CheckTemplate, Worker
from operators.model.check import Check
from operators.model.command import Command
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from operators.state.scene import Render


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line of an input and where it stood."""

    source: str
    number: int
    raw: bytes


class Replay:
    """Feeds lines to a worker and keeps what comes out."""

    def __init__(
        self, settings: CoreSettings, book: RuleBook, render: Render, check_template: CheckTemplate | None = None
    ) -> None:
        self._settings = settings
        self.worker = Worker(settings, book, render, check_template)
        self.outcome = Outcome()

    def run(self, lines: Iterable[Line], until: int | None, watch: Callable[["Replay"], None] | None = None) -> Outcome:
        """Fold every line, let the clock go on to `until`, flush, and return what came out."""
        for count, line in enumerate(lines, 1):
            self.fold(line)
            if watch is not None and count % WATCH_EVERY == 0:
                watch(self)
        return self.finish(until)

    def fold(self, line: Line) -> None:
        """Fold one line at its arrival time, which is never less than that of the line before."""
        worker = self.worker
        at, body = take_in(line.raw, worker.scene.book, self._settings, MIXED, floor=worker.clock)
        if worker.clock and at - worker.clock > JUMP:
            self.outcome.jumps.append({"line": line.number, "from": worker.clock, "to": at})
        keep_raw = isinstance(body, Refusal) or type(body) in WITH_RAW
        worker.fold(Record(at, body, line.source, str(line.number), line.raw if keep_raw else b""))
        self._take(worker.drain())
        if isinstance(body, ReceiptLine):
            self._fold_receipt(line, body)

    def _fold_receipt(self, line: Line, body: ReceiptLine) -> None:
        receipt = self.outcome.receipt(body.fields, self.worker.clock)
        if isinstance(receipt, Refusal):
            self.worker.say_dead(receipt, line.source, str(line.number), line.raw)
            self._take(self.worker.drain())
            return
        notice = self.outcome.apply(receipt)
        converge = self.worker.scene.converge
        if notice.way == "voice" and isinstance(converge, Converge):
            converge.voice.settle(notice.receivers, notice.alert_ids, self.worker.clock)

    def _take(self, said: list[Any]) -> None:
        for thing in said:
            self.outcome.take(thing)

    def finish(self, until: int | None) -> Outcome:
        """Let the clock go on, then close open runs and write stale documents."""
        if until is not None:
            self.worker.advance(until)
        self.worker.close()
        self._take(self.worker.drain())
        return self.outcome


JUMP = 7 * 86400
"""Seconds between two lines beyond which the summary names them: some clock was wrong (design.md 7.46)."""

WATCH_EVERY = 500
"""Lines between two looks of a watcher."""

WITH_RAW = frozenset({Command, RulesChange, ReceiptLine, Check})
"""Kinds that may still be refused once decoded."""
