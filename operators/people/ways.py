"""Which ways a group uses now: block by time of day, configuration by severity (spec/notices.md 6.2)."""

from functools import lru_cache

from operators.rules.shapes.model import AlertNotice, NoticeWay, UserGroup


def ways_now(group: UserGroup, severity: int, minute: int) -> tuple[NoticeWay, ...]:
    """Return the ways of a severity at a minute of the business's day; none if no block or severity fits."""
    block = _block(group.alert_notice, minute)
    configs = block.notify_config if block else ()
    return next((config.notice_ways for config in reversed(configs) if config.level == severity), ())


def _block(blocks: tuple[AlertNotice, ...], minute: int) -> AlertNotice | None:
    """Return the first block whose range holds the minute: both ends included, past midnight if start is after end."""
    for block in blocks:
        start, end = _minutes(block.time_range)
        if (start <= minute <= end) if start <= end else (minute >= start or minute <= end):
            return block
    return None


@lru_cache(maxsize=1024)
def _minutes(time_range: str) -> tuple[int, int]:
    """Return the minutes of the day of `HH:MM[:SS]--HH:MM[:SS]`; seconds do not count."""
    start, end = (edge.strip() for edge in time_range.split("--"))
    return int(start[:2]) * 60 + int(start[3:5]), int(end[:2]) * 60 + int(end[3:5])
