"""PagerDuty, Events API v2: each alert of a notice is an incident of its own, by the alert's id.

Receivers are names of services; the secret is the routing key, or a JSON object that names one for each service.
"""

from functools import partial
from typing import Any

import msgspec

from operators.deliver.delivery import Result, Results
from operators.model.records import Notice
from sinks.channels.errors import DeliveryError, RefusedError, attempt, failure, for_all
from sinks.channels.http import Answer, Http
from sinks.channels.parts import Parts
from sinks.channels.secrets import Reveal, address_of, addresses

ADDRESS = "https://events.pagerduty.com/v2/enqueue"
MOST = 50
"""Alerts of one notice that become incidents; a summary of more is told by those."""
_LONGEST = 1024
"""Characters of a summary."""
_ACTIONS = {"recovered": "resolve", "closed": "resolve", "ack": "acknowledge"}
_SEVERITIES = {1: "critical", 2: "warning", 3: "info"}
_JSON = {"Content-Type": "application/json; charset=utf-8"}


class PagerDuty:
    """Sends the events of a notice to the services that it names."""

    def __init__(self, http: Http, url: Reveal, key: Reveal) -> None:
        self._http, self._url, self._key = http, url, key

    def send(self, notice: Notice) -> Results:
        """Send an event for every alert; a service that takes one not is not asked for the others."""
        try:
            url, keys = self._url() or ADDRESS, addresses(self._key())
        except DeliveryError as error:
            return for_all(notice.receivers, failure(error))
        secrets = (url, *keys.values())
        results: Results = {}
        for service in notice.receivers:
            result = attempt(partial(self._tell, notice, service, url, keys), secrets)
            if result.retryable:  # the provider is in trouble, whichever service it is
                return {**for_all(notice.receivers, result), **results}
            results[service] = result
        return results

    def _tell(self, notice: Notice, service: str, url: str, keys: dict[str, str]) -> Result:
        key, result = address_of(keys, service), Result(ok=True)
        if not notice.alert_ids:
            raise RefusedError("it takes alerts only")
        for alert in notice.alert_ids[:MOST]:
            body = msgspec.json.encode(event_of(notice, alert, key))
            result = judged(self._http.call("POST", url, body, _JSON))
        return result


def event_of(notice: Notice, alert: str, key: str) -> dict[str, Any]:
    """Return the event that tells of one alert; a repeated one changes nothing at the provider."""
    action = _ACTIONS.get(notice.signal, "trigger")
    event = {"routing_key": key, "event_action": action, "dedup_key": alert}
    if action != "trigger":
        return event
    payload = {
        "summary": notice.title[:_LONGEST] or alert,
        "source": "tocsin",
        "severity": _SEVERITIES.get(notice.severity, "info"),
        "group": str(notice.bk_biz_id or ""),
        "custom_details": {"text": notice.content},
    }
    return {**event, "payload": payload}


def judged(answer: Answer) -> Result:
    """Return success for an event that was taken. Raises RefusedError for anything else."""
    said = answer.json()
    if said.get("status") == "success":
        return Result(ok=True, message_id=str(said.get("dedup_key") or ""))
    why = said.get("errors") or said.get("message") or "no reason given"
    raise RefusedError(", ".join(map(str, why)) if isinstance(why, list) else str(why))


def open_channel(parts: Parts) -> PagerDuty:
    """Return the channel of a rule. Source: developer.pagerduty.com, Events API v2."""
    return PagerDuty(parts.http(), parts.url(), parts.secret())
