"""Alerts as a table: a row each, or three lines each where a row would not fit."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from flows.cli.view import SEVERITIES, STATUS_STYLES, View, shown
from operators.explain.text import span
from operators.model.alert import ABNORMAL, Alert
from operators.model.event import Event

WIDE = 120
"""Columns of a terminal from which on an alert is one row."""


def alert_table(view: View, found: Sequence[Alert], width: int) -> Table:
    """Return the table; an id is never cut, because people copy it."""
    return _wide(view, found) if width >= WIDE else _narrow(view, found)


def _wide(view: View, found: Sequence[Alert]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("id", "status", "severity", "begin"):
        table.add_column(title, no_wrap=True)
    for title in ("for", "events"):
        table.add_column(title, justify="right", no_wrap=True)
    for title in ("strategy", "target", "alert"):
        table.add_column(title, overflow="fold")
    for alert in found:
        table.add_row(
            alert.id,
            stage(alert),
            severity(alert),
            view.moment(alert.begin_time),
            lasting(alert),
            str(alert.event_count),
            shown(alert.strategy_id or alert.event.plugin_id),
            shown(alert.event.target or ""),
            shown(alert.alert_name),
        )
    return table


def _narrow(view: View, found: Sequence[Alert]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("id, begin", no_wrap=True, min_width=25)
    table.add_column("status")
    table.add_column("alert, target, strategy", overflow="fold")
    for alert in found:
        what = (alert.alert_name, alert.event.target or "", alert.strategy_id or alert.event.plugin_id)
        table.add_row(
            f"{alert.id}\n{view.moment(alert.begin_time)}\n{lasting(alert)}, {_events(alert.event_count)}",
            Text("\n").join((stage(alert), severity(alert))),
            Text("\n").join(map(shown, what)),
        )
    return table


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count:,} events"


def lasting(alert: Alert) -> str:
    """Show how long an alert has lasted, to its end or its latest anomaly."""
    last = alert.latest_time if alert.end_time is None else alert.end_time
    return span(max(last - alert.begin_time, 0))


def stage(alert: Alert) -> Text:
    """Show where an alert stands: its status, and what keeps it quiet."""
    status = "RECOVERING" if alert.status == ABNORMAL and alert.extra_info.is_recovering else alert.status
    flags = {"blocked": alert.is_blocked, "shielded": alert.is_shielded, "acked": alert.is_ack}
    marks = " ".join(name for name, holds in flags.items() if holds)
    return Text.assemble((status, STATUS_STYLES.get(status, "")), f" {marks}" if marks else "")


def severity(of: Alert | Event) -> Text:
    """Show how bad it is."""
    name, style = SEVERITIES.get(of.severity, (str(of.severity), ""))
    return Text(name, style=style)
