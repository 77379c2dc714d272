"""The handlers of the pages that only read: each makes a view from the store or the rules, beside the loop."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import tzinfo
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from flows.console.audit import EXPORTED, audit, exported
from flows.console.board import FOLDS, NAMES, SORTS, Wish, board
from flows.console.explained import look_up
from flows.console.finding import find
from flows.console.guard import reader, whole_reader
from flows.console.page import answer, language
from flows.console.parts import Console
from flows.console.people import people, person, with_notices
from flows.console.rulebook import rule, rules, rules_of
from flows.console.shields import shield_rows
from flows.console.silent import silent
from flows.console.telling import alert_view
from flows.console.trend import line
from flows.console.trouble import trouble
from flows.console.words import said
from flows.gateway.service import AnswerError
from sinks.store.interface import StoreError
from sinks.store.order import WORST_FIRST
from sinks.store.query import FIELDS, QueryError

View = TypeVar("View")
replace = msgspec.structs.replace
LAST_PAGE = 10_000


class Pages:
    """The handlers."""

    def __init__(self, console: Console) -> None:
        self._console = console

    async def now(self, request: Request) -> Response:
        """Show what burns."""
        wish = wish_of(request)
        reader(self._console, request)
        found = await asked(read_store(self._console, board, wish, request.state.businesses))
        is_whole = not (wish.q or request.state.businesses)
        trend = await read_store(self._console, self._console.trend) if is_whole else {}
        lang = language(request)
        worst = next((f"{count} {said(name, lang)}" for name, count in found.counts.items() if count), "")
        view = {
            "board": found,
            "wish": wish,
            "views": self._console.settings.console.views,
            "sorts": SORTS,
            "trend": {NAMES[one]: line(counts) for one, counts in trend.items()},
        }
        return await self._answer(request, "now", view, worst or said("all quiet", lang))

    async def alert(self, request: Request) -> Response:
        """Tell the story of one alert."""
        reader(self._console, request)
        console, name = self._console, request.path_params["id"]
        now, book = int(console.service.now()), console.book()
        view = await read_store(console, alert_view, name, book, console.settings, now, request.state.businesses)
        if view is None:
            raise AnswerError(404, f"no alert {name[:80]}")
        zone = book.zone_of(view.alert.bk_biz_id, console.settings)
        return await self._answer(request, "alert", view, view.story.headline, zone=zone)

    async def silent(self, request: Request) -> Response:
        """Say of what nobody was told, and why."""
        reader(self._console, request)
        console, now = self._console, int(self._console.service.now())
        view = await read_store(console, silent, dict(request.query_params), now, request.state.businesses)
        return await self._answer(request, "silent", view, said("Not told", language(request)))

    async def shields(self, request: Request) -> Response:
        """List the shields and which of them hold."""
        reader(self._console, request)
        console = self._console
        now = int(console.service.now())
        rows = await read_store(console, shield_rows, console.book(), console.settings, now, request.state.businesses)
        held = sum(one.holds for one in rows)
        return await self._answer(request, "shields", rows, said("{held} shields hold", language(request), held=held))

    async def people(self, request: Request) -> Response:
        """Say who is on duty, and where nobody is."""
        reader(self._console, request)
        console = self._console
        view = await read(
            people, console.book(), console.settings, int(console.service.now()), request.state.businesses
        )
        gaps = len(view.gaps)
        title = said("{gaps} gaps", language(request), gaps=gaps) if gaps else said("On call", language(request))
        return await self._answer(request, "people", view, title)

    async def person(self, request: Request) -> Response:
        """Say when somebody has a turn, and how to reach them."""
        whole_reader(self._console, request)
        console, name = self._console, request.path_params["name"]
        view = await read(person, console.book(), console.settings, name, int(console.service.now()))
        if view is None:
            raise AnswerError(404, f"no rule knows {name[:80]}")
        view = await read_store(console, with_notices, view)
        return await self._answer(request, "person", view, name)

    async def rules(self, request: Request) -> Response:
        """List the rules in force, by words, by kind, or those that concern an alert."""
        whole_reader(self._console, request)
        console, given = self._console, request.query_params
        book, mistakes, now = console.book(), tuple(console.mistakes()), int(console.service.now())
        if name := given.get("alert"):
            alert = await read_store(console, look_up, name)
            if alert is None:
                raise AnswerError(404, f"no alert {name[:80]}")
            view = await read_store(console, rules_of, book, mistakes, alert, console.settings, now)
        else:
            view = await read_store(console, rules, book, mistakes, dict(given), console.settings, now)
        if given.get("tests"):
            view = replace(view, tested=await read(console.tested, book))
        title = said("Rules", language(request))
        return await self._answer(request, "rules", view, f"{len(mistakes)} ✕ {title}" if mistakes else title)

    async def rule(self, request: Request) -> Response:
        """Show one rule."""
        whole_reader(self._console, request)
        kind, name = request.path_params["kind"], request.path_params["id"]
        view = await read(rule, self._console.book(), kind, name)
        if view is None:
            raise AnswerError(404, f"no rule {kind[:40]}/{name[:80]}")
        return await self._answer(request, "rule", view, view.name or name)

    async def find(self, request: Request) -> Response:
        """Find whatever a text may mean."""
        reader(self._console, request)
        console, q = self._console, request.query_params.get("q", "").strip()[:500]
        view = await read_store(console, find, console.book(), console.settings, q, request.state.businesses)
        return await self._answer(request, "find", view, said("Go to", language(request)))

    async def export(self, request: Request) -> Response:
        """Give the commands as a table."""
        whole_reader(self._console, request)
        view = await read_store(self._console, audit, dict(request.query_params), EXPORTED)
        headers = {"Content-Disposition": 'attachment; filename="audit.csv"', "Cache-Control": "no-store"}
        return Response(exported(view.commands), media_type="text/csv", headers=headers)

    async def audit(self, request: Request) -> Response:
        """List commands and what became of them."""
        whole_reader(self._console, request)
        view = await read_store(self._console, audit, dict(request.query_params))
        return await self._answer(request, "audit", view, said("Audit", language(request)))

    async def trouble(self, request: Request) -> Response:
        """Show what was refused, and what could not be delivered."""
        whole_reader(self._console, request)
        console = self._console
        view = await read_store(console, trouble, console.settings, console.book(), console.service.now())
        return await self._answer(request, "trouble", view, said("Trouble", language(request)))

    async def live(self, request: Request) -> Response:
        """Tell an open page when there is something new."""
        reader(self._console, request)
        return await self._console.live.stream(request)

    async def _answer(
        self, request: Request, name: str, view: Any, title: str, *, zone: tzinfo | None = None
    ) -> Response:
        health = await read(self._console.health)
        return answer(self._console, request, f"{name}.html.jinja", view, title, health=health, zone=zone)


async def asked(reading: Awaitable[View]) -> View:
    """Return what was read by a text that somebody typed. Raises AnswerError."""
    try:
        return await reading
    except QueryError as error:
        raise AnswerError(400, f"{error} (fields: {', '.join(FIELDS)})") from error


async def read_store(console: Console, make: Callable[..., View], *arguments: Any) -> View:
    """Return what a function makes of the store. Raises AnswerError."""
    return await read(lambda: make(console.store(), *arguments))


async def read(make: Callable[..., View], *arguments: Any) -> View:
    """Return what a function that may block makes. Raises AnswerError."""
    try:
        return await asyncio.to_thread(make, *arguments)
    except StoreError as error:
        raise AnswerError(503, str(error), **{"Retry-After": "1"}) from error


def wish_of(request: Request) -> Wish:
    """Return what the address of the page Now asks for. Raises AnswerError."""
    given = request.query_params
    page = given.get("page", "1")
    if not (page.isascii() and page.isdecimal() and len(page) < 9 and 1 <= int(page) <= LAST_PAGE):  # noqa: PLR2004 - digits
        raise AnswerError(400, f"page: expected a number from 1 to {LAST_PAGE}")
    sort, fold = given.get("sort", WORST_FIRST), given.get("fold", "")
    if sort not in SORTS or fold not in ("", *FOLDS):
        raise AnswerError(400, f"sort is one of {', '.join(SORTS)}; fold is one of {', '.join(FOLDS)}")
    narrow = "yes" if given.get("narrow") else ""
    return Wish(given.get("q", "").strip(), sort, int(page), fold, given.get("after", ""), narrow)
