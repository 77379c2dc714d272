"""What is remembered of an alert beside its document: check results, the strategy it opened under, a held signal."""

from typing import Any

import msgspec

from operators.model.records import Receivers


class Anomaly(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An anomalous result of one level."""

    time: int
    level: int
    is_event: bool = False
    """An event told it, so the detector had seen `count` anomalies in its trigger window."""


class Normal(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The newest normal result of one level."""

    time: int
    level: int
    value: Any = None


class CheckMemory(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What is known of the check results of one fingerprint."""

    anomalies: tuple[Anomaly, ...] = ()
    """By time; at most one of a time and level."""
    normals: tuple[Normal, ...] = ()
    """One a level."""
    last_check: int | None = None
    """Newest time at which a check saw data."""
    last_no_data: int | None = None
    """Newest time at which a check saw none."""
    is_data_back: bool = False
    """Data came after the last word that there was none, in order of arrival."""
    is_superseded: bool = False


EMPTY = CheckMemory()


class StrategySnapshot(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The compared parts of one version of a strategy: its levels, and of its first item the queries."""

    metric_ids: tuple[str, ...] = ()
    dimensions: tuple[tuple[str, ...], ...] = ()
    """By query, sorted."""
    conditions: tuple[str, ...] = ()
    """By query, a hash."""
    levels: tuple[int, ...] = ()
    has_no_data: bool = False


class Retry(msgspec.Struct, frozen=True, gc=False):
    """A signal the action quota held back, and when to try again (design.md 7.21)."""

    signal: str
    due: int
    notice_type: str = "normal"


class Told(msgspec.Struct, frozen=True, gc=False):
    """Who was told of a problem and not yet how it ended, by way (design.md 7.56, 7.60)."""

    alert_id: str
    """The alert that they were told of last."""
    notice_type: str
    main: Receivers = {}
    followers: Receivers = {}


class Waiting(msgspec.Struct, frozen=True, gc=False):
    """A notice that reached nobody and is told as soon as somebody can be reached (design.md 7.48)."""

    signal: str
    notice_type: str
    cycle: int


class Flapping(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What is remembered of how a fingerprint's alerts opened and ended. Stream time in Unix seconds."""

    times: tuple[int, ...] = ()
    """When they did, the oldest first and no more than can count; while it flaps, the first and the last of them."""
    count: int = 0
    """While it flaps: the changes since the first; 0 = it does not flap."""
    told: int = 0
    """While it flaps: the worst severity that people were told; 0 = they do not even know that it flaps."""

    @property
    def is_on(self) -> bool:
        """Return True while it flaps."""
        return self.count > 0

    @property
    def span(self) -> int:
        """Return the seconds from the first change to the last."""
        return self.times[-1] - self.times[0] if self.times else 0


CALM = Flapping()
"""Of a fingerprint with nothing to remember."""
