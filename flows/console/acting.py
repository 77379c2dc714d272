"""What people do on a page: each deed is commands with ids, answered as pending, then with what the job made of them."""

import re
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import msgspec
import structlog
from starlette.datastructures import MultiDict
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from flows.console.chosen import MOST, Chosen, chosen
from flows.console.deeds import ON_ALERTS, command_ids, commands_of, message_of, shields_asked
from flows.console.guard import actor, new_command_id, origin_of, reader
from flows.console.page import rendered, wants_json
from flows.console.parts import Console
from flows.console.preview import foreseen
from flows.console.reading import asked, read, read_store
from flows.console.trouble import OUTBOX_DEEDS, settle_dead
from flows.courier.noting import done_to_outbox, note
from flows.gateway.durable import NotKeptError
from flows.gateway.intake import body_of
from flows.gateway.service import AnswerError, json, not_kept, said
from operators.model.alert import Alert
from operators.model.command import CommandDocument
from sinks.store.interface import Store
from sinks.store.query import CommandQuery

log = structlog.get_logger()
LOOKS = 60
"""Looks at the store, about one a second, after which the page says that no job seems to listen."""
EARLIER = 600
"""Seconds before the deed from which its commands are looked for: clocks differ."""
_COMMAND_ID = re.compile(r"[0-9a-f]{32}")
_NUMBER = re.compile(r"[0-9]{1,12}")


class Outcome(msgspec.Struct, frozen=True):
    """What became of the commands of one deed."""

    id: str
    asked: int
    since: int
    command: str
    applied: int
    refused: tuple[CommandDocument, ...]

    @property
    def pending(self) -> int:
        """How many the job has not read yet."""
        return self.asked - self.applied - len(self.refused)


class Deeds:
    """The handlers."""

    def __init__(self, console: Console) -> None:
        self._console = console

    async def on_alert(self, request: Request) -> Response:
        """Do something to one alert."""
        return await self._on(request, (request.path_params["id"],))

    async def on_alerts(self, request: Request) -> Response:
        """Do something to all that are chosen."""
        return await self._on(request, None)

    async def dialog(self, request: Request) -> Response:
        """Ask what a deed needs to know, and show what it is for."""
        reader(self._console, request, "command")
        deed, given = _deed(request), MultiDict(request.query_params.multi_items())
        alerts = await asked(read_store(self._console, chosen, _chosen(given, request)))
        text = rendered(self._console, request, "dialog.html.jinja", deed=deed, alerts=alerts, zone=self._zone(alerts))
        return HTMLResponse(text, headers={"Cache-Control": "no-store"})

    async def preview(self, request: Request) -> Response:
        """Say what a shield would cover now."""
        who, console = reader(self._console, request, "command"), self._console
        given = MultiDict(request.query_params.multi_items())
        alerts = await asked(read_store(console, chosen, _chosen(given, request)))
        now = int(console.service.now())
        documents = shields_asked(alerts, given, who=who, now=now, zone=self._zone(alerts))
        found = await read_store(
            console, foreseen, documents, console.book(), console.settings, now, request.state.businesses
        )
        if wants_json(request):
            return said(found)
        text = rendered(console, request, "preview.html.jinja", found=found)
        return HTMLResponse(text, headers={"Cache-Control": "no-store"})

    async def end_shield(self, request: Request) -> Response:
        """End a shield that was set by command."""
        who, name = actor(self._console, request), request.path_params["id"]
        seen = request.state.businesses
        known = await read_store(self._console, lambda store: store.shields())
        if name not in {one.id for one in known if not seen or str(one.shield.get("bk_biz_id")) in seen}:
            raise AnswerError(404, f"no shield {name[:80]} was set by command; those of the rules end in the rules")
        message = message_of(await form_of(request))
        return await self._told(request, [{"command": "unshield", "id": name, "message": message}], who)

    async def outbox(self, request: Request) -> Response:
        """Send notices that were given up again, or drop them."""
        who, deed = actor(self._console, request, "admin"), request.path_params["deed"]
        if deed not in OUTBOX_DEEDS:
            raise AnswerError(404, f"no such deed: one of {', '.join(OUTBOX_DEEDS)}")
        ids = (await form_of(request)).getlist("id")
        now = self._console.service.now()
        count = await read(settle_dead, self._console.settings.outbox.dsn, deed, ids, now)
        log.info("outbox", deed=deed, operator=who, asked=len(ids), done=count)
        origin = origin_of(self._console, request)
        document = done_to_outbox(deed, ids, count, who=who, origin=origin, now=now)
        await read(note, self._console.settings.store.dsn, document)
        if wants_json(request):
            return said({"done": count, "asked": len(ids)})
        text = rendered(self._console, request, "settled.html.jinja", deed=deed, count=count, asked=len(ids))
        return HTMLResponse(text, headers={"Cache-Control": "no-store", "HX-Trigger": "tocsin:done"})

    async def outcome(self, request: Request) -> Response:
        """Say what became of a deed: pending, applied, or refused and why."""
        reader(self._console, request)
        name, given = request.path_params["id"], request.query_params
        count, looks, since = (given.get(key, default) for key, default in (("n", "1"), ("looks", "0"), ("since", "0")))
        if not _COMMAND_ID.fullmatch(name) or not all(map(_NUMBER.fullmatch, (count, looks, since))):
            raise AnswerError(404, "no such command")
        asked, trouble = min(int(count), MOST), ""
        try:
            found = await read_store(self._console, _outcome, name, asked, int(since))
        except AnswerError as error:
            if wants_json(request):
                raise
            found, trouble = Outcome(name, asked, int(since), "", 0, ()), str(error)  # the page asks again
        return self._fragment(request, found, int(looks) + 1, trouble=trouble)

    async def _on(self, request: Request, ids: tuple[str, ...] | None) -> Response:
        who, deed, given = actor(self._console, request), _deed(request), await form_of(request)
        alerts = await asked(read_store(self._console, chosen, _chosen(given, request, ids)))
        now = int(self._console.service.now())
        return await self._told(
            request, commands_of(deed, alerts, given, who=who, now=now, zone=self._zone(alerts)), who
        )

    async def _told(self, request: Request, commands: list[dict[str, Any]], who: str) -> Response:
        now, name = int(self._console.service.now()), new_command_id()
        given = {"kind": "command", "at": now, "operator": who, "origin": origin_of(self._console, request)}
        lines = [
            json({**given, "command_id": one, **command})
            for one, command in zip(command_ids(name, len(commands)), commands, strict=True)
        ]
        try:
            await self._console.service.durable.keep(lines, now, "command")
        except NotKeptError as error:
            raise not_kept(error) from error
        begun = Outcome(name, len(lines), now, commands[0]["command"], 0, ())
        return self._fragment(request, begun, 0, 202)

    def _fragment(
        self, request: Request, found: Outcome, looks: int, status: int = 200, *, trouble: str = ""
    ) -> Response:
        if wants_json(request):
            return said(_as_json(found), status)
        if request.headers.get("hx-request") != "true":
            return RedirectResponse("/audit", 303)
        text = rendered(
            self._console, request, "outcome.html.jinja", found=found, looks=looks, most=LOOKS, trouble=trouble
        )
        done = {} if found.pending else {"HX-Trigger": "tocsin:done"}
        return HTMLResponse(text, status, {"Cache-Control": "no-store", **done})

    def _zone(self, alerts: list[Alert]) -> ZoneInfo:
        return self._console.book().zone_of(alerts[0].bk_biz_id, self._console.settings)


def _outcome(store: Store, name: str, count: int, since: int) -> Outcome:
    if count == 1:
        found = store.commands(CommandQuery(id=name, limit=1))
    else:
        wanted = set(command_ids(name, count))
        recent = store.commands(CommandQuery(since=since - EARLIER, limit=10_000))
        found = [one for one in recent if one.id in wanted]
    refused = tuple(one for one in found if one.outcome != "applied")
    return Outcome(name, count, since, found[0].command if found else "", len(found) - len(refused), refused)


def _as_json(found: Outcome) -> dict[str, Any]:
    word = "pending" if found.pending else "refused" if found.refused else "applied"
    ids = command_ids(found.id, found.asked)
    return {"command_id": found.id, "command_ids": ids, "outcome": word, **msgspec.to_builtins(found)}


def _deed(request: Request) -> str:
    deed: str = request.path_params["deed"]
    if deed not in ON_ALERTS:
        raise AnswerError(404, f"no such deed: one of {', '.join(ON_ALERTS)}")
    return deed


def _chosen(given: MultiDict, request: Request, ids: tuple[str, ...] | None = None) -> Chosen:
    businesses = request.state.businesses
    if ids is not None:
        return Chosen(ids, businesses=businesses)
    return Chosen(tuple(given.getlist("id")), tuple(given.getlist("fold")), given.get("q") or "", businesses)


async def form_of(request: Request) -> MultiDict:
    """Return the form of a request. Raises AnswerError."""
    body = await body_of(request)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=2 * MOST)
    except (UnicodeDecodeError, ValueError) as error:
        raise AnswerError(400, f"no form that can be read: {error}") from error
    return MultiDict(pairs)
