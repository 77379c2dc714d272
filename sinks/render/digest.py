"""The words of a digest: what late notices told of, one line a title, and how their alerts stand now."""

from collections import Counter
from collections.abc import Mapping
from datetime import tzinfo

from operators.deliver.digest import Late, alerts_of
from operators.model.alert import Alert
from operators.model.records import Notice
from sinks.render.media import Medium, medium_of
from sinks.render.times import local_text
from sinks.render.words import Words

ROWS = 20
"""Titles that are shown; the rest is counted."""


def digest_words(late: Late, known: Mapping[str, Alert], words: Words, zone: tzinfo) -> tuple[str, str]:
    """Return title and content of a digest; `known` has the alerts as they stand now."""
    medium, phrases = medium_of(late.way), words.phrases
    title = phrases["digest_title"].format(count=len(late.notices), time=local_text(late.notices[0].time, zone))
    by_title: dict[str, list[Notice]] = {}
    for notice in late.notices:
        by_title.setdefault(notice.title, []).append(notice)
    rows = [_row(name, those, known, words, zone, medium) for name, those in list(by_title.items())[:ROWS]]
    if len(by_title) > ROWS:
        rows.append(medium.escape(phrases["digest_more"].format(count=len(by_title) - ROWS)))
    lines = [medium.escape(title), medium.escape(phrases["digest_lead"]), *rows]
    return title, ("<br>\n" if medium.name == "mail" else "\n").join(lines)


def _row(
    title: str, notices: list[Notice], known: Mapping[str, Alert], words: Words, zone: tzinfo, medium: Medium
) -> str:
    times = words.phrases["digest_times"].format(count=len(notices)) if len(notices) > 1 else ""
    text = f"{local_text(notices[-1].time, zone)} {title}{times}{_states(notices, known, words)}"
    return medium.escape(text)


def _states(notices: list[Notice], known: Mapping[str, Alert], words: Words) -> str:
    """Return how the alerts of some notices stand now."""
    counts = Counter(alert.status for alert_id in alerts_of(notices) if (alert := known.get(alert_id)) is not None)
    if not counts:
        return ""
    said = words.list_separator.join(f"{count} {words.states[status]}" for status, count in sorted(counts.items()))
    return words.phrases["digest_now"].format(states=said)
