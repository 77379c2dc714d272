"""The paths that take in: a body to lines by its format, durable before the answer (gateway.md 1, 5)."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from flows.gateway.bodies import IN_FLIGHT, Asking, BodyError, Held, read_body, unpacked
from flows.gateway.commands import HEADER, with_ids
from flows.gateway.durable import NotKeptError, Pressure
from flows.gateway.service import AnswerError, Service, let_in, let_in_signed, not_kept, said
from flows.gateway.signatures import is_signed
from flows.gateway.straight import IN_ONE
from flows.telemetry import metrics
from operators.intake.decode import Refusal, refused_line
from operators.intake.formats.by_rule import Sources, named, read_as, rule_of
from operators.intake.formats.cloudevents import structured
from operators.intake.formats.format import Made
from operators.intake.formats.table import FORMATS
from operators.model.reason import DeadReason
from operators.rules.shapes.source import JSON

LARGE = 32 * 1024
"""Bytes of a body that takes a rule a while: it is read beside the loop, as one that is packed, and one at a time is unpacked."""
KEPT = 128 * 1024
"""Bytes of a refused record that its dead letter holds."""
_EMPTY = Response(status_code=200)


class Path(NamedTuple):
    """One path: its format, what it answers, and what says that it is busy (some senders give up at 4xx)."""

    path: str
    format: str
    answer: Callable[[Made], Response]
    busy: int = 429
    buries: bool = False
    """What is refused becomes a dead letter too: its sender can mend nothing."""


def taken(made: Made) -> Response:
    """Answer with what was taken and what was not."""
    refused = [{"place": one.place, "reason": one.reason, "detail": one.detail} for one in made.refused]
    status = 202 if made.events or made.commands or not refused else 400
    return said({"accepted": len(made.events) + len(made.commands), "refused": refused}, status)


def as_alertmanager(made: Made) -> Response:
    """Answer as Alertmanager does: nothing, or why some of the alerts are none; the others are kept."""
    if made.refused:
        raise AnswerError(400, "; ".join(f"{one.place}: {one.detail}" for one in made.refused[:10]))
    return _EMPTY


def as_webhook(made: Made) -> Response:
    """Answer a webhook: 400 where nothing of it can be used, so that nobody sends it for ever."""
    if made.refused and not made.events:
        raise AnswerError(400, "; ".join(f"{one.place}: {one.detail}" for one in made.refused[:10]))
    return Response(status_code=200)


def as_record(made: Made) -> Response:
    """Answer a sender of any JSON: 422 where nothing of it could be read by its rule."""
    answer = taken(made)
    answer.status_code = 422 if answer.status_code >= 400 else answer.status_code  # noqa: PLR2004 - a status
    return answer


def as_pagerduty(made: Made) -> Response:
    """Answer as PagerDuty does, with the key that names the problem from now on."""
    if made.refused:
        errors = [one.detail for one in made.refused]
        return said({"status": "invalid event", "message": "Event object is invalid", "errors": errors}, 400)
    return said({"status": "success", "message": "Event processed", "dedup_key": made.key}, 202)


def as_bk_monitor(made: Made) -> Response:
    """Answer as bk-monitor's proxy does."""
    if made.refused and not made.events:
        return said({"code": "400", "result": "false", "message": made.refused[0].detail}, 400)
    return said({"code": "200", "result": "true", "message": ""})


PATHS = (
    Path("/v1/events", "tocsin", taken),
    Path("/api/v2/alerts", "prometheus", as_alertmanager),
    Path("/webhook/alertmanager", "alertmanager", as_webhook, busy=503),
    Path("/webhook/grafana", "grafana", as_webhook, busy=503),
    Path("/webhook/zabbix", "zabbix", as_webhook, busy=503),
    Path("/v2/enqueue", "pagerduty", as_pagerduty),
    Path("/v2/push/", "bk-monitor", as_bk_monitor),
    Path("/cloudevents", "cloudevents", taken),
    Path("/webhook/{source}", JSON, as_record, busy=503, buries=True),
)


class Arrived:
    """A request to a path that takes in: its head read once, its body to come."""

    __slots__ = ("headers", "receive", "source")

    def __init__(self, scope: Scope, receive: Receive, source: str) -> None:
        pairs = reversed(scope["headers"])  # of a header that comes twice the first counts
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}
        self.receive = receive
        self.source: str = scope.get("path_params", {}).get("source", source)


class TakingIn:
    """The application of a path; `rules` are those of kind `sources`."""

    def __init__(self, service: Service, path: Path, rules: Callable[[], Sources]) -> None:
        self._service, self._path, self._rules = service, path, rules
        self._secret = FORMATS[path.format].secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; what comes of it is counted, and a refusal is an answer too."""
        path = self._path
        try:
            response = await self._answer(Arrived(scope, receive, path.format))
        except AnswerError as error:
            response = error.response(path.path)
        self._service.meter.add(metrics.REQUESTS, 1, path.path, str(response.status_code))
        if IN_ONE in scope:
            await scope[IN_ONE](response)
        else:
            await response(scope, receive, send)

    async def _answer(self, request: Arrived) -> Response:
        """Read a body, and make durable what became of it. Raises AnswerError."""
        service, path, source = self._service, self._path, request.source
        signs = is_signed(request.headers)
        if self._secret is None and not signs:
            let_in(service, request, "send", source)
        begun, at = time.monotonic(), int(service.now())
        with Held(service.room) as held:  # and no longer: what waits to be kept is bounded by itself
            made, buried = await self._made(request, held, at, signs=signs)
        names: list[str] = []
        if made.commands:
            commands, names = with_ids(made.commands, source)
            made = made._replace(commands=commands)
        await keep(service, made, at, path.busy, buried)
        service.meter.observe(metrics.KEEP_SECONDS, time.monotonic() - begun)
        _count(service, source, made)
        answer = path.answer(made)
        if names:
            answer.headers[HEADER] = ", ".join(names)
        return answer

    async def _made(self, request: Arrived, held: Held, at: int, *, signs: bool) -> tuple[Made, list[bytes]]:
        """Read a body; return what became of it, and what of it is for the dead letters."""
        service, path, source = self._service, self._path, request.source
        packed = await packed_of(request, held, path.busy)
        if signs:
            let_in_signed(service, request, source, packed)
        if path.format != JSON:
            body = unpacked_of(request, packed)
            if self._secret is not None and not signs:
                let_in(service, request, "send", source, _spare(request, self._secret(body)))
            return self._read(body, source, at)
        if rule_of(source, self._rules()) is None:
            raise AnswerError(404, f"no rule of kind `sources` is named {source[:64]}")
        if len(packed) < LARGE and "content-encoding" not in request.headers:
            return self._read(unpacked_of(request, packed), source, at)
        async with service.one_by_one:
            return await asyncio.to_thread(lambda: self._read(unpacked_of(request, packed), source, at))

    def _read(self, body: bytes, source: str, at: int) -> tuple[Made, list[bytes]]:
        """Return what became of a body, and what of it is for the dead letters. Raises AnswerError."""
        made = read_as(named(self._path.format, source), self._rules())(body, at)
        for one in made.refused:
            if (one.place, one.reason) == ("body", DeadReason.TOO_LARGE):
                raise AnswerError(413, one.detail)
        return made, _buried(made, body, source) if self._path.buries else []


def _buried(made: Made, body: bytes, source: str) -> list[bytes]:
    """Return the lines of what was refused, for the dead letters of the job."""
    return [
        refused_line(Refusal(one.reason, f"webhook/{source}: {one.place}: {one.detail}", _text(one.raw or body)))
        for one in made.refused
    ]


def _text(raw: bytes) -> str:
    return raw[:KEPT].decode("utf-8", "backslashreplace")


def _spare(request: Asking, secret: str) -> str:
    """Return the secret of a body, if the head names none."""
    return "" if "authorization" in request.headers else secret


async def body_of(request: Asking, room: Pressure | None = None) -> bytes:
    """Return the body of a request; without `room` it shares none. Raises AnswerError."""
    with Held(room or Pressure(IN_FLIGHT)) as held:
        return unpacked_of(request, await packed_of(request, held, 429))


async def packed_of(request: Asking, held: Held, busy: int) -> bytes:
    """Return the body of a request as it comes. Raises AnswerError."""
    try:
        return await read_body(request, held)
    except NotKeptError as error:
        raise not_kept(error, busy) from error
    except BodyError as error:
        raise AnswerError(error.status, str(error)) from error


def unpacked_of(request: Asking, packed: bytes) -> bytes:
    """Return a body as it is to be read. Raises AnswerError."""
    try:
        body = unpacked(request, packed)
    except BodyError as error:
        raise AnswerError(error.status, str(error)) from error
    return structured(request.headers, body) if "ce-id" in request.headers else body


async def keep(service: Service, made: Made, at: int, busy: int = 429, buried: Sequence[bytes] = ()) -> None:
    """Make what came of a body durable. Raises AnswerError."""
    try:
        await service.durable.keep([*made.events, *buried], at)
        await service.durable.keep(made.commands, at, "command")
    except NotKeptError as error:
        raise not_kept(error, busy) from error


def _count(service: Service, name: str, made: Made) -> None:
    meter = service.meter
    meter.add(metrics.TAKEN_IN, len(made.events) + len(made.commands), name)
    for one in made.refused:
        meter.add(metrics.NOT_TAKEN_IN, 1, name, one.reason)
    if made.truncated:
        meter.add(metrics.LEFT_OUT, made.truncated, name)
