"""Until when: what people choose in a dialog, as a Unix second."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flows.gateway.service import AnswerError

HOUR = 3600
SPANS = {"1h": HOUR, "4h": 4 * HOUR}
TOMORROW, MORNING = "tomorrow", 9
"""Until tomorrow means until nine in the morning, in the zone of the business."""
OPEN = "open"
"""Without an end."""
CHOICES = (*SPANS, TOMORROW)


def end_of(given: Mapping[str, str], now: int, zone: ZoneInfo, *, may_be_open: bool = False) -> int | None:
    """Return the end that a form names: by `until`, a moment on the clocks of the zone, else by `for`. Raises AnswerError."""
    if moment := given.get("until", "").strip():
        return _moment(moment, now, zone)
    span = given.get("for", OPEN if may_be_open else "")
    if span == OPEN and may_be_open:
        return None
    if span not in CHOICES:
        raise AnswerError(422, f"for: one of {', '.join((*CHOICES, OPEN) if may_be_open else CHOICES)}")
    return now + SPANS[span] if span in SPANS else tomorrow(now, zone)


def tomorrow(now: int, zone: ZoneInfo) -> int:
    """Return the second at which the next day's work begins."""
    next_day = datetime.fromtimestamp(now, zone).date() + timedelta(days=1)
    return int(datetime(next_day.year, next_day.month, next_day.day, MORNING, tzinfo=zone).timestamp())


def _moment(text: str, now: int, zone: ZoneInfo) -> int:
    try:
        at = datetime.fromisoformat(text)
        end = int((at if at.tzinfo else at.replace(tzinfo=zone)).timestamp())
    except (ValueError, OverflowError) as error:
        raise AnswerError(422, f"until: {text[:40]} is no moment") from error
    if end <= now:
        raise AnswerError(422, "until: this moment is over")
    return end
