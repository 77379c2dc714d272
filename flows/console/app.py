"""The console as one ASGI application: its pages, its deeds, its assets, and how it says no."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from flows.console.acting import Deeds
from flows.console.guard import Guarded
from flows.console.page import rendered, wants_json
from flows.console.parts import Console
from flows.console.reading import Pages
from flows.console.trying import Trying
from flows.gateway.service import AnswerError, said

ASSETS = Path(__file__).parent / "assets"
Handler = Callable[[Request], Awaitable[Response]]


def application(console: Console) -> Starlette:
    """Return the application."""
    pages, deeds, trying = Pages(console), Deeds(console), Trying(console)
    table: tuple[tuple[str, str, Handler], ...] = (
        ("GET", "/", pages.now),
        ("GET", "/a/{id}", pages.alert),
        ("GET", "/silent", pages.silent),
        ("GET", "/shields", pages.shields),
        ("GET", "/oncall", pages.people),
        ("GET", "/p/{name}", pages.person),
        ("GET", "/rules", pages.rules),
        ("GET", "/rules/{kind}/{id:path}", pages.rule),
        ("GET", "/find", pages.find),
        ("GET", "/replay", trying.list),
        ("POST", "/replay", trying.begin),
        ("GET", "/replay/{id}", trying.one),
        ("GET", "/replay/{id}/difference.{kind}", trying.difference),
        ("GET", "/audit", pages.audit),
        ("GET", "/audit.csv", pages.export),
        ("GET", "/trouble", pages.trouble),
        ("GET", "/live", pages.live),
        ("GET", "/c/{id}", deeds.outcome),
        ("GET", "/dialog/{deed}", deeds.dialog),
        ("GET", "/preview/shield", deeds.preview),
        ("POST", "/deeds/{deed}", deeds.on_alerts),
        ("POST", "/a/{id}/{deed}", deeds.on_alert),
        ("POST", "/shields/{id:path}/end", deeds.end_shield),
        ("POST", "/outbox/{deed}", deeds.outbox),
    )
    routes = [Route(path, _answered(console, handler), methods=[method]) for method, path, handler in table]
    others = [
        Mount("/assets", StaticFiles(directory=ASSETS)),
        Route("/favicon.ico", _favicon),
        *(Route(path, _healthy) for path in ("/-/healthy", "/healthz", "/readyz")),
        Route("/{rest:path}", _answered(console, _nowhere), methods=["GET", "POST"]),
    ]
    return Starlette(routes=[*routes, *others], middleware=[Middleware(Guarded)])


def _answered(console: Console, handler: Handler) -> Handler:
    """Return a handler whose refusals are answers too: a page, a line within one, or JSON."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except AnswerError as error:
            return _refusal(console, request, error)

    return handle


def _refusal(console: Console, request: Request, error: AnswerError) -> Response:
    headers = {"Cache-Control": "no-store", **error.headers}
    if wants_json(request):
        answer = said({"error": str(error)}, error.status)
        answer.headers.update(headers)
        return answer
    is_within = request.headers.get("hx-request") == "true"
    template = "refusal.html.jinja" if is_within else "error.html.jinja"
    text = rendered(console, request, template, title=str(error), status=error.status)
    if "x-dialog" in request.headers:
        headers |= {"HX-Retarget": "#wrong", "HX-Reswap": "innerHTML"}
    return HTMLResponse(text, error.status, headers)


async def _nowhere(_: Request) -> Response:
    raise AnswerError(404, "no such page")


async def _favicon(_: Request) -> Response:
    return RedirectResponse("/assets/favicon.svg", 301)


async def _healthy(_: Request) -> Response:
    return PlainTextResponse("OK\n")
