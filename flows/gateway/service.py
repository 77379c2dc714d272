"""What the handlers of the gateway share: where lines go, who may, what is counted, what is read."""

import asyncio
import time
from collections.abc import Callable

import msgspec
from starlette.responses import PlainTextResponse, Response

from flows.gateway.bodies import IN_FLIGHT, Asking
from flows.gateway.durable import Durable, NotKeptError, Pressure
from flows.gateway.gate import Denied, Gate
from flows.gateway.tokens import Need, Token
from flows.telemetry.meter import Meter
from sinks.store.interface import Store

TOOLS = "/api/v2/"
"""Where the paths of Alertmanager's API begin: its errors are texts of JSON."""
json = msgspec.json.Encoder().encode


class Service(msgspec.Struct, frozen=True):
    """The parts of a running gateway."""

    durable: Durable
    gate: Gate
    meter: Meter
    store: Store | None = None
    """None: nothing can be read here."""
    now: Callable[[], float] = time.time
    room: Pressure = msgspec.field(default_factory=lambda: Pressure(IN_FLIGHT))
    """What bodies may hold in all."""
    one_by_one: asyncio.Lock = msgspec.field(default_factory=asyncio.Lock)
    """Held while a large body is read beside the loop."""


class AnswerError(Exception):
    """A request that ends here, with this answer."""

    def __init__(self, status: int, why: str, **headers: str) -> None:
        super().__init__(why)
        self.status, self.headers = status, headers

    def response(self, path: str = "") -> Response:
        """Return the answer: a line, or a text of JSON where tools of Alertmanager read it."""
        if path.startswith(TOOLS):
            return Response(json(str(self)), self.status, self.headers, "application/json")
        return PlainTextResponse(f"{self}\n", self.status, self.headers)


def said(value: object, status: int = 200, **headers: str) -> Response:
    """Return a value as JSON."""
    return Response(json(value), status, headers, media_type="application/json")


def let_in(service: Service, request: Asking, need: Need, source: str = "", secret: str = "") -> Token:
    """Return who asks. Raises AnswerError."""
    return _admitted(service.gate.judge(request, need, source, secret))


def let_in_signed(service: Service, request: Asking, source: str, body: bytes) -> Token:
    """Return who signed a body as it came. Raises AnswerError."""
    return _admitted(service.gate.judge_signed(request, source, body, service.now()))


def _admitted(token: Token | Denied) -> Token:
    if not isinstance(token, Denied):
        return token
    more = {401: {"WWW-Authenticate": 'Bearer realm="tocsin"'}, 429: {"Retry-After": "1"}}
    raise AnswerError(token.status, token.why, **more.get(token.status, {}))


def not_kept(error: NotKeptError, busy: int = 429) -> AnswerError:
    """Return the answer to a request whose lines are not durable; `busy` is what says to come again."""
    status = busy if error.status == 429 else error.status  # noqa: PLR2004 - a status
    return AnswerError(status, str(error), **{"Retry-After": "1"})
