"""What people do on a page: each deed is a command with an id, answered as pending, then with what the job made of it."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from flows.console.explained import look_up
from flows.console.guard import actor, new_command_id, reader
from flows.console.page import rendered, wants_json
from flows.console.parts import Console
from flows.console.reading import read_store
from flows.gateway.durable import NotKeptError
from flows.gateway.intake import body_of
from flows.gateway.service import AnswerError, json, not_kept, said
from operators.model.alert import Alert
from operators.rules.one_alert import shield_of_alert
from sinks.store.query import CommandQuery

HOUR = 3600
SPANS = {"1h": HOUR, "4h": 4 * HOUR}
TOMORROW, MORNING = "tomorrow", 9
"""Until tomorrow means until nine in the morning, in the zone of the business."""
LONGEST_TEXT = 2000
LOOKS = 60
"""Looks at the store, about one a second, after which the page says that no job seems to listen."""
ON_ALERT = ("ack", "close", "comment", "assign", "shield")
_COMMAND_ID = re.compile(r"[0-9a-f]{32}")


class Deeds:
    """The handlers."""

    def __init__(self, console: Console) -> None:
        self._console = console

    async def on_alert(self, request: Request) -> Response:
        """Ack, close, comment, assign or shield one alert."""
        who, deed = actor(self._console, request), request.path_params["deed"]
        if deed not in ON_ALERT:
            raise AnswerError(404, f"no such deed: one of {', '.join(ON_ALERT)}")
        alert = await read_store(self._console, look_up, request.path_params["id"])
        if alert is None:
            raise AnswerError(404, f"no alert {request.path_params['id'][:80]}")
        given = await _form(request)
        command = self._shield(alert, given, who) if deed == "shield" else _command(deed, alert, given)
        return await self._told(request, {**command, "message": _message(given)}, who)

    async def end_shield(self, request: Request) -> Response:
        """End a shield that was set by command."""
        who, name = actor(self._console, request), request.path_params["id"]
        if name not in {one.id for one in await read_store(self._console, lambda store: store.shields())}:
            raise AnswerError(404, f"no shield {name[:80]} was set by command; those of the rules end in the rules")
        message = _message(await _form(request))
        return await self._told(request, {"command": "unshield", "id": name, "message": message}, who)

    async def outcome(self, request: Request) -> Response:
        """Say what became of a command: pending, applied, or refused and why."""
        reader(self._console, request)
        name = request.path_params["id"]
        looks = request.query_params.get("looks", "0")
        if not _COMMAND_ID.fullmatch(name) or not re.fullmatch("[0-9]{1,6}", looks):
            raise AnswerError(404, "no such command")
        found = await read_store(self._console, lambda store: store.commands(CommandQuery(id=name, limit=1)))
        return self._fragment(request, name, found[0] if found else None, int(looks) + 1)

    async def _told(self, request: Request, command: dict[str, Any], who: str) -> Response:
        now, name = int(self._console.service.now()), new_command_id()
        line = json({"kind": "command", "at": now, "operator": who, "command_id": name, **command})
        try:
            await self._console.service.durable.keep([line], now, "command")
        except NotKeptError as error:
            raise not_kept(error) from error
        return self._fragment(request, name, None, 0, 202)

    def _fragment(self, request: Request, name: str, found: Any, looks: int, status: int = 200) -> Response:
        if wants_json(request):
            return said(
                {"command_id": name, "outcome": found.outcome if found else "pending", "command": found}, status
            )
        if request.headers.get("hx-request") != "true":
            return RedirectResponse("/audit", 303)
        text = rendered(
            self._console, request, "outcome.html.jinja", command_id=name, found=found, looks=looks, most=LOOKS
        )
        done = {"HX-Trigger": "tocsin:done"} if found else {}
        return HTMLResponse(text, status, {"Cache-Control": "no-store", **done})

    def _shield(self, alert: Alert, given: Mapping[str, str], who: str) -> dict[str, Any]:
        now, span = int(self._console.service.now()), given.get("for", "")
        zone = self._console.book().zone_of(alert.bk_biz_id, self._console.settings)
        if span not in (*SPANS, TOMORROW):
            raise AnswerError(422, f"for: one of {', '.join((*SPANS, TOMORROW))}")
        end = now + SPANS[span] if span in SPANS else tomorrow(now, zone)
        name = f"alert-{alert.id}-{now}"
        return {"command": "shield", "shield": shield_of_alert(alert, name, now, end, who, _message(given))}


def tomorrow(now: int, zone: ZoneInfo) -> int:
    """Return the second at which the next day's work begins."""
    next_day = datetime.fromtimestamp(now, zone).date() + timedelta(days=1)
    return int(datetime(next_day.year, next_day.month, next_day.day, MORNING, tzinfo=zone).timestamp())


def _command(deed: str, alert: Alert, given: Mapping[str, str]) -> dict[str, Any]:
    command: dict[str, Any] = {"command": deed, "alert_id": alert.id}
    if deed == "assign":
        people = re.split(r"[\s,;]+", given.get("users", "").strip())
        if not people[0]:
            raise AnswerError(422, "to whom? name at least one person")
        command["appointee"] = [one for one in people if one]
    return command


def _message(given: Mapping[str, str]) -> str:
    """Return the reason that was given: everybody who looks later asks for it."""
    text = given.get("message", "").strip()
    if not text:
        raise AnswerError(422, "say why, in a few words")
    return text[:LONGEST_TEXT]


async def _form(request: Request) -> dict[str, str]:
    body = await body_of(request)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=20))
    except (UnicodeDecodeError, ValueError) as error:
        raise AnswerError(400, f"no form that can be read: {error}") from error
