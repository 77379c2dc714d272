"""The replay driver: the three stages on a virtual clock, to the letter of the replay contract (shared/replay.md)."""

from collections.abc import Callable, Iterable

import msgspec

from flows.replay.outcome import Outcome
from operators.converge.notices import InOneOrder
from operators.converge.words import Render
from operators.intake.decode import MIXED, Refusal
from operators.intake.handover import Handed
from operators.intake.intake import Intake, dead_letter
from operators.intake.name import InForce, ReceiptLine, Record
from operators.intake.poll import Polled, Raw
from operators.lifecycle.worker import Worker
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from operators.rules.read.patch import CheckTemplate


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line of an input and where it stood."""

    source: str
    number: int
    raw: bytes
    kind: str = MIXED


class Replay:
    """Feeds lines to the stages and keeps what comes out.

    What the lifecycle hands over is taken at once, so that everything comes out in the order of its making.
    """

    def __init__(
        self, settings: CoreSettings, book: RuleBook, render: Render, check_template: CheckTemplate | None = None
    ) -> None:
        self.outcome = Outcome()
        self.intake = Intake(settings, lambda: book, check_template)
        self.notices = InOneOrder(settings, render)
        self.worker = Worker(settings, hand=self.hand)
        for record in self.intake.take(Polled()).records:
            self.worker.fold(record)

    def hand(self, handed: Handed | InForce) -> None:
        """Let the stage by business take what the lifecycle hands over."""
        self.worker.said += self.notices.take(handed)

    def run(self, lines: Iterable[Line], until: int | None, watch: Callable[["Replay"], None] | None = None) -> Outcome:
        """Fold every line, let the clock go on to `until`, flush, and return what came out."""
        for count, line in enumerate(lines, 1):
            self.fold(line)
            if watch is not None and count % WATCH_EVERY == 0:
                watch(self)
        return self.finish(until)

    def fold(self, line: Line) -> None:
        """Fold one line at its arrival time, which is never less than that of the line before."""
        clock = self.worker.clock
        record = self.intake.record(Raw(None, line.source, str(line.number), line.raw, line.kind), floor=clock)
        if clock and record.at - clock > JUMP:
            self.outcome.jumps.append({"line": line.number, "from": clock, "to": record.at})
        self.worker.fold(record)
        self.take()
        if isinstance(record.body, ReceiptLine):
            self._fold_receipt(record, record.body)

    def _fold_receipt(self, record: Record, body: ReceiptLine) -> None:
        receipt = self.outcome.receipt(body.fields, self.worker.clock)
        if isinstance(receipt, Refusal):
            self.outcome.take(dead_letter(receipt, record, self.worker.clock))
            return
        notice = self.outcome.apply(receipt)
        if notice.way == "voice":
            voice = self.notices.store_of(notice.bk_biz_id).converge.voice
            voice.settle(notice.receivers, notice.alert_ids, self.worker.clock)

    def take(self) -> None:
        """Keep what came out since the last call."""
        for thing in self.worker.drain().documents:
            self.outcome.take(thing)
        for thing in self.notices.advance(self.worker.clock):
            self.outcome.take(thing)

    def finish(self, until: int | None) -> Outcome:
        """Let the clock go on, then close open runs and write stale documents."""
        if until is not None:
            self.worker.advance(until)
        self.worker.close()
        self.take()
        return self.outcome


JUMP = 7 * 86400
"""Seconds between two lines beyond which the summary names them: some clock was wrong (design.md 7.46)."""

WATCH_EVERY = 500
"""Lines between two looks of a watcher."""
