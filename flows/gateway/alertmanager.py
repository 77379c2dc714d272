"""Alertmanager's API, version 2, for its tools: amtool, karma, Grafana (gateway.md 4)."""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from flows.gateway.commands import HEADER, pass_on
from flows.gateway.intake import body_of
from flows.gateway.reading import DEFAULT_RECEIVER, Silences, open_alerts, receivers_of
from flows.gateway.service import AnswerError, Service, let_in, said
from flows.telemetry import metrics
from operators.alertmanager.alerts import GettableAlert, Status, gettable, grouped, is_muted, moment
from operators.alertmanager.matchers import Matcher, MatcherError, all_hold, parse_matcher, pattern
from operators.alertmanager.silences import EXPIRED, SilenceError, must_be_new, ordered, read_silence, shield_of
from operators.alertmanager.silences import gettable as gettable_silence
from operators.intake.formats.format import ALERTMANAGER
from operators.model.shield import ShieldDocument
from operators.rules.ask.inhibition import inhibited_among
from operators.rules.book import RuleBook
from sinks.store.interface import StoreError

CONFIGURATION = f"route:\n  receiver: {DEFAULT_RECEIVER}\nreceivers:\n  - name: {DEFAULT_RECEIVER}\n"
"""What `amtool config show` prints: routes are rules here, and this is a configuration that its tools can read."""
SPOKEN = metrics.AM_BUILD.known[0][0]


class Api:
    """The handlers; the paths that take alerts in are among those of flows/gateway/intake.py."""

    def __init__(self, service: Service, book: Callable[[], RuleBook | None]) -> None:
        self._service, self._book = service, book
        self._began = time.time()
        assert service.store is not None
        self._store = service.store
        self._silences = Silences(service.store, service.now)

    # --- what is

    async def status(self, request: Request) -> Response:
        """Say what runs here."""
        let_in(self._service, request, "read")
        info = dict.fromkeys(("branch", "buildDate", "buildUser", "goVersion"), "")
        return said(
            {
                "cluster": {"name": "", "status": "disabled", "peers": []},
                "versionInfo": {**info, "version": SPOKEN, "revision": f"tocsin {version('tocsin')}"},
                "config": {"original": CONFIGURATION},
                "uptime": moment(self._began),
            }
        )

    async def receivers(self, request: Request) -> Response:
        """List the user groups."""
        let_in(self._service, request, "read")
        book = self._book()
        names = sorted(book.user_groups if book else ()) or [DEFAULT_RECEIVER]
        return said([{"name": name} for name in names if _takes_unlabelled(request)])

    async def alerts(self, request: Request) -> Response:
        """List open alerts that match."""
        let_in(self._service, request, "read")
        chosen = [alert for alert, _ in await asyncio.to_thread(self._chosen, request)]
        return said(sorted(chosen, key=lambda alert: str(alert["fingerprint"])))

    async def groups(self, request: Request) -> Response:
        """List open alerts that match, by receiver and name."""
        let_in(self._service, request, "read")
        groups = grouped(await asyncio.to_thread(self._chosen, request))
        shows_muted = _flag(request, "muted")
        return said([group for group in groups if shows_muted or not is_muted(group)])

    def _chosen(self, request: Request) -> list[tuple[GettableAlert, list[str]]]:
        query = request.query_params
        matchers = _matchers(query.getlist("filter"))
        if not _takes_unlabelled(request):
            return []
        wanted = _receiver(query.get("receiver", ""))
        shows = {name: _flag(request, name) for name in ("active", "silenced", "inhibited")}
        book, now, chosen = self._book(), int(self._service.now()), []
        named, alerts = receivers_of(book), self._read(lambda: list(open_alerts(self._store)))
        inhibited = inhibited_among(alerts, book) if book is not None else {}
        for alert in alerts:
            receivers = list(named(alert))
            shown = gettable(alert, receivers, now, (one.alert for one in inhibited.get(alert.id, ())))
            if not _is_shown(shown["status"], shows) or not any(map(wanted, receivers)):
                continue
            if all_hold(matchers, shown["labels"]):
                chosen.append((shown, receivers))
        return chosen

    def _read(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except StoreError as error:
            raise AnswerError(503, str(error), **{"Retry-After": "1"}) from error

    # --- silences

    async def silences(self, request: Request) -> Response:
        """List silences: those that hold, those to come, and those that are over."""
        let_in(self._service, request, "read")
        wanted, found = _matchers(request.query_params.getlist("filter")), await self._gettable()
        states = {state for state in ("active", "pending", "expired") if _flag(request, state)}
        return said(
            ordered(one for one in found.values() if one["status"]["state"] in states and _names_all(one, wanted))
        )

    async def silence(self, request: Request) -> Response:
        """Show one silence."""
        let_in(self._service, request, "read")
        return said(await self._one(request.path_params["id"]))

    async def post_silence(self, request: Request) -> Response:
        """Begin a silence, or change one; the answer comes once its command is durable."""
        token = let_in(self._service, request, "command")
        now = int(self._service.now())
        try:
            silence = read_silence(await body_of(request, self._service.room), now)
            old = await self._one(silence.id) if silence.id else None
            is_new = old is None or must_be_new(old, silence)
            name = str(uuid.uuid4()) if is_new else silence.id
            shield = shield_of(silence, name, None, now)
        except SilenceError as error:
            raise AnswerError(400, str(error)) from error
        if old is not None and is_new and old["status"]["state"] != EXPIRED:
            await self._end(silence.id, token.name)
        who = token.name if self._service.gate.tokens else silence.created_by or token.name
        command = {"command": "shield", "shield": shield, "message": silence.comment}
        passed = await pass_on(self._service, command, who, ALERTMANAGER)
        self._silences.put(shield, who)
        return said({"silenceID": name}, 200, **{HEADER: passed})

    async def end_silence(self, request: Request) -> Response:
        """End a silence now."""
        token = let_in(self._service, request, "command")
        name = request.path_params["id"]
        await self._one(name)
        return Response(status_code=200, headers={HEADER: await self._end(name, token.name)})

    async def _end(self, name: str, operator: str) -> str:
        passed = await pass_on(self._service, {"command": "unshield", "id": name}, operator, ALERTMANAGER)
        self._silences.end(self._silences.all()[name])
        return passed

    async def _gettable(self) -> dict[str, dict[str, Any]]:
        now = int(self._service.now())
        found: dict[str, ShieldDocument] = await asyncio.to_thread(self._read, self._silences.all)
        shown = (
            (name, gettable_silence({**one.shield, "end_time": one.ends}, one.time, now)) for name, one in found.items()
        )
        return {name: one for name, one in shown if one is not None}

    async def _one(self, name: str) -> dict[str, Any]:
        found = (await self._gettable()).get(name)
        if found is None:
            raise AnswerError(404, f"silence {name[:80]} not found")
        return found


async def gone(_: Request) -> Response:
    """Say that version 1 of the API is no more."""
    return PlainTextResponse("version 1 of the API is gone; use /api/v2\n", 410)


def _matchers(texts: Iterable[str]) -> tuple[Matcher, ...]:
    try:
        return tuple(parse_matcher(text) for text in texts)
    except MatcherError as error:
        raise AnswerError(400, f"bad filter: {error}") from error


def _takes_unlabelled(request: Request) -> bool:
    """Return True if receivers without labels are asked for: ours have none."""
    return all_hold(_matchers(request.query_params.getlist("receiver_matchers")), {})


def _receiver(text: str) -> Callable[[str], bool]:
    if not text:
        return lambda _: True
    try:
        found = pattern(text)
    except MatcherError as error:
        raise AnswerError(400, f"bad receiver: {error}") from error
    return lambda name: found.search(name) is not None


def _is_shown(status: Status, shows: Mapping[str, bool]) -> bool:
    """Return True if an alert is asked for: what is silenced and inhibited must be wanted as both."""
    if status.state == "active":
        return shows["active"]
    is_silenced = bool(status.silenced_by) or not status.inhibited_by
    return (shows["silenced"] or not is_silenced) and (shows["inhibited"] or not status.inhibited_by)


_WORDS = {
    "": True,
    **dict.fromkeys(("1", "t", "true", "yes", "y", "on"), True),
    **dict.fromkeys(("0", "f", "false", "no", "n", "off"), False),
}


def _flag(request: Request, name: str) -> bool:
    """Return a flag of the address, true where it says nothing."""
    text = request.query_params.get(name, "")
    if (value := _WORDS.get(text.lower())) is None:
        raise AnswerError(400, f"{name}: {text[:40]!r} is neither true nor false")
    return value


def _names_all(silence: dict[str, Any], wanted: tuple[Matcher, ...]) -> bool:
    """Return True if a silence holds an equal matcher for each that is asked for."""
    own = {(one["name"], one["value"], one["isRegex"], one["isEqual"]) for one in silence["matchers"]}
    return all((one.name, one.value, one.is_regex, one.is_equal) in own for one in wanted)
