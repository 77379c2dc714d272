"""What fingerprints share: the rules in force, the settings, what counts across them, and all of it as bytes (design.md 5)."""

from collections.abc import Callable
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from operators.limits.noise import Noise
from operators.limits.quota import Counter, Windows
from operators.model import snapshot
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from operators.rules.shapes.model import NoticeRelation, Strategy
from operators.rules.shapes.shape import place_text, read
from operators.rules.shapes.words import Reading

VERSION = 2
"""Format of the snapshot."""


class Counts(msgspec.Struct, gc=False):
    """What the summary of a replay counts."""

    events: int = 0
    duplicates: int = 0
    expired: int = 0
    dropped: int = 0
    unmatched: int = 0
    """Recoveries and closings that found no open alert."""
    opened: int = 0
    recovered: int = 0
    closed: int = 0


class Told(msgspec.Struct, frozen=True, gc=False):
    """The last edge told of a shield. Rounds that begin up to `until` (Unix seconds) are done with."""

    edge: Literal["begin", "end"]
    until: int = 0


class ShieldNews(msgspec.Struct, frozen=True, gc=False):
    """What was told of shields, by id, under which rules, and when there may be more to tell (None = never)."""

    told: dict[str, Told] = {}
    rules_version: str | None = None
    next_time: int | None = None


class Limits:
    """What holds alerts and notices back across fingerprints, and the counts: one a process."""

    def __init__(self, settings: CoreSettings) -> None:
        self.alert_quota = Windows(settings.quota.alert)
        self.action_quota = Windows(settings.quota.action)
        self.noise = Noise(settings)
        self.counts = Counts()


class Kept(msgspec.Struct, frozen=True):
    """The snapshot of what no slot owns."""

    clock: int
    alert_quota: dict[str, Counter]
    action_quota: dict[str, Counter]
    noise: bytes
    retired: dict[str, Strategy]
    news: ShieldNews
    rules_version: str
    awaited: dict[str, int]
    """See operators/lifecycle/handing.py."""


class Scene:
    """What a turn may see and use beside its own state."""

    def __init__(
        self, settings: CoreSettings, book: RuleBook, *, say: Callable[[Any], None], hand: Callable[[Any], None],
        limits: Limits | None = None, is_lean: bool = False,
    ) -> None:  # fmt: skip
        self.settings = settings
        self.book = book
        """The rules in force."""
        self.say = say
        """Where every document goes, in the order of its making."""
        self.hand = hand
        """Where goes what the stage by business is to merge and put into words (operators/intake/handover.py)."""
        self.is_lean = is_lean
        """No event is said, nor that one came again: that tells nothing of a difference (docs/replay.md, Lean outputs)."""
        self._limits = limits or Limits(settings)
        self.alert_quota = self._limits.alert_quota
        self.action_quota = self._limits.action_quota
        self.counts = self._limits.counts
        self.retired: dict[str, Strategy] = {}
        """Strategies that left the book while an alert of theirs was open."""
        self.default_notice = default_notice(settings)

    @property
    def noise(self) -> Noise:
        """Noise reduction."""
        return self._limits.noise

    def in_force(self, strategy_id: str) -> Strategy | None:
        """Return an enabled strategy of the book."""
        strategy = self.book.strategies.get(strategy_id)
        return strategy if strategy is not None and strategy.is_enabled else None

    def strategy(self, strategy_id: str) -> Strategy | None:
        """Return a strategy of the book, or the last form of one that left it."""
        return self.book.strategies.get(strategy_id) or self.retired.get(strategy_id)

    def snapshot(
        self, clock: int, news: ShieldNews, rules_version: str, awaited: dict[str, int], *, limits: bool = True
    ) -> bytes:
        """Return everything shared as bytes; the limits only where asked, as others may share them."""
        alert_quota, action_quota, noise = (
            (self.alert_quota.counters, self.action_quota.counters, self.noise.snapshot()) if limits else ({}, {}, b"")
        )
        kept = Kept(clock, alert_quota, action_quota, noise, self.retired, news, rules_version, awaited)
        return snapshot.pack(VERSION, kept)

    def restore(self, data: bytes) -> Kept:
        """Take over what a snapshot kept, and return it for what the scene itself does not hold. Raises SnapshotError."""
        kept = snapshot.unpack("shared state", VERSION, data, Kept)
        if kept.noise:
            self.alert_quota.counters = kept.alert_quota
            self.action_quota.counters = kept.action_quota
            self._limits.noise = Noise.restore(kept.noise, self.settings)
        self.retired = kept.retired
        return kept


DAY = 86400
SETTING = "default_notice"


def default_notice(
    settings: CoreSettings, check_template: Callable[[str], str | None] = lambda _: None
) -> NoticeRelation:
    """Return the notice of third-party alerts: setting `default_notice` over the defaults (design.md 7.17).

    Raises ValueError, with the place of each mistake, for what is no notice of a strategy.
    """
    given = settings.default_notice or {}
    config = given.get("config", {})
    if isinstance(config, dict):
        given = {**given, "config": {"notify_interval": DAY, **config}}
    reading = Reading(ZoneInfo("UTC"), check_template)
    relation = read(given, NoticeRelation, reading)
    if relation is None:
        raise ValueError("; ".join(f"{place_text([*place, SETTING])}: {why}" for place, why in reading.errors))
    return relation
