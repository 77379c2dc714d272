"""Who may open a page, and who may act: tokens, the browser's word on where a request comes from, and what an answer may load."""

import secrets

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flows.console.parts import Console
from flows.console.signin import Who, by_proxy
from flows.gateway.gate import Denied
from flows.gateway.server import only_here
from flows.gateway.service import AnswerError
from flows.gateway.tokens import BEARER, NEEDS, Need

POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "connect")),
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def reader(console: Console, request: Request, need: Need = "read") -> str:
    """Return the name of who asks. Raises AnswerError."""
    who = by_proxy(console.settings.console, request.client.host if request.client else "", request.headers)
    if who is None:
        who = _by_token(console, request, need)
    elif need not in who.scopes:
        raise AnswerError(403, f"{who.name[:80]} may not {need}")
    request.state.may_act = "command" in who.scopes
    request.state.may_administer = "admin" in who.scopes
    request.state.businesses = who.businesses
    return who.name


def whole_reader(console: Console, request: Request) -> str:
    """Return the name of who asks for what is of no single business. Raises AnswerError."""
    name = reader(console, request)
    if request.state.businesses:
        raise AnswerError(403, f"{name[:80]} sees some businesses only, and this is of all of them")
    return name


def _by_token(console: Console, request: Request, need: Need) -> Who:
    gate = console.service.gate
    if gate.tokens is None and console.settings.console.proxies:
        raise AnswerError(401, "come by way of the proxy that signs people in")
    if gate.tokens is None and not only_here(_host(request)):
        raise AnswerError(403, "without tokens the console answers under localhost, 127.0.0.1 and [::1] only")
    found = gate.judge(request, need)
    if isinstance(found, Denied):
        more = {401: {"WWW-Authenticate": 'Basic realm="Tocsin", charset="UTF-8"'}, 429: {"Retry-After": "1"}}
        raise AnswerError(found.status, found.why, **more.get(found.status, {}))
    scopes = frozenset(one for one in NEEDS if found.may(one))
    name = found.name if gate.tokens is not None else console.operator
    return Who(name, scopes, tuple(map(str, found.businesses)))


def actor(console: Console, request: Request, need: Need = "command") -> str:
    """Return the name of who acts: a program by its bearer token, or a person by a page of ours. Raises AnswerError."""
    name = reader(console, request, need)
    if not (_is_by_program(console, request) or _is_from_our_page(request)):
        raise AnswerError(403, "only the pages of this console may act, or a bearer token with the scope")
    return name


def origin_of(console: Console, request: Request) -> str:
    """Return where a deed was done, as the page Audit shows it: on a page, or by a program."""
    return "console, program" if _is_by_program(console, request) else "console"


def new_command_id() -> str:
    """Return a name for a command, which nobody can guess."""
    return secrets.token_hex(16)


def _host(request: Request) -> str:
    host = request.headers.get("host", "")
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _is_by_program(console: Console, request: Request) -> bool:
    """Return True if a bearer's token came along: browsers add none by themselves."""
    header = request.headers.get("authorization", "")
    return console.service.gate.tokens is not None and header[: len(BEARER)].lower() == BEARER


def _is_from_our_page(request: Request) -> bool:
    headers = request.headers
    return headers.get("hx-request") == "true" and headers.get("sec-fetch-site") == "same-origin"


class Guarded:
    """Puts the headers of the policy on every answer, errors and assets included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, guarded)
