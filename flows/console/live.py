"""One look at the store for all open pages: a stream to each says when there is something new to ask for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import suppress
from random import random

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

LOOK_EVERY = 1.0
"""Seconds between two looks, while a page is open."""
CALM = 15.0
"""Seconds after which pages come anew though nothing was seen to change: their clocks go on."""
REST = 2.0
"""Seconds between two words to a page, however much changes; more where many are open."""
MOST = 1000
"""Streams at once."""
CROWD = 40
"""Pages that may ask for themselves within a second."""


class Live:
    """The streams of the pages. `look` returns a value that differs when what pages show may differ; it may block."""

    def __init__(self, look: Callable[[], Hashable]) -> None:
        self._look = look
        self._news = asyncio.Event()
        """Set once something changes, and replaced then: a stream that is cut off leaves nothing behind, as a lock would be."""
        self._version = 0
        self._open = 0
        self._looking: asyncio.Task[None] | None = None
        self._over = False

    async def stream(self, _: Request) -> Response:
        """Answer with a stream of server-sent events."""
        if self._over or self._open >= MOST:
            return Response(status_code=503, headers={"Retry-After": "15"})
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._words(), media_type="text/event-stream", headers=headers)

    async def end(self) -> None:
        """End every stream: the server is about to stop."""
        self._over = True
        if self._looking is not None:
            self._looking.cancel()
        self._news.set()

    async def _words(self) -> AsyncIterator[bytes]:
        self._open += 1
        try:
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._watch())
            seen = self._version
            yield b"retry: 3000\nevent: hello\ndata: 0\n\n"
            while not self._over:
                seen = await self._next(seen)
                rest = max(REST, self._open / CROWD)
                await asyncio.sleep(0 if self._over or self._open < CROWD else random() * rest)  # noqa: S311 - no secret
                yield b"event: changed\ndata: %d\n\n" % seen
                await asyncio.sleep(0 if self._over else rest)
        finally:
            self._open -= 1

    async def _next(self, seen: int) -> int:
        """Wait until something changes, or it has been calm for long."""
        if not self._over and self._version == seen:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), CALM)
        return self._version

    async def _watch(self) -> None:
        """Look while a page is open."""
        last: Hashable = None
        while self._open:
            found = await asyncio.to_thread(self._look)
            if found != last:
                last = found
                self._version += 1
                news, self._news = self._news, asyncio.Event()
                news.set()
            await asyncio.sleep(LOOK_EVERY)
