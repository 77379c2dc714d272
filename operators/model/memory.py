"""What is remembered of an alert beside its document: check results, the strategy it opened under, a held signal."""

from typing import Any

import msgspec


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
