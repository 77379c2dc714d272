"""Two outputs of replays, read from their files and compared; a part of the fingerprints in memory at a time."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from heapq import merge
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Self

import msgspec

from flows.replay.spill import ROOM, Spill
from flows.sources.lines import READ_ERRORS, InputError, input_error, open_input
from operators.compare.cause import Life
from operators.compare.result import Difference, Story, difference_of, story_key, story_of
from operators.compare.shapes import IGNORED, AlertSeen, EntrySeen, NoticeSeen, tells
from operators.compare.tally import Tally
from operators.model.slot import slot_of, slot_of_alert

KINDS = ("alerts", "logs", "notices")
"""Files that are compared."""
SUFFIXES = ("", ".gz", ".zst")
SIDES = ("old", "new")
CAUSES = 10

Seen = AlertSeen | EntrySeen | NoticeSeen
Watch = Callable[[Iterable[Seen], str], Iterable[Seen]]
"""What passes documents on, and may say how many there were of which."""
REPETITION = tuple(f'"op_type":"{op_type}"'.encode() for op_type in IGNORED)
"""What a line holds that is passed over unread: most of a log says only that an event came again."""

_shapes: Mapping[str, type] = {"alerts": AlertSeen, "logs": EntrySeen, "notices": NoticeSeen}
_decoders: Mapping[str, Callable[[bytes], Seen]] = {
    kind: msgspec.json.Decoder(shape).decode for kind, shape in _shapes.items()
}
_pack = msgspec.msgpack.Encoder().encode
_unpack: Mapping[str, Callable[[bytes], Seen]] = {
    kind: msgspec.msgpack.Decoder(shape).decode for kind, shape in _shapes.items()
}
_first = itemgetter(0)


class Output(NamedTuple):
    """One replay's output: a directory, or one file of it."""

    name: str
    files: Mapping[str, str]
    """Kind -> path."""


def output_at(name: str) -> Output:
    """Find the files of an output. Raises InputError."""
    path = Path(name)
    if path.is_dir():
        files = {kind: str(found) for kind in KINDS if (found := _file_in(path, kind)) is not None}
        if not files:
            raise InputError(f"{name}: no output of a replay (no alerts.jsonl, logs.jsonl or notices.jsonl)")
        return Output(name, files)
    if not path.exists():
        raise InputError(f"{name}: No such file or directory")
    return Output(name, {_kind_of(name): name})


def _file_in(directory: Path, kind: str) -> Path | None:
    paths = (directory / f"{kind}.jsonl{suffix}" for suffix in SUFFIXES)
    return next((path for path in paths if path.is_file()), None)


class _Kind(msgspec.Struct):
    """What tells the files of an output apart."""

    dedupe_md5: str | None = None
    begin_time: int | None = None
    op_type: str | None = None
    way: str | None = None


def _kind_of(name: str) -> str:
    """Return which file of an output this is, by its first entry. Raises InputError."""
    first = next(_lines(name), None)
    try:
        seen = msgspec.json.decode(first or b"{}", type=_Kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{name}: no output of a replay ({error})") from error
    if seen.op_type is not None:
        return "logs"
    if seen.way is not None:
        return "notices"
    if seen.begin_time is not None or first is None:
        return "alerts"
    raise InputError(f"{name}: neither alerts, logs nor notices of a replay")


def _unwatched(documents: Iterable[Seen], _: str) -> Iterable[Seen]:
    return documents


def compare(
    old: Output, new: Output, causes: int = CAUSES, *, room: int = ROOM, watch: Watch = _unwatched
) -> Difference:
    """Return how two outputs differ; what is read of each passes through `watch`. Raises InputError."""
    both = old.files.keys() & new.files.keys()
    if not both:
        raise InputError(f"{old.name} and {new.name} have no file in common: nothing to compare")
    tally = Tally()
    with TemporaryDirectory(prefix="tocsin-diff-") as folder, ExitStack() as closing:
        sides = [closing.enter_context(_Side(Path(folder), room)) for _ in SIDES]
        for name, side, output in zip(SIDES, sides, (old, new), strict=True):
            side.read(output, both, tally, name, watch)
        strategies = (frozenset(sides[0].strategies), frozenset(sides[1].strategies))
        for lives in _by_fingerprint(*sides):
            tally.fingerprint(*lives, strategies)
    examples = [weight.example for _, weight in tally.largest(causes)]
    stories_old = _stories(old, both, {one.old for one in examples})
    stories_new = _stories(new, both, {one.new for one in examples})
    return difference_of(
        tally,
        names=(old.name, new.name),
        stories={story_key(one): (stories_old.get(one.old), stories_new.get(one.new)) for one in examples},
        causes=causes,
        not_compared=[f"{kind}.jsonl" for kind in KINDS if kind not in both],
    )


class _Side:
    """The documents of one output, sorted by the slot of their fingerprints."""

    def __init__(self, folder: Path, room: int) -> None:
        self._spill = Spill(folder, room)
        self.strategies: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._spill.close()

    def read(self, output: Output, kinds: Collection[str], tally: Tally, side: str, watch: Watch) -> None:
        """Read all of it; notices are counted as they pass. Raises InputError."""
        for kind in (one for one in KINDS if one in kinds):
            for thing in watch(_documents(output, kind), f"{kind} of {side}"):
                if isinstance(thing, NoticeSeen):
                    tally.notice(side, thing)
                elif isinstance(thing, AlertSeen) and thing.strategy_id:
                    self.strategies.add(thing.strategy_id)
                packed = _pack(thing)
                for slot in _slots(thing):
                    self._spill.put((slot, kind), packed)

    def lives(self) -> Iterator[tuple[str, dict[str, dict[str, Life]]]]:
        """Yield, slot after slot, the lives of its alerts by fingerprint and id."""
        for slot, entries in groupby(self._spill.drain(), key=lambda entry: entry[0][0]):
            yield slot, _lives_in((kind, packed) for (_, kind), packed in entries)


def _slots(thing: Seen) -> Iterable[str]:
    if isinstance(thing, AlertSeen):
        return (slot_of(thing.dedupe_md5),)
    if isinstance(thing, EntrySeen):
        return (slot_of_alert(thing.alert_id),)
    return dict.fromkeys(map(slot_of_alert, thing.alert_ids))


def _lives_in(entries: Iterable[tuple[str, bytes]]) -> dict[str, dict[str, Life]]:
    alerts: list[AlertSeen] = []
    logs: dict[str, list[EntrySeen]] = {}
    notices: dict[str, list[NoticeSeen]] = {}
    for kind, packed in entries:
        thing = _unpack[kind](packed)
        if isinstance(thing, AlertSeen):
            alerts.append(thing)
        elif isinstance(thing, EntrySeen):
            logs.setdefault(thing.alert_id, []).append(thing)
        else:
            for alert_id in thing.alert_ids:
                notices.setdefault(alert_id, []).append(thing)
    found: dict[str, dict[str, Life]] = {}
    for alert in alerts:
        life = Life(alert, logs.get(alert.id, ()), notices.get(alert.id, ()))
        found.setdefault(alert.dedupe_md5, {})[alert.id] = life
    return found


def _by_fingerprint(old: _Side, new: _Side) -> Iterator[tuple[dict[str, Life], dict[str, Life]]]:
    """Yield what both sides know of one fingerprint after the other."""
    for _, group in groupby(merge(_numbered(0, old), _numbered(1, new), key=_first), key=_first):
        found: list[dict[str, dict[str, Life]]] = [{}, {}]
        for _, number, lives in group:
            found[number] = lives
        for fingerprint in dict.fromkeys([*found[0], *found[1]]):
            yield found[0].get(fingerprint, {}), found[1].get(fingerprint, {})


def _numbered(number: int, side: _Side) -> Iterator[tuple[str, int, dict[str, dict[str, Life]]]]:
    return ((slot, number, lives) for slot, lives in side.lives())


def _stories(output: Output, kinds: Collection[str], wanted: Collection[str]) -> dict[str, Story]:
    """Read an output once more for the stories of some alerts."""
    names = {name for name in wanted if name}
    told: dict[str, list[Seen]] = {name: [] for name in names}
    for kind in ("logs", "notices"):
        for thing in _documents(output, kind) if names and kind in kinds else ():
            for alert_id in names.intersection(_about(thing)):
                told[alert_id].append(thing)
    return {name: story_of(name, things) for name, things in told.items()}


def _about(thing: Seen) -> tuple[str, ...]:
    if isinstance(thing, NoticeSeen):
        return thing.alert_ids
    return (thing.alert_id,) if isinstance(thing, EntrySeen) else (thing.id,)


def _documents(output: Output, kind: str) -> Iterator[Seen]:
    """Yield the documents of a file that are compared. Raises InputError with the place of one that is none."""
    decode, name = _decoders[kind], output.files[kind]
    for number, raw in enumerate(_lines(name), 1):
        if kind == "logs" and any(mark in raw for mark in REPETITION):
            continue
        try:
            thing: Seen = decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{name}:{number}: {error}") from error
        if not isinstance(thing, EntrySeen) or tells(thing):
            yield thing


def _lines(name: str) -> Iterator[bytes]:
    try:
        with open_input(name) as stream:
            yield from stream
    except READ_ERRORS as error:
        raise input_error(name, error) from error
