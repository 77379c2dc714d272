"""Every format there is: a new one is one file and one row (docs/extending.md)."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from operators.intake.formats import alertmanager, bk_monitor, cloudevents, grafana, pagerduty, posted, tocsin, zabbix
from operators.intake.formats.format import (
    ALERTMANAGER,
    BK_MONITOR,
    CLOUDEVENTS,
    GRAFANA,
    PAGERDUTY,
    ZABBIX,
    Made,
    Read,
    Refused,
)
from operators.model.reason import DeadReason
from operators.rules.shapes.source import JSON


class Format(NamedTuple):
    """A format: how a body is read, and whether its senders resolve their alerts themselves (design.md 7.53)."""

    read: Read
    resolves: bool = False
    secret: Callable[[bytes], str] | None = None
    """What in a body says who sends it, where the sender cannot say it in a header."""


def _unread(body: bytes, at: int) -> Made:  # noqa: ARG001 - a format is told when its body came
    """Refuse any JSON that no rule reads (by_rule.py)."""
    return Made([], refused=[Refused("body", DeadReason.INVALID_RULES, "no rule of kind `sources` is named", body)])


FORMATS: Mapping[str, Format] = {
    "tocsin": Format(tocsin.read),
    "prometheus": Format(posted.read, resolves=True),
    ALERTMANAGER: Format(alertmanager.read_webhook, resolves=True),
    GRAFANA: Format(grafana.read, resolves=True),
    PAGERDUTY: Format(pagerduty.read, resolves=True, secret=pagerduty.secret),
    ZABBIX: Format(zabbix.read, resolves=True),
    CLOUDEVENTS: Format(cloudevents.read),
    BK_MONITOR: Format(bk_monitor.read, secret=bk_monitor.secret),
    JSON: Format(_unread),
}
"""Name -> format. `prometheus` is the array that goes to `/api/v2/alerts`, `alertmanager` the webhook, `json` what a rule reads."""
