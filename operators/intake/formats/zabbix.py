"""Zabbix: what our media type (examples/zabbix) sends of a problem, its updates and its recovery (gateway.md 5).

The macros of Zabbix are texts, empty or unresolved (`{HOST.IP}`, `*UNKNOWN*`) where there is nothing to say.
"""

import re
from typing import Annotated, Any

import msgspec

from operators.intake.formats.format import ZABBIX, Foreign, Made, line, plain_tags, unreadable
from operators.model.bounds import whole
from operators.model.event import RESOLVES, Tag
from operators.model.identity import digest

SEVERITIES = {"0": "info", "1": "info", "2": "warning", "3": "average", "4": "high", "5": "disaster"}
"""`{EVENT.NSEVERITY}` -> a word for it (design.md 7.51)."""
_UNRESOLVED = re.compile(r"\{[A-Z.$0-9:]+\}|\*UNKNOWN\*")


class Told(msgspec.Struct, frozen=True):
    """The body."""

    event_id: Annotated[str, msgspec.Meta(min_length=1)]
    name: Annotated[str, msgspec.Meta(min_length=1)]
    value: str = "1"
    """1: there is a problem; 0: it is over."""
    severity: str = ""
    trigger_id: str = ""
    host: str = ""
    ip: str = ""
    description: str = ""
    time: str = ""
    url: str = ""
    tags: Any = ()
    """`{EVENT.TAGSJSON}`: a list of {tag, value}, or its text."""
    update_status: str = "0"
    update_action: str = ""
    update_message: str = ""
    user: str = ""


_told = msgspec.json.Decoder(Told)


def read(body: bytes, at: int) -> Made:
    """Read a body."""
    try:
        told = _told.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Made([], refused=[unreadable(error)])
    md5 = digest(ZABBIX, _said(told.host), _said(told.trigger_id) or told.event_id)
    if _said(told.update_status) != "1":
        return Made([line(_event(told, md5, at))])
    commands = [line(command) for command in _commands(told, md5)]
    is_changed = "severity" in told.update_action.lower()
    return Made([line(_event(told, md5, at))] if is_changed else [], commands)


def _said(text: str) -> str:
    return "" if _UNRESOLVED.fullmatch(text) else text


def _commands(told: Told, md5: str) -> list[dict[str, str]]:
    """Return what an update asks for: its words are those of `{EVENT.UPDATE.ACTION}`."""
    action = told.update_action.lower()
    by = {"dedupe_md5": md5, "operator": _said(told.user) or ZABBIX, "message": _said(told.update_message)}
    found = []
    if "acknowledged" in action and "unacknowledged" not in action:
        found.append({"command": "ack", **by})
    if "commented" in action and not found:
        found.append({"command": "comment", **by})
    if "closed" in action:
        found.append({"command": "close", **by})
    return found


def _event(told: Told, md5: str, at: int) -> Foreign:
    began = whole(told.time)
    is_over = told.value == "0"
    host = _said(told.host)
    return Foreign(
        event_id=told.event_id,
        plugin_id=ZABBIX,
        alert_name=told.name,
        time=at,
        anomaly_time=at if began is None else min(began, at),
        status="resolved" if is_over else "problem",
        severity=SEVERITIES.get(told.severity, told.severity),
        description=_said(told.description),
        target_type="HOST",
        target=_said(told.ip) or host,
        tags=(*plain_tags({"host": host, "ip": _said(told.ip)}), *_tags(told.tags)),
        dedupe_md5=md5,
        extra_info={RESOLVES: True, "trigger_id": told.trigger_id, **({"url": told.url} if _said(told.url) else {})},
    )


def _tags(given: Any) -> tuple[Tag, ...]:
    if isinstance(given, str):
        try:
            given = msgspec.json.decode(given)
        except msgspec.DecodeError:
            return ()
    entries = given if isinstance(given, list) else ()
    pairs = {str(one["tag"]): one.get("value", "") for one in entries if isinstance(one, dict) and "tag" in one}
    return plain_tags(pairs)
