"""What the demo shows: what came in, what it became, the worst alerts, the notices, and where to go on."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from flows.cli.view import SEVERITIES, STATUS_STYLES, shown
from operators.explain.case import why_text
from operators.explain.text import span
from operators.model.alert import ABNORMAL, Alert
from operators.model.records import DeadLetter, Notice
from sinks.channels.wording import plain_text

WORST = 8
LINES = 14
"""Lines of a notice that are shown."""


class Morning(msgspec.Struct, frozen=True):
    """Everything a run of the demo left behind."""

    lines: int
    seconds: float
    alerts: Sequence[Alert]
    reasons: Mapping[str, int]
    """Why notices were not told by themselves: reason -> how many."""
    notices: Sequence[Notice]
    letters: Sequence[DeadLetter]
    duplicates: int


def read_notices(path: Path) -> list[Notice]:
    """Return the notices that the courier delivered into a file."""
    return [msgspec.json.decode(line, type=Notice) for line in path.read_bytes().splitlines()] if path.exists() else []


def read_letters(path: Path) -> list[DeadLetter]:
    """Return the dead letters of a file."""
    return (
        [msgspec.json.decode(line, type=DeadLetter) for line in path.read_bytes().splitlines()] if path.exists() else []
    )


def show(console: Console, morning: Morning, commands: Iterable[str]) -> None:
    """Print the tables."""
    console.print(came_in(morning))
    console.print(became(morning))
    console.print(worst(morning.alerts))
    console.print(told(morning.notices))
    console.print(why_few(morning))
    if (one := _worth_reading(morning.notices)) is not None:
        console.print(rendered(one))
    console.print("[bold]Try next[/bold]")
    for command in commands:
        console.print(f"  {command}", soft_wrap=True, highlight=False)


def came_in(morning: Morning) -> Table:
    """Return the table of what came in."""
    table = Table(title="What came in", title_justify="left", title_style="bold", show_header=False)
    table.add_row("lines read", f"{morning.lines:,}")
    table.add_row("of those, sent twice", f"{morning.duplicates:,}")
    for reason, count in Counter(letter.reason for letter in morning.letters).most_common():
        table.add_row(f"refused: {reason}", f"{count:,}")
    table.add_row("through the job in", f"{morning.seconds:.1f} s")
    return table


def became(morning: Morning) -> Table:
    """Return the table of what it became."""
    statuses = Counter(alert.status for alert in morning.alerts)
    table = Table(title="What it became", title_justify="left", title_style="bold", show_header=False)
    table.add_row("alerts", f"{len(morning.alerts):,}")
    for status, style in STATUS_STYLES.items():
        if statuses[status]:
            table.add_row(Text(f"  {status.lower()}", style=style), f"{statuses[status]:,}")
    table.add_row("events an alert", f"{morning.lines / max(len(morning.alerts), 1):.0f}")
    table.add_row("notices", f"{len(morning.notices):,}")
    return table


def worst(alerts: Sequence[Alert]) -> Table:
    """Return the worst alerts: open ones first, then by severity and by how much they saw."""
    table = Table("status", "severity", "alert", "target", "for", "events", title="The worst alerts", title_justify="left",
                  title_style="bold")  # fmt: skip
    order = sorted(alerts, key=lambda alert: (alert.severity, alert.status != ABNORMAL, -alert.event_count, alert.id))
    for alert in order[:WORST]:
        name, style = SEVERITIES[alert.severity]
        table.add_row(
            Text(alert.status.lower(), style=STATUS_STYLES[alert.status]),
            Text(name, style=style),
            shown(alert.alert_name),
            shown(alert.event.target or ""),
            span((alert.end_time or alert.latest_time) - alert.begin_time),
            str(alert.event_count),
        )
    return table


def told(notices: Sequence[Notice]) -> Table:
    """Return who was told how often, and how many alerts their messages stood for."""
    table = Table("who", "way", "messages", "for so many alerts", title="The notices", title_justify="left",
                  title_style="bold")  # fmt: skip
    messages: Counter[tuple[str, str]] = Counter()
    alerts: Counter[tuple[str, str]] = Counter()
    for notice in notices:
        for receiver in notice.receivers:
            messages[receiver, notice.way] += 1
            alerts[receiver, notice.way] += len(notice.alert_ids)
    for (receiver, way), count in sorted(messages.items()):
        table.add_row(shown(receiver), way, str(count), str(alerts[receiver, way]))
    return table


def why_few(morning: Morning) -> Table:
    """Return why most of what was planned is no message of its own."""
    table = Table(title="Why so few messages", title_justify="left", title_style="bold", show_header=False)
    for reason, count in sorted(morning.reasons.items(), key=lambda one: -one[1]):
        table.add_row(f"{count:,} {reason}", shown(why_text(reason)))
    return table


def _worth_reading(notices: Sequence[Notice]) -> Notice | None:
    """Return the summary that stands for the most alerts, else the first notice."""
    return max(notices, key=lambda notice: (len(notice.alert_ids), notice.way == "mail"), default=None)


def rendered(notice: Notice) -> Panel:
    """Return one notice as its receiver reads it."""
    text = plain_text(notice.content) if notice.way == "mail" else notice.content
    lines = text.splitlines()
    more = [f"... {len(lines) - LINES} more lines"] if len(lines) > LINES else []
    title = f"{notice.way} to {', '.join(notice.receivers)}: {notice.title}"
    return Panel(shown_lines([*lines[:LINES], *more]), title=shown(title), title_align="left")


def shown_lines(lines: Iterable[str]) -> Text:
    """Return lines from outside as plain text."""
    return Text("\n").join(shown(line) for line in lines)


def figures(morning: Morning) -> dict[str, Any]:
    """Return the figures for programs."""
    return {
        "lines": morning.lines,
        "seconds": round(morning.seconds, 3),
        "duplicates": morning.duplicates,
        "dead_letters": len(morning.letters),
        "alerts": dict(Counter(alert.status for alert in morning.alerts)),
        "reasons": dict(morning.reasons),
        "notices": dict(Counter(notice.way for notice in morning.notices)),
        "messages": dict(Counter(name for notice in morning.notices for name in notice.receivers)),
    }
