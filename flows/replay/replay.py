"""The replay driver: the three stages on a virtual clock, to the letter of the replay contract (shared/replay.md)."""

from collections.abc import Callable, Collection, Iterable

import msgspec

from flows.replay.outcome import Kept, Outcome
from operators.converge.in_one_order import InOneOrder
from operators.converge.words import Render
from operators.intake.decode import MIXED, Refusal
from operators.intake.handover import Handed
from operators.intake.intake import Intake, dead_letter
from operators.intake.name import InForce, ReceiptLine, Record, Tick
from operators.intake.poll import OURS, Polled, Raw
from operators.lifecycle.worker import Worker
from operators.model.event import Event
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from operators.rules.read.patch import CheckTemplate
from operators.state.timers import sooner


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line of an input and where it stood."""

    source: str
    number: int
    raw: bytes
    kind: str = MIXED
    at: int | None = None
    """When it arrived; None: it says so itself."""
    place: str = ""
    """Where it stood, if not at a line."""
    format: str = OURS


class Replay:
    """Feeds lines to the stages and keeps what comes out.

    What the lifecycle hands over is taken at once, so that everything comes out in the order of its making.
    """

    def __init__(
        self, settings: CoreSettings, book: RuleBook, render: Render, check_template: CheckTemplate | None = None, *,
        outcome: Kept | None = None, businesses: Collection[str] = (), is_lean: bool = False,
    ) -> None:  # fmt: skip
        self.outcome: Kept = Outcome() if outcome is None else outcome
        self._businesses, self._default_business = frozenset(businesses), settings.default_business
        self.count = 0
        """Lines so far."""
        self.intake = Intake(settings, lambda: book, check_template)
        self.notices = InOneOrder(settings, render)
        self.worker = Worker(settings, hand=self.hand, is_lean=is_lean)
        for record in self.intake.take(Polled()).records:
            self.worker.fold(record)

    def hand(self, handed: Handed | InForce) -> None:
        """Let the stage by business take what the lifecycle hands over."""
        self.worker.said += self.notices.take(handed)

    def run(
        self, lines: Iterable[Line], until: int | None, watch: Callable[["Replay"], None] | None = None, *,
        settles: bool = False,
    ) -> Kept:  # fmt: skip
        """Fold every line, let the clock go on to `until`, flush, and return what came out."""
        for line in lines:
            self._fold_line(line)
            if self.count % AT_ONCE == 0:
                self.take()
                if watch is not None:
                    watch(self)
        return self.finish(until, settles=settles)

    def fold(self, line: Line) -> None:
        """Fold one line, or all that a line in another format holds, and keep what comes of it."""
        self._fold_line(line)
        self.take()

    def _fold_line(self, line: Line) -> None:
        self.count += 1
        raw = Raw(line.at, line.source, line.place or str(line.number), line.raw, line.kind, format=line.format)
        for one in self.intake.unpacked(raw):
            self._fold(one, line)

    def _fold(self, raw: Raw, line: Line) -> None:
        """Fold a record at its arrival time, which is never less than that of the one before."""
        clock = self.worker.clock
        record = self.intake.record(raw, floor=clock)
        if self._businesses and type(record.body) is Event and not self._is_wanted(record.body):
            record = msgspec.structs.replace(record, body=Tick())
        if clock and record.at - clock > JUMP:
            self.outcome.jumps.append({"line": line.number, "from": clock, "to": record.at})
        self.worker.fold(record)
        self.worker.said += self.notices.advance(self.worker.clock)
        if type(record.body) is ReceiptLine:
            self.take()
            self._fold_receipt(record, record.body)

    def _is_wanted(self, event: Event) -> bool:
        business = self._default_business if event.bk_biz_id is None else event.bk_biz_id
        return str(business) in self._businesses

    def _fold_receipt(self, record: Record, body: ReceiptLine) -> None:
        receipt = self.outcome.receipt(body.fields, self.worker.clock)
        if isinstance(receipt, Refusal):
            self.outcome.take([dead_letter(receipt, record, self.worker.clock)])
            return
        notice = self.outcome.apply(receipt)
        if notice.way == "voice":
            voice = self.notices.store_of(notice.bk_biz_id).converge.voice
            voice.settle(notice.receivers, notice.alert_ids, self.worker.clock)

    def take(self) -> None:
        """Keep what came out since the last call."""
        self.outcome.take(self.worker.drain().documents)
        self.outcome.take(self.notices.advance(self.worker.clock))

    def finish(self, until: int | None, *, settles: bool = False) -> Kept:
        """Let the clock go on, then close open runs and write stale documents.

        If it `settles`, the clock goes on until no notice is held any more, but no longer than `LONGEST_SETTLING`.
        """
        if until is not None:
            self.worker.advance(until)
        if settles:
            self._settle()
        self.worker.close()
        self.take()
        self.outcome.take(self.notices.close())
        return self.outcome

    def held(self) -> int:
        """Return how many notices wait: held by noise reduction, or withheld for a summary, each receiver's."""
        withheld = sum(1 for store in self.notices.slots.values() for _ in store.converge.withheld())
        return self.worker.scene.noise.held() + withheld

    def _settle(self) -> None:
        self.take()
        latest = self.worker.clock + LONGEST_SETTLING
        while self.held() and (due := self._next_letting_go()) is not None and due <= latest:
            self.worker.advance(due)
            self.take()

    def _next_letting_go(self) -> int | None:
        """Return the next second at which something that is held may be let go."""
        return sooner(self.worker.scene.noise.next_due(), self.notices.next_due())


JUMP = 7 * 86400
"""Seconds between two lines beyond which the summary names them: some clock was wrong (design.md 7.46)."""

AT_ONCE = 500
"""Lines of which what comes out is kept at once, and between two looks of a watcher."""

LONGEST_SETTLING = 86400
"""Seconds beyond the end for which held notices are waited for."""
