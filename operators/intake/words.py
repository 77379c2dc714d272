"""Words of foreign systems for status and severity, case and blanks aside (design.md 7.51)."""

from collections.abc import Iterable, Mapping
from typing import Any

from operators.model.alert import ABNORMAL, CLOSED, RECOVERED

WORST, MILDEST = 1, 3

STATUS_WORDS: Mapping[str, tuple[str, ...]] = {
    RECOVERED: ("resolved", "recovered", "recovery", "ok", "normal", "up", "inactive", "clear", "cleared"),
    CLOSED: ("closed", "close", "expired"),
    ABNORMAL: ("abnormal", "firing", "problem", "alerting", "triggered", "trigger", "active", "open", "down"),
}
"""Status -> the words for it."""

SEVERITY_WORDS: Mapping[int, tuple[str, ...]] = {
    1: ("fatal", "critical", "crit", "emergency", "emerg", "disaster", "page", "p1", "sev1"),
    2: ("warning", "warn", "error", "err", "major", "high", "average", "p2", "sev2"),
    3: ("remind", "info", "information", "informational", "notice", "minor", "low", "debug", "p3", "p4", "p5"),
}
"""Severity -> the words for it."""


def _by_word(words: Mapping[Any, Iterable[str]]) -> dict[str, Any]:
    return {word: meaning for meaning, all_ in words.items() for word in all_}


_STATUSES: dict[str, str] = _by_word(STATUS_WORDS)
_SEVERITIES: dict[str, int] = _by_word(SEVERITY_WORDS)


def status_of(value: Any) -> str | None:
    """Return the status that a word names; None if it names none."""
    return _STATUSES.get(value.strip().lower()) if isinstance(value, str) else None


def severity_of(value: Any) -> int | None:
    """Return the severity that a word or a number names, bounded to 1..3; None if it names none."""
    if isinstance(value, str) and (named := _SEVERITIES.get(value.strip().lower())) is not None:
        return named
    try:
        return min(max(int(value), WORST), MILDEST)
    except (TypeError, ValueError, OverflowError):
        return None
