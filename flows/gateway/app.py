"""The gateway as one ASGI application: its routes, its errors, its signs of life."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from flows.gateway.alertmanager import Api, gone
from flows.gateway.commands import outcome
from flows.gateway.intake import PATHS, TakingIn
from flows.gateway.openapi import described
from flows.gateway.service import AnswerError, Service
from flows.telemetry import metrics
from operators.intake.formats.by_rule import Sources
from operators.rules.book import RuleBook

Handler = Callable[[Request], Awaitable[Response]]


class Application(Starlette):
    """Finds the paths that take in by one look: of what many small requests cost, routes were a third."""

    def __init__(self, taking_in: Mapping[str, ASGIApp], routes: Sequence[Route]) -> None:
        super().__init__(routes=routes)
        self.taking_in = taking_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        found = self.taking_in.get(scope["path"]) if scope.get("method") == "POST" else None
        await (found or super().__call__)(scope, receive, send)


def application(service: Service, book: Callable[[], RuleBook | None] = lambda: None) -> Application:
    """Return the application; `book` is that of the rules in force, which name the receivers."""

    def sources() -> Sources:
        known = book()
        return {} if known is None else known.sources

    taking_in = {path.path: TakingIn(service, path, sources) for path in PATHS}
    routes = [Route(path, one, methods=["POST"]) for path, one in taking_in.items()]
    if service.store is not None:
        routes += _of_alertmanager(service, Api(service, book))
        routes.append(_route(service, "/v1/commands/{id}", "GET", partial(outcome, service)))
    about = described(is_guarded=service.gate.tokens is not None)
    routes += [Route("/api/v1/{rest:path}", gone), *_signs_of_life(service), *about]
    return Application({path: one for path, one in taking_in.items() if "{" not in path}, routes)


def _of_alertmanager(service: Service, api: Api) -> list[Route]:
    table: tuple[tuple[str, str, Handler], ...] = (
        ("GET", "/status", api.status),
        ("GET", "/receivers", api.receivers),
        ("GET", "/alerts", api.alerts),
        ("GET", "/alerts/groups", api.groups),
        ("GET", "/silences", api.silences),
        ("POST", "/silences", api.post_silence),
        ("GET", "/silence/{id}", api.silence),
        ("DELETE", "/silence/{id}", api.end_silence),
    )
    return [_route(service, f"/api/v2{path}", method, handler) for method, path, handler in table]


def _route(service: Service, path: str, method: str, handler: Handler) -> Route:
    return Route(path, _counted(service, path, handler), methods=[method])


def _counted(service: Service, path: str, handler: Handler) -> Handler:
    """Return a handler whose answers are counted, and whose refusals are answers too."""

    async def handle(request: Request) -> Response:
        try:
            response = await handler(request)
        except AnswerError as error:
            response = error.response(path)
        service.meter.add(metrics.REQUESTS, 1, path, str(response.status_code))
        return response

    return handle


def _signs_of_life(service: Service) -> list[Route]:
    async def healthy(_: Request) -> Response:
        return PlainTextResponse("OK\n")

    async def ready(_: Request) -> Response:
        tokens = service.gate.tokens
        lines = [text for text in (service.durable.trouble, tokens.trouble if tokens else "") if text]
        status = 503 if service.durable.trouble else 200
        return PlainTextResponse("".join(f"{line}\n" for line in lines) or "OK\n", status)

    async def scraped(_: Request) -> Response:
        return Response(service.meter.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    alive = [Route(path, healthy) for path in ("/-/healthy", "/healthz")]
    return [*alive, *(Route(path, ready) for path in ("/-/ready", "/readyz")), Route("/metrics", scraped)]
