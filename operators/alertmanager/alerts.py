"""Our alerts as Alertmanager shows its own."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from operators.intake.formats.alertmanager import fingerprint
from operators.model.alert import Alert

SEVERITIES = {1: "critical", 2: "warning", 3: "info"}
LEASE = 300
"""Seconds from now on for which an open alert without a lease is said to hold: tools read it as "still firing"."""

GettableAlert = dict[str, Any]


class Status(msgspec.Struct, frozen=True, rename="camel"):
    """What holds an alert back."""

    state: str
    silenced_by: Sequence[str] = ()
    inhibited_by: Sequence[str] = ()
    muted_by: Sequence[str] = ()


def labels_of(alert: Alert) -> dict[str, str]:
    """Return an alert's labels: its tags, with a name and a severity where the tags have none."""
    labels = {tag.key: str(tag.value) for tag in alert.event.tags if tag.value not in (None, "", [], ())}
    labels.setdefault("alertname", alert.alert_name)
    labels.setdefault("severity", SEVERITIES.get(alert.severity, "info"))
    if alert.event.target and "instance" not in labels:
        labels["instance"] = alert.event.target
    return labels


def annotations_of(alert: Alert) -> dict[str, str]:
    """Return what its sender wrote beside the labels, and where we show it."""
    said = alert.event.extra_info.get("annotations")
    annotations = {key: str(value) for key, value in said.items()} if isinstance(said, dict) else {}
    if not annotations and alert.event.description:
        annotations["summary"] = alert.event.description
    return {**annotations, "tocsin_id": alert.id}


def status_of(alert: Alert, inhibitors: Iterable[Alert] = ()) -> Status:
    """Return whether people are told of an alert, and which shields and other alerts keep them from it."""
    by = tuple(sorted({fingerprint_of(one) for one in inhibitors}))
    state = "suppressed" if alert.is_shielded or by else "active"
    return Status(state, alert.shield_id if alert.is_shielded else (), by)


def fingerprint_of(alert: Alert) -> str:
    """Return by what Alertmanager's tools know an alert."""
    said = alert.event.extra_info.get("fingerprint")
    return str(said or fingerprint(sorted(labels_of(alert).items())))


def gettable(alert: Alert, receivers: Iterable[str], now: int, inhibitors: Iterable[Alert] = ()) -> GettableAlert:
    """Return an open alert as `GET /api/v2/alerts` shows it; `inhibitors`: what keeps it silent."""
    labels = labels_of(alert)
    extra = alert.event.extra_info
    lease = getattr(alert.event, "until", None)
    url = extra.get("generator_url")
    return {
        "annotations": annotations_of(alert),
        "endsAt": moment(lease if lease and lease > now else now + LEASE),
        "fingerprint": fingerprint_of(alert),
        "receivers": [{"name": name} for name in receivers],
        "startsAt": moment(alert.first_anomaly_time),
        "status": status_of(alert, inhibitors),
        "updatedAt": moment(alert.update_time),
        "labels": labels,
        **({"generatorURL": str(url)} if url else {}),
    }


def moment(second: float) -> str:
    """Return a second as the API writes it."""
    return datetime.fromtimestamp(second, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def grouped(alerts: Iterable[tuple[GettableAlert, Sequence[str]]]) -> list[dict[str, Any]]:
    """Return alerts by receiver and name: an alert stands in one group of each receiver."""
    groups: dict[tuple[str, str], list[GettableAlert]] = {}
    for alert, receivers in alerts:
        for receiver in receivers or ("",):
            groups.setdefault((receiver, alert["labels"]["alertname"]), []).append(alert)
    return [
        _group(receiver, name, members) for (receiver, name), members in sorted(groups.items(), key=lambda one: one[0])
    ]


def is_muted(group: dict[str, Any]) -> bool:
    """Return True if everything in a group is held back."""
    return all(alert["status"].state == "suppressed" for alert in group["alerts"])


def _group(receiver: str, name: str, members: list[GettableAlert]) -> dict[str, Any]:
    labels: Mapping[str, str] = {"alertname": name}
    return {"alerts": members, "labels": labels, "receiver": {"name": receiver}, "routeLabels": {}}
