"""The page Not told: by reason, how often somebody was not told in the last hour and day, the worst alerts, and what was not said."""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from flows.console.folds import Row, row
from flows.gateway.service import AnswerError
from operators.explain.case import why_text
from operators.model.notice import NoticeState
from operators.model.reason import NOT_TOLD
from operators.model.records import LogEntry
from sinks.store.interface import Store
from sinks.store.query import LogQuery, NoticeQuery

HOUR, DAY = 3600, 86400
SPANS = {"1h": HOUR, "6h": 6 * HOUR, "1d": DAY, "7d": 7 * DAY}
WORST, SAID = 20, 20
FAILED = tuple(
    map(
        str,
        (NoticeState.GIVEN_UP, NoticeState.PARTLY_DELIVERED, NoticeState.FAILED, NoticeState.GATHERED,
         NoticeState.WITHHELD, NoticeState.WRITTEN_TO_FILE),
    )
)  # fmt: skip
"""States of notices that were worded, and did not reach everybody as they were."""
REASONS = tuple(sorted(map(str, NOT_TOLD)))


class Why(msgspec.Struct, frozen=True):
    """One reason and how often it kept somebody from being told."""

    reason: str
    text: str
    hour: int
    span: int
    """Within the span that was asked for."""


class Hit(msgspec.Struct, frozen=True):
    """An alert of which somebody was not told."""

    row: Row
    count: int
    last: int


class Silent(msgspec.Struct, frozen=True):
    """The page."""

    since: str
    reason: str
    decided: tuple[Why, ...]
    """What the job decided, by reason."""
    undelivered: tuple[Why, ...]
    """What became of notices, by state."""
    worst: tuple[Hit, ...]
    said: tuple[LogEntry, ...]
    """The newest entries of the reason: what would have been said, and to whom."""


def silent(store: Store, given: Mapping[str, str], now: int, businesses: tuple[str, ...] = ()) -> Silent:
    """Return the page, of some businesses or all. Raises AnswerError, StoreError."""
    since, reason = given.get("since", "1d"), given.get("reason", "")
    if since not in SPANS or reason not in ("", *REASONS, *FAILED):
        raise AnswerError(
            400, f"since is one of {', '.join(SPANS)}; reason is one of the closed list (docs/reasons.md)"
        )
    begin = now - SPANS[since]
    logs = [LogQuery(reason=REASONS, bk_biz_id=one, since=begin) for one in businesses or (None,)]
    sent = [NoticeQuery(state=FAILED, bk_biz_id=one, since=begin) for one in businesses or (None,)]
    chosen = _chosen(reason, logs, sent)
    found = [hit for query in chosen for hit in store.concerned(msgspec.structs.replace(query, limit=WORST))]
    worst = sorted(found, key=lambda one: (one.alert.severity, -one.count))[:WORST]
    entries = [
        entry
        for query in chosen
        if reason and isinstance(query, LogQuery)
        for entry in store.entries(msgspec.structs.replace(query, limit=SAID))
    ]
    return Silent(
        since=since, reason=reason,
        decided=_whys(((one.reason, one.time, one.count) for query in logs for one in store.happened(query, HOUR)), now),
        undelivered=_whys(((one.what, one.time, one.count) for query in sent for one in store.happened(query, HOUR)), now),
        worst=tuple(Hit(row(one.alert), one.count, one.last) for one in worst),
        said=tuple(sorted(entries, key=lambda one: -one.time)[:SAID]),
    )  # fmt: skip


def _chosen(
    reason: str, logs: list[LogQuery], sent: list[NoticeQuery]
) -> list[LogQuery] | list[NoticeQuery]:  # fmt: skip
    if reason in FAILED:
        return [msgspec.structs.replace(one, state=(reason,)) for one in sent]
    return [msgspec.structs.replace(one, reason=(reason,)) for one in logs] if reason else logs


def _whys(counted: Iterable[tuple[str, int, int]], now: int) -> tuple[Why, ...]:
    """Return counts by reason, the most frequent first; the last hour is rounded up to whole ones."""
    span, hour = Counter[str](), Counter[str]()
    for reason, time, count in counted:
        span[reason] += count
        hour[reason] += count if time + HOUR > now - HOUR else 0
    return tuple(Why(reason, why_text(reason), hour[reason], count) for reason, count in span.most_common())
