"""Every format there is: a new one is one file and one row (docs/extending.md)."""

from collections.abc import Mapping
from typing import NamedTuple

from operators.intake.formats import alertmanager, grafana, tocsin
from operators.intake.formats.format import ALERTMANAGER, GRAFANA, Read


class Format(NamedTuple):
    """A format: how a body is read, and whether its senders resolve their alerts themselves (design.md 7.53)."""

    read: Read
    resolves: bool = False


FORMATS: Mapping[str, Format] = {
    "tocsin": Format(tocsin.read),
    "prometheus": Format(alertmanager.read_posted, resolves=True),
    ALERTMANAGER: Format(alertmanager.read_webhook, resolves=True),
    GRAFANA: Format(grafana.read, resolves=True),
}
"""Name -> format. `prometheus` is the array that goes to `/api/v2/alerts`, `alertmanager` the webhook."""
