"""Events of an alert over time, in bars that a page draws without script."""

from collections.abc import Iterable, Sequence

import msgspec

from operators.explain.case import Window
from operators.model.alert import Alert
from operators.model.event import Event

STEPS = (60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
"""Seconds of a bar: the shortest with which all fits."""
MOST_BARS = 90
WIDTH, HEIGHT = 1000, 120
SEVERITIES = (1, 2, 3)


class Part(msgspec.Struct, frozen=True):
    """The events of one severity within a bar, as a rectangle of the drawing."""

    severity: int
    x: float
    y: float
    width: float
    height: float


class Chart(msgspec.Struct, frozen=True):
    """The drawing, WIDTH by HEIGHT. Times in Unix seconds."""

    since: int
    until: int
    step: int
    total: int
    most: int
    """Of one bar."""
    parts: tuple[Part, ...]
    bands: tuple[Part, ...]
    """Windows of recovery; severity 0."""
    marks: tuple[tuple[str, float], ...]
    """What, and where: opened, ended."""
    ticks: tuple[int, ...]


def chart(alert: Alert, events: Sequence[Event], windows: Iterable[Window], now: int) -> Chart | None:
    """Return the events of an alert, from shortly before it began until it ended or now; None where there are none."""
    if not events:
        return None
    until = min(now, (alert.end_time or now)) + 1
    first = min(alert.begin_time, *(one.time for one in events))
    step = next((one for one in STEPS if (until - first) / one <= MOST_BARS), STEPS[-1])
    since = max(first, until - MOST_BARS * step) // step * step
    bars = -(-(until - since) // step)
    counts = _counted(events, since, until, step)
    most = max((sum(one.values()) for one in counts.values()), default=1)
    width = WIDTH / bars
    parts = tuple(part for bar, found in sorted(counts.items()) for part in _parts(bar * width, width, found, most))
    span = bars * step

    def place(at: int) -> float:
        return round(min(1.0, max(0.0, (at - since) / span)) * WIDTH, 1)

    bands = tuple(
        Part(0, place(one.begin), 0, max(1.0, place(one.end + 1) - place(one.begin)), HEIGHT)
        for one in windows
        if one.end >= since
    )
    marks = (("opened", place(alert.begin_time)), *((("ended", place(alert.end_time)),) if alert.end_time else ()))
    ticks = tuple(since + span * quarter // 4 for quarter in range(5))
    return Chart(
        since, since + span, step, sum(sum(one.values()) for one in counts.values()), most, parts, bands, marks, ticks
    )


def _counted(events: Iterable[Event], since: int, until: int, step: int) -> dict[int, dict[int, int]]:
    """Return bar -> severity -> events."""
    found: dict[int, dict[int, int]] = {}
    for one in events:
        if since <= one.time < until:
            bar = found.setdefault((one.time - since) // step, {})
            severity = one.severity if one.severity in SEVERITIES else SEVERITIES[-1]
            bar[severity] = bar.get(severity, 0) + 1
    return found


def _parts(x: float, width: float, found: dict[int, int], most: int) -> Iterable[Part]:
    """Yield the rectangles of one bar, the worst at the bottom."""
    top = float(HEIGHT)
    for severity in SEVERITIES:
        if count := found.get(severity, 0):
            height = round(count / most * HEIGHT, 2)
            top -= height
            yield Part(severity, round(x + width * 0.1, 2), round(top, 2), round(width * 0.8, 2), height)
