"""From a form to commands: what people do to alerts, each command with an id under which its outcome is found."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flows.console.until import end_of
from flows.gateway.service import AnswerError
from operators.model.alert import Alert
from operators.rules.one_alert import SCOPES, Terms, shields_of

ON_ALERTS = ("ack", "unack", "close", "comment", "assign", "shield")
LONGEST_TEXT = 2000
_HEX = 32


def commands_of(
    deed: str, alerts: Sequence[Alert], given: Mapping[str, str], *, who: str, now: int, zone: ZoneInfo
) -> list[dict[str, Any]]:
    """Return the commands, without their ids. Raises AnswerError."""
    said: dict[str, Any] = {"message": message_of(given)}
    if deed == "shield":
        return [
            {"command": "shield", "shield": one, **said}
            for one in shields_asked(alerts, given, who=who, now=now, zone=zone)
        ]
    if deed == "ack" and (end := end_of(given, now, zone, may_be_open=True)) is not None:
        said |= {"until": end}
    if deed == "assign":
        said |= {"appointee": _people(given)}
    return [{"command": deed, "alert_id": alert.id, **said} for alert in alerts]


def shields_asked(
    alerts: Sequence[Alert], given: Mapping[str, str], *, who: str, now: int, zone: ZoneInfo
) -> list[dict[str, Any]]:
    """Return the documents of the shields that a form asks for. Raises AnswerError."""
    scope = given.get("scope", "alert")
    if scope not in SCOPES:
        raise AnswerError(422, f"scope: one of {', '.join(SCOPES)}")
    end = end_of(given, now, zone)
    assert end is not None  # only an ack may be without
    at = datetime.fromtimestamp(now, zone).strftime("%m%d-%H%M%S")
    terms = Terms(f"{who}-{at}-{alerts[0].id[-4:]}", now, end, who, given.get("message", ""))
    return shields_of(alerts, scope, terms)


def message_of(given: Mapping[str, str]) -> str:
    """Return the reason that was given: everybody who looks later asks for it. Raises AnswerError."""
    text = given.get("message", "").strip()
    if not text:
        raise AnswerError(422, "say why, in a few words")
    return text[:LONGEST_TEXT]


def command_ids(first: str, count: int) -> list[str]:
    """Return the ids of the commands of one deed: they follow each other."""
    start = int(first, 16)
    return [f"{(start + number) % (1 << 4 * _HEX):0{_HEX}x}" for number in range(count)]


def _people(given: Mapping[str, str]) -> list[str]:
    people = [one for one in re.split(r"[\s,;]+", given.get("users", "").strip()) if one]
    if not people:
        raise AnswerError(422, "to whom? name at least one person")
    return people
