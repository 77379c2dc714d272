"""Stage 1: bytes to named records, under the rules in force, whose one owner it is (docs/architecture.md).

A change of rules is applied at its place in the stream, and the new book is passed on at that place, as is a book that
the watcher swapped: whoever comes behind decodes nothing and lays no rules over others.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import msgspec

from operators.intake.changes import Changes, Documents
from operators.intake.command import outcome
from operators.intake.decode import Refusal
from operators.intake.formats.unpack import parts_of
from operators.intake.heard import IN_FORCE, TOLD, Heard, Places
from operators.intake.name import InForce, Record, RulesChange, Tick, Told, take_in
from operators.intake.poll import OURS, Polled, Raw
from operators.intake.said import Named
from operators.model import snapshot
from operators.model.check import Check
from operators.model.command import ON_SHIELDS, Command
from operators.model.event import Event
from operators.model.reason import DeadReason
from operators.model.records import DeadLetter
from operators.model.settings import CoreSettings
from operators.model.shield import ShieldDocument
from operators.model.slot import ALONE, Owner, slot_of_command
from operators.rules.book import RuleBook
from operators.rules.read.assemble import raw_id
from operators.rules.read.documents import Sourced
from operators.rules.read.patch import CheckTemplate, patch
from operators.rules.shapes.model import FOREVER

VERSION = 1
"""Format of the snapshot."""

replace = msgspec.structs.replace


class Kept(msgspec.Struct, frozen=True):
    """The snapshot: the clock, and what the stream changed of the rules."""

    clock: int
    changes: Documents
    heard: Places = {}
    """Commands ahead that were acted on already."""


class Watch(Protocol):
    """Told of each poll, and of each snapshot: every job has this stage."""

    def polled(self, raws: Sequence[Raw]) -> None:
        """Take notice of what was read."""

    def snapshot(self) -> None:
        """Take notice that a snapshot is taken."""


class Intake:
    """Decodes, enriches and names. `below` gives the book that the sources of rules hold now.

    Of a topic of commands that every worker and every job reads: `owner` says whose slots are ours, `hears_all` whether
    commands on alerts are for this job, which then speaks for the others. `inherited` gives the state in the
    savepoint that a job begins with.
    """

    def __init__(
        self, settings: CoreSettings, below: Callable[[], RuleBook], check_template: CheckTemplate | None = None, *,
        owner: Owner = ALONE, hears_all: bool = True, inherited: Callable[[], bytes | None] = lambda: None,
        watch: Watch | None = None,
    ) -> None:  # fmt: skip
        self.settings = settings
        self.clock = 0
        self.book = RuleBook.empty()
        """The rules in force."""
        self._below, self._check_template = below, check_template
        self._owner, self._hears_all = owner, hears_all
        self._inherited, self._watch = inherited, watch
        self._seen: RuleBook | None = None
        self._changes = Changes()
        self._heard = Heard()

    @property
    def rules_version(self) -> str:
        """The version of the rules that the sources held when we last looked, whatever the stream changed of them."""
        return self._seen.version if self._seen is not None else ""

    def take(self, polled: Polled) -> Named:
        """Name the records of one poll; the first word ever is the book in force."""
        if self._watch is not None:
            self._watch.polled(polled.raws)
        records = self._new_book()
        for raw in polled.raws:
            if raw.format == OURS:  # the commonest by far
                records.append(self.record(raw))
            else:
                records += map(self.record, self.unpacked(raw))
        if polled.clock is not None and polled.clock > self.clock:
            self.clock = polled.clock
        return Named(records, self.clock, polled.is_end)

    def unpacked(self, raw: Raw) -> list[Raw]:
        """Return the records of ours that one holds, under the rules in force."""
        return [raw] if raw.format == OURS else parts_of(raw, self.book.sources)

    def _new_book(self) -> list[Record]:
        """Return the book to be put into force, if another one lies below since the last look."""
        below = self._below()
        if below is self._seen:
            return []
        self._seen = below
        self.book = self._changes.over(below, self._check_template)
        return [Record(self.clock, InForce(self.book))]

    def record(self, raw: Raw, floor: int = 0) -> Record:
        """Return one record as those behind read it; it moves the clock. It arrived at `floor` at the earliest."""
        at, body = take_in(raw.raw, self.book, self.settings, raw.kind, at=raw.at, floor=floor, latest=raw.latest)
        self.clock = max(self.clock, at)
        if type(body) is Event:
            return Record(at, _stamped(body, self.clock), raw.source, raw.position)
        return self._decided(Record(at, body, raw.source, raw.position, raw.raw), raw.kind)

    def _decided(self, record: Record, kind: str) -> Record:
        """Return what a record that is no event is to those behind: rules in force, a dead letter, or itself."""
        if kind == "command":
            record = self._concerning_us(record)
        body = record.body
        if isinstance(body, Check):
            body = replace(body, event=_stamped(body.event, self.clock))
        elif isinstance(body, RulesChange | Command) and kind == "command" and self._is_in_force(record):
            body = self._in_force(body, record)
        elif isinstance(body, RulesChange):
            body = self._changed(body)
        elif isinstance(body, Command) and body.command in ON_SHIELDS:
            return replace(record, body=self._shielded(body, record))
        if isinstance(body, Refusal):
            body = Tick() if record.is_quiet else dead_letter(body, record, self.clock)
        return replace(record, body=body)

    def _concerning_us(self, record: Record) -> Record:
        """Return what a record that every worker and every job reads is to this one, and whether another speaks for it."""
        body, owner = record.body, self._owner
        slot = slot_of_command(body) if isinstance(body, Command) else None
        if slot is not None and not (self._hears_all and owner.owns(slot)):
            return replace(record, body=Tick())
        if slot is not None and self._heard.has(slot, record.source, record.position):
            return replace(record, body=Tick())
        is_others = slot is None and not (self._hears_all and owner.is_first)
        return replace(record, is_quiet=is_others)

    def _is_in_force(self, record: Record) -> bool:
        """Return True for a change of rules or shields whose effect was taken over with the state."""
        return self._heard.has(IN_FORCE, record.source, record.position)

    # --- the rules in force

    def _changed(self, change: RulesChange, *, at_once: bool = False) -> InForce | Refusal:
        """Take a change of the rules into force, or refuse all of it."""
        book = self._patched(change, at_once=at_once)
        if isinstance(book, Refusal):
            return book
        self._changes.remember(change.put, change.delete)
        self.book = book
        return InForce(book, at_once)

    def _patched(self, change: RulesChange, *, at_once: bool = False) -> RuleBook | Refusal:
        """Return the book with a change, or why it cannot be."""
        book = patch(self.book, change.put, change.delete, self._check_template)
        if isinstance(book, list):
            return Refusal(DeadReason.INVALID_RULES, "; ".join(str(error) for error in book))
        if at_once and (endless := _endless(book, change)):
            return Refusal(
                DeadReason.INVALID_RULES, f"shields {endless}: end_time: a shield set by command needs an end"
            )
        return book

    def _in_force(self, body: RulesChange | Command, record: Record) -> Told | Tick | Refusal | Command:
        """Return what is left to be said of a command whose effect was taken over."""
        if isinstance(body, Command) and body.command not in ON_SHIELDS:
            return body
        if record.is_quiet or self._heard.has(TOLD, record.source, record.position):
            return Tick()
        if isinstance(body, RulesChange):
            patched = self._patched(body)
            return patched if isinstance(patched, Refusal) else Tick()
        known = self._changes.documents.get("shields", {})
        is_gone = body.command == "unshield" and known.get(str(body.id), body) is None
        change = RulesChange() if is_gone else self._change_of(body)
        patched = change if isinstance(change, Refusal) else self._patched(change, at_once=True)
        refusal = patched if isinstance(patched, Refusal) else None
        return self._told(body, record, known.get(str(body.id)), refusal)

    def _shielded(self, command: Command, record: Record) -> InForce | Told | Tick:
        """Begin or end a shield at once, and tell what became of the command."""
        known = self._changes.documents.get("shields", {}).get(str(command.id))
        change = self._change_of(command)
        body = change if isinstance(change, Refusal) else self._changed(change, at_once=True)
        if record.is_quiet:
            return Tick() if isinstance(body, Refusal) else body
        if isinstance(body, Refusal):
            return self._told(command, record, known, body)
        return replace(body, documents=self._told(command, record, known).documents)

    def _told(
        self, command: Command, record: Record, known: dict[str, Any] | None, refusal: Refusal | None = None
    ) -> Told:
        """Return what became of a command, as documents."""
        document = outcome(command, record.source, record.position, self.clock, refusal)
        if refusal is not None:
            return Told((dead_letter(refusal, record, self.clock), document))
        return Told((document, *self._shield_documents(command, known)))

    def _change_of(self, command: Command) -> RulesChange | Refusal:
        if command.command == "shield":
            return RulesChange(put={"shields": [command.shield]})
        if str(command.id) in self.book.shields:
            return RulesChange(delete={"shields": [command.id]})
        return Refusal(DeadReason.UNKNOWN_SHIELD, f"no shield {command.id}")

    def _shield_documents(self, command: Command, known: dict[str, Any] | None) -> Iterable[ShieldDocument]:
        """Return a shield as it was set or ended by command; one of the rule files is none of ours to tell."""
        shield, ended = (command.shield, None) if command.command == "shield" else (known, self.clock)
        if shield is not None:
            yield ShieldDocument(
                id=str(shield["id"]), time=self.clock, shield=shield, operator=command.operator,
                message=command.message, ended=ended,
            )  # fmt: skip

    # --- state

    def snapshot(self) -> bytes:
        """Return the clock and the changes of the rules as bytes."""
        if self._watch is not None:
            self._watch.snapshot()
        return snapshot.pack(VERSION, Kept(self.clock, self._changes.documents, self._heard.places))

    def begin(self, resume: bytes | None) -> None:
        """Take over what the engine kept, else what a savepoint holds. Raises SnapshotError."""
        data = self._inherited() if resume is None else resume
        if data is not None:
            self.restore(data)

    def restore(self, data: bytes) -> None:
        """Take over what a snapshot kept. Raises SnapshotError."""
        kept = snapshot.unpack("intake", VERSION, data, Kept)
        self.clock, self._changes, self._seen = kept.clock, Changes(kept.changes), None
        self._heard = Heard(kept.heard)


def _endless(book: RuleBook, change: RulesChange) -> str:
    """Return the shields of a change that never end, as their ids; empty if there are none."""
    names = (raw_id(Sourced("shields", one)) for one in change.put.get("shields", ()))
    return ", ".join(name for name in names if book.shields[name].end_time >= FOREVER)


def _stamped(event: Event, clock: int) -> Event:
    """Return an event that arrived by the stream's clock: one that comes late arrives now."""
    return event if event.at == clock else replace(event, at=clock, create_time=clock)


def dead_letter(refusal: Refusal, record: Record, clock: int) -> DeadLetter:
    """Return the dead letter of a record that is refused."""
    return DeadLetter(
        time=clock,
        source=record.source,
        position=record.position,
        reason=refusal.reason,
        detail=refusal.detail,
        raw=refusal.raw or record.raw.decode("utf-8", "backslashreplace"),
    )
