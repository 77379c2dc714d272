"""A page: a view rendered by its template in the reader's language, or the same view as JSON."""

from datetime import tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from flows.console.filters import FILTERS
from flows.console.health import Health
from flows.console.parts import Console
from flows.console.replays import KINDS
from flows.console.words import LANGUAGES, said
from flows.gateway.service import json
from sinks.render.pages import pages_in

FOLDER = Path(__file__).parents[2] / "templates" / "console"
PAGES = (
    ("/", "Now"), ("/silent", "Not told"), ("/shields", "Shields"), ("/oncall", "On call"), ("/rules", "Rules"),
    ("/replay", "Replay"), ("/trouble", "Trouble"), ("/audit", "Audit"), ("/find", "Go to"),
)  # fmt: skip
SEVERITIES = {1: "fatal", 2: "warning", 3: "remind"}
COOKIE = "lang"
YEAR = 365 * 86400


def _environment() -> Environment:
    made = pages_in(FOLDER)
    made.filters |= FILTERS
    made.globals |= {"severities": SEVERITIES, "pages": PAGES, "kinds": KINDS}
    return made


ENVIRONMENT = _environment()


def wants_json(request: Request) -> bool:
    """Return True if a program asks: JSON is accepted and HTML is not."""
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def language(request: Request) -> str:
    """Return the reader's language: as the address says, else as it was chosen before, else the browser's."""
    asked = request.headers.get("accept-language", "")[:2].lower()
    wishes = (request.query_params.get("lang"), request.cookies.get(COOKIE), asked)
    return next((one for one in wishes if one in LANGUAGES), LANGUAGES[0])


def answer(
    console: Console, request: Request, template: str, view: Any, title: str, *, status: int = 200,
    zone: tzinfo | None = None, health: Health | None = None,
) -> Response:  # fmt: skip
    """Return a view as a page, or as JSON to who asks for that."""
    if wants_json(request):
        return Response(json(view), status, media_type="application/json", headers={"Vary": "Accept"})
    return HTMLResponse(
        rendered(console, request, template, zone=zone, view=view, title=title, health=health),
        status,
        {"Cache-Control": "no-store", "Vary": "Accept, Accept-Language, Cookie", **_remembered(request)},
    )


def rendered(console: Console, request: Request, template: str, *, zone: tzinfo | None = None, **values: Any) -> str:
    """Return a template filled with values; `t` puts words into the reader's language."""
    lang = language(request)
    values.setdefault("health", None)
    return ENVIRONMENT.get_template(template).render(
        lang=lang,
        t=lambda text, **parts: said(text, lang, **parts),
        zone=zone or ZoneInfo(console.settings.time_zone),
        now=int(console.service.now()),
        path=request.url.path,
        here=f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path,
        other=_in_other_language(request, lang),
        may_act=getattr(request.state, "may_act", False),
        may_administer=getattr(request.state, "may_administer", False),
        **values,
    )


def _in_other_language(request: Request, lang: str) -> str:
    """Return the address of this page in the next language."""
    other = next(one for one in LANGUAGES if one != lang)
    return f"{request.url.path}?{request.url.include_query_params(lang=other).query}"


def _remembered(request: Request) -> dict[str, str]:
    chosen = request.query_params.get("lang")
    if chosen not in LANGUAGES:
        return {}
    return {"Set-Cookie": f"{COOKIE}={chosen}; Path=/; Max-Age={YEAR}; HttpOnly; SameSite=Strict"}
