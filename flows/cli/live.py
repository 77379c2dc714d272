"""A live table of a replay: how far it is, what is open, what was told."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from flows.cli.view import SEVERITIES, shown
from flows.replay.replay import Replay
from operators.explain.text import span

ROWS = 12
"""Open alerts shown: the worst, then the oldest."""


@contextmanager
def watching() -> Iterator[Callable[[Replay], None]]:
    """Show a table on stderr while the block runs; yields what refreshes it."""
    last: list[Replay] = []
    with Live(console=Console(stderr=True), refresh_per_second=8, transient=False) as live:

        def watch(seen: Replay) -> None:
            last[:] = [seen]
            live.update(picture(seen))

        yield watch
        if last:
            live.update(picture(last[0]))


def picture(driver: Replay) -> Group:
    """Return the table of a moment."""
    worker, counts = driver.worker, driver.worker.scene.counts
    clock = datetime.fromtimestamp(worker.clock, UTC).isoformat(sep=" ")
    head = Text(
        f"{clock}   {counts.events} events -> {counts.opened} alerts, "
        f"{counts.opened - counts.recovered - counts.closed} open   notices: "
        + (", ".join(f"{way} {count}" for way, count in sorted(driver.outcome.told.items())) or "none")
    )
    return Group(head, _worst(driver))


def _worst(driver: Replay) -> Table:
    table = Table("severity", "alert", "target", "for", "events", box=None)
    worker = driver.worker
    alerts = sorted(worker.states.open(), key=lambda alert: (alert.severity, alert.begin_time, alert.id))
    for alert in alerts[:ROWS]:
        name, style = SEVERITIES.get(alert.severity, (str(alert.severity), ""))
        table.add_row(
            Text(name, style=style),
            shown(alert.alert_name),
            shown(alert.event.target or ""),
            span(max(worker.clock - alert.begin_time, 0)),
            str(alert.event_count),
        )
    return table
