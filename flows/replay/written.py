"""What came out of a run, sorted into the files of the contract: memory does not grow with the length of the history."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import IO, Any, Self

import msgspec

from flows.replay.files import alert_document, event_document, line_of, naming
from flows.replay.noticed import Noticed
from flows.replay.order import Row, Said, placed, row_of
from flows.replay.outcome import SaidCounts
from flows.replay.spill import ROOM, Spill
from operators.deliver.receipt import apply
from operators.intake.decode import Refusal
from operators.model.alert import ABNORMAL, Alert
from operators.model.event import Event
from operators.model.records import Action, DeadLetter, LogEntry, Notice, Receipt, Signal

OUTPUTS = (
    "alerts.jsonl", "logs.jsonl", "signals.jsonl", "actions.jsonl", "notices.jsonl", "dead_letters.jsonl",
    "events.jsonl", "summary.json",
)  # fmt: skip
"""The files of a replay."""
MOST_ALERTS = 5_000
"""Alerts whose newest documents are held at once."""

OPEN, ENDED = b"o", b"e"
"""What stands before the line of an alert while it is kept."""

_first, _time = itemgetter(0), attrgetter("time")


class _Version(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An entry as its spill keeps it: what decides on its place, what it is counted as, its line."""

    number: int
    """Of its making."""
    time: int
    subject: str
    is_end: bool
    is_opening: bool
    counted_as: str
    line: bytes
    """JSON; of a receipt for an action, the receipt."""
    is_receipt: bool = False


_pack = msgspec.msgpack.Encoder().encode
_version = msgspec.msgpack.Decoder(_Version).decode
_action = msgspec.json.Decoder(Action).decode
_receipt = msgspec.json.Decoder(Receipt).decode


class Written:
    """Everything said so far, on its way to the files of a directory; `said` writes what waits for the end.

    That of a lean replay holds no events, so there is no file of them. Notices are remembered, without their texts, only
    where receipts may come.
    """

    def __init__(
        self, directory: Path, *, is_lean: bool = False, takes_receipts: bool = True, room: int = ROOM,
        most_alerts: int = MOST_ALERTS,
    ) -> None:  # fmt: skip
        self.jumps: list[dict[str, int]] = []
        self.refused: Counter[str] = Counter()
        """Dead letters by their reasons."""
        self._told: Counter[str] = Counter()
        self._directory, self._takes_receipts = directory, takes_receipts
        self._room, self._most_alerts = room, most_alerts
        with naming(directory):
            directory.mkdir(parents=True, exist_ok=True)
            for name in OUTPUTS:  # those of an earlier replay are none of this one
                (directory / name).unlink(missing_ok=True)
        self._dead_letters = self._open("dead_letters")
        self._events = None if is_lean else self._open("events")
        self._alerts: dict[str, Alert] = {}
        self._spills = {name: Spill(directory, room) for name in ("alerts", "logs", "signals", "actions", "notices")}
        self._noticed = Noticed()
        self._number = 0

    def _open(self, name: str) -> IO[bytes]:
        path = self._directory / f"{name}.jsonl"
        with naming(path):
            return path.open("wb")

    @property
    def told(self) -> Counter[str]:
        """Notices so far, by way."""
        return self._told

    def take(self, things: Iterable[Any]) -> None:
        """Keep records, in the order of their making."""
        alerts, events = self._alerts, self._events
        for thing in things:
            kind = type(thing)
            if kind is Alert:
                alerts[thing.id] = thing
            elif kind is not Event:
                if (take := TAKE.get(kind)) is not None:
                    take(self, thing)
            elif events is not None:
                events.write(line_of(event_document(thing)))
        if len(alerts) >= self._most_alerts:
            self._put_alerts()

    def _put_alerts(self) -> None:
        spill = self._spills["alerts"]
        for alert in self._alerts.values():
            spill.put(alert.id, (OPEN if alert.status == ABNORMAL else ENDED) + line_of(alert_document(alert)))
        self._alerts.clear()

    def take_log(self, entry: LogEntry) -> None:
        """Keep an entry of a log."""
        self._put_in_time("logs", entry, "")

    def take_signal(self, signal: Signal) -> None:
        """Keep a signal."""
        self._put_in_time("signals", signal, signal.signal)

    def take_action(self, action: Action) -> None:
        """Keep an action as it stands."""
        self._spills["actions"].put(action.id, _pack(self._made(action, action.status)))

    def take_notice(self, notice: Notice) -> None:
        """Keep a notice; webhooks and pushes are actions, not notices."""
        if notice.config is not None:
            return
        self._told[notice.way] += 1
        self._spills["notices"].put(notice.id, _pack(self._made(notice, notice.way)))
        if self._takes_receipts:
            self._noticed.take(msgspec.structs.replace(notice, title="", content=""))

    def take_dead_letter(self, letter: DeadLetter) -> None:
        """Write a dead letter."""
        self.refused[letter.reason] += 1
        self._dead_letters.write(line_of(letter))

    def _put_in_time(self, name: str, said: LogEntry | Signal, counted_as: str) -> None:
        version = self._made(said, counted_as)
        self._spills[name].put((version.time, version.number), _pack(version))

    def _made(self, said: Said, counted_as: str) -> _Version:
        self._number += 1
        return _version_of(said, counted_as, self._number)

    # --- receipts

    def receipt(self, fields: dict[str, Any], now: int) -> Receipt | Refusal:
        """Return the receipt that a line holds, or why it holds none."""
        return self._noticed.receipt(fields, now)

    def apply(self, receipt: Receipt) -> Notice:
        """Let a receipt change the actions of its notice, once they are written; return the notice, without its text."""
        self._number += 1
        version = _pack(_Version(self._number, 0, "", False, False, "", line_of(receipt), is_receipt=True))
        for action_id in receipt.action_ids:
            self._spills["actions"].put(action_id, version)
        return self._noticed.by_id[receipt.notice_id]

    # --- the end

    def said(self) -> SaidCounts:
        """Write what waited for the end; return the counts of what was said."""
        self._close_files()
        abnormal = self._write_alerts()
        self._write("logs", self._in_time("logs"))
        signals = self._write("signals", self._in_time("signals"))
        actions, notices = (self._write(name, self._newest(name)) for name in ("actions", "notices"))
        return SaidCounts(sum(self.refused.values()), abnormal, signals, actions, notices)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._close_files()
        for spill in self._spills.values():
            spill.close()

    def _close_files(self) -> None:
        for stream in (self._dead_letters, self._events):
            if stream is not None:
                with naming(Path(stream.name)):
                    stream.close()

    def _write_alerts(self) -> int:
        """Write the newest document of each alert, in the order of their ids; return how many are open."""
        self._put_alerts()
        abnormal = 0
        with naming(self._directory / "alerts.jsonl"), self._open("alerts") as stream:
            for _, versions in groupby(self._spills["alerts"].drain(), key=_first):
                *_, (_, newest) = versions
                abnormal += newest[:1] == OPEN
                stream.write(newest[1:])
        return abnormal

    def _write(self, name: str, versions: Iterable[_Version]) -> Counter[str]:
        """Write entries that come in order of time, those of one second as the contract orders them; count them."""
        counted = Counter[str]()
        with naming(self._directory / f"{name}.jsonl"), self._open(name) as stream:
            for _, second in groupby(versions, key=_time):
                for row in placed(Row(one.time, one.subject, one.is_end, one.is_opening, one) for one in second):
                    counted[row.thing.counted_as] += 1
                    stream.write(row.thing.line)
        return counted

    def _in_time(self, name: str) -> Iterator[_Version]:
        return (_version(packed) for _, packed in self._spills[name].drain())

    def _newest(self, name: str) -> Iterator[_Version]:
        """Yield the last form of each entry, in order of time, and in that of their first forms."""
        again = Spill(self._directory, self._room)
        for _, entries in groupby(self._spills[name].drain(), key=_first):
            if (last := _settled(_version(packed) for _, packed in entries)) is not None:
                again.put((last.time, last.number), _pack(last))
        return (_version(packed) for _, packed in again.drain())


def _settled(versions: Iterable[_Version]) -> _Version | None:
    """Return the last version of an entry with what its receipts made of it; its number is that of the first."""
    settled: _Version | None = None
    for version in versions:
        if not version.is_receipt:
            settled = version if settled is None else msgspec.structs.replace(version, number=settled.number)
        elif settled is not None:
            action = apply(_action(settled.line), _receipt(version.line))
            settled = _version_of(action, action.status, settled.number)
    return settled


def _version_of(said: Said, counted_as: str, number: int) -> _Version:
    row = row_of(said, said)
    subject = row.subject if isinstance(row.subject, str) else ",".join(row.subject)
    return _Version(number, row.time, subject, row.is_end, row.is_opening, counted_as, line_of(said))


TAKE: Mapping[type, Callable[[Written, Any], None]] = {
    LogEntry: Written.take_log,
    Signal: Written.take_signal,
    Action: Written.take_action,
    Notice: Written.take_notice,
    DeadLetter: Written.take_dead_letter,
}
"""Shape -> how it is kept; others, such as the documents of commands, are in no file of a replay."""
