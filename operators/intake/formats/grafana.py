"""Grafana: Alertmanager's webhook with the values that a rule looked at, and links to its panels."""

from typing import Any

import msgspec

from operators.intake.formats.alertmanager import PostedAlert, event_of
from operators.intake.formats.format import GRAFANA, Made, Refused, line, over, unreadable
from operators.model.reason import DeadReason


class GrafanaAlert(PostedAlert, frozen=True, rename="camel"):
    """An alert of Grafana."""

    values: dict[str, Any] | None = None
    value_string: str = ""
    dashboard_url: str = msgspec.field(name="dashboardURL", default="")
    panel_url: str = msgspec.field(name="panelURL", default="")
    silence_url: str = msgspec.field(name="silenceURL", default="")


class GrafanaGroup(msgspec.Struct, frozen=True, rename="camel"):
    """The body."""

    alerts: list[msgspec.Raw]
    truncated_alerts: int = 0
    org_id: int | None = None


_group = msgspec.json.Decoder(GrafanaGroup)
_alert = msgspec.json.Decoder(GrafanaAlert)


def read(body: bytes, at: int) -> Made:
    """Read a body."""
    try:
        group = _group.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Made([], refused=[unreadable(error)])
    if many := over(group.alerts):
        return Made([], refused=many)
    events: list[bytes] = []
    refused: list[Refused] = []
    for number, part in enumerate(group.alerts):
        made = _read_one(part, at, group.org_id)
        if isinstance(made, bytes):
            events.append(made)
        else:
            refused.append(made._replace(place=f"alerts[{number}]"))
    return Made(events, refused=refused, truncated=group.truncated_alerts)


def _read_one(part: msgspec.Raw, at: int, org_id: int | None) -> bytes | Refused:
    try:
        alert = _alert.decode(part)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return unreadable(error)
    event = event_of(alert, at, GRAFANA, _extra(alert, org_id))
    return Refused("", DeadReason.BAD_VALUE, event) if isinstance(event, str) else line(event)


def _extra(alert: GrafanaAlert, org_id: int | None) -> dict[str, Any]:
    extra: dict[str, Any] = {
        name: link for name in ("dashboard_url", "panel_url", "silence_url") if (link := getattr(alert, name))
    }
    if alert.values:
        extra["values"] = alert.values
    if alert.value_string:
        extra["value_string"] = alert.value_string
    return extra if org_id is None else {**extra, "org_id": org_id}
