"""The handlers of the pages that only read: each makes a view from the store or the rules, beside the loop."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from flows.console.audit import audit
from flows.console.board import BY_SEVERITY, BY_TIME, Wish, board
from flows.console.guard import reader
from flows.console.page import answer, language
from flows.console.parts import Console
from flows.console.people import people
from flows.console.shields import shield_rows
from flows.console.telling import alert_view
from flows.console.trouble import trouble
from flows.console.words import said
from flows.gateway.service import AnswerError
from sinks.store.interface import StoreError
from sinks.store.query import FIELDS, QueryError

View = TypeVar("View")
LAST_PAGE = 10_000


class Pages:
    """The handlers."""

    def __init__(self, console: Console) -> None:
        self._console = console

    async def now(self, request: Request) -> Response:
        """Show what burns."""
        wish = wish_of(request)
        reader(self._console, request)
        try:
            found = await read_store(self._console, board, wish)
        except QueryError as error:
            raise AnswerError(400, f"{error} (fields: {', '.join(FIELDS)})") from error
        lang = language(request)
        worst = next((f"{count} {said(name, lang)}" for name, count in found.counts.items() if count), "")
        view = {"board": found, "wish": wish}
        return self._answer(request, "now", view, worst or said("all quiet", lang))

    async def alert(self, request: Request) -> Response:
        """Tell the story of one alert."""
        reader(self._console, request)
        console, name = self._console, request.path_params["id"]
        now, book = int(console.service.now()), console.book()
        view = await read_store(console, alert_view, name, book, console.settings, now)
        if view is None:
            raise AnswerError(404, f"no alert {name[:80]}")
        zone = book.zone_of(view.alert.bk_biz_id, console.settings)
        return answer(console, request, "alert.html.jinja", view, view.story.headline, zone=zone)

    async def shields(self, request: Request) -> Response:
        """List the shields and which of them hold."""
        reader(self._console, request)
        console = self._console
        now = int(console.service.now())
        rows = await read_store(console, shield_rows, console.book(), console.settings, now)
        held = sum(one.holds for one in rows)
        return self._answer(request, "shields", rows, said("{held} shields hold", language(request)).format(held=held))

    async def people(self, request: Request) -> Response:
        """Say who is on duty, and where nobody is."""
        reader(self._console, request)
        console = self._console
        view = await read(people, console.book(), console.settings, int(console.service.now()))
        gaps = len(view.gaps)
        title = said("{gaps} gaps", language(request)).format(gaps=gaps) if gaps else said("On call", language(request))
        return self._answer(request, "people", view, title)

    async def audit(self, request: Request) -> Response:
        """List commands and what became of them."""
        reader(self._console, request)
        view = await read_store(self._console, audit, dict(request.query_params))
        return self._answer(request, "audit", view, said("Audit", language(request)))

    async def trouble(self, request: Request) -> Response:
        """Show what was refused, and what could not be delivered."""
        reader(self._console, request)
        console = self._console
        view = await read(trouble, console.settings, console.service.now())
        return self._answer(request, "trouble", view, said("Trouble", language(request)))

    def _answer(self, request: Request, name: str, view: Any, title: str) -> Response:
        return answer(self._console, request, f"{name}.html.jinja", view, title)


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
    if not (page.isascii() and page.isdecimal() and 1 <= int(page[:9]) <= LAST_PAGE):
        raise AnswerError(400, f"page: expected a number from 1 to {LAST_PAGE}")
    sort, fold = given.get("sort", BY_SEVERITY), given.get("fold", "")
    if sort not in (BY_SEVERITY, BY_TIME) or fold not in ("", "yes", "no"):
        raise AnswerError(400, "sort is severity or new; fold is yes or no")
    return Wish(given.get("q", "").strip(), sort, int(page), fold)
