"""The handlers of the page Replay."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from flows.console.acting import form_of
from flows.console.guard import actor, whole_reader
from flows.console.page import answer, language, rendered, wants_json
from flows.console.parts import Console
from flows.console.reading import read
from flows.console.replays import SPANS
from flows.console.words import said as word
from flows.gateway.service import AnswerError, said

TYPES = {"json": "application/json", "html": "text/html; charset=utf-8"}


class Trying:
    """Shows what other rules would have done."""

    def __init__(self, console: Console) -> None:
        self._console = console

    async def list(self, request: Request) -> Response:
        """List the replays."""
        whole_reader(self._console, request)
        replays = self._console.replays
        view = {"replays": await read(replays.all), "rule_sets": replays.rule_sets, "spans": SPANS}
        return await self._answer(request, "replays", view, word("Replay", language(request)))

    async def begin(self, request: Request) -> Response:
        """Begin one."""
        who = actor(self._console, request, "admin")
        given = dict(await form_of(request))
        name = await read(self._console.replays.begin, given, who, int(self._console.service.now()))
        if wants_json(request):
            return said({"id": name}, 202)
        text = rendered(self._console, request, "begun.html.jinja", id=name)
        return HTMLResponse(text, 202, {"Cache-Control": "no-store", "HX-Trigger": "tocsin:done"})

    async def one(self, request: Request) -> Response:
        """Show what came of one."""
        whole_reader(self._console, request)
        view = await read(self._console.replays.one, request.path_params["id"])
        if view is None:
            raise AnswerError(404, "no such replay")
        return await self._answer(
            request, "replay", view, f"{view.asked.rule_set}: {word(view.state, language(request))}"
        )

    async def difference(self, request: Request) -> Response:
        """Give what came of one as it was written, to keep: its page has styles of its own, which the console allows nobody."""
        whole_reader(self._console, request)
        name, kind = request.path_params["id"], request.path_params["kind"]
        found = await read(self._console.replays.difference, name, kind) if kind in TYPES else None
        if found is None:
            raise AnswerError(404, "no such replay, or it is not done")
        headers = {
            "Content-Disposition": f'attachment; filename="difference-{name}.{kind}"',
            "Cache-Control": "no-store",
        }
        return Response(found, media_type=TYPES[kind], headers=headers)

    async def _answer(self, request: Request, name: str, view: object, title: str) -> Response:
        health = await read(self._console.health)
        return answer(self._console, request, f"{name}.html.jinja", view, title, health=health)
