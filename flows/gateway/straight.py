"""A straight way for requests to the paths that take in: one that came whole, in one read, is answered in one piece.

Most requests are so, and small. What the server has ready for bodies in parts and answers in parts costs as much as to read and keep them.
"""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

IN_ONE = "tocsin.answer_in_one"
"""Names in a scope what takes the whole answer, instead of the application's sending its parts."""


class _Nobody:
    """Stands for those who wait for more of a body."""

    def set(self) -> None:
        """Wake none."""


class Whole(RequestResponseCycle):
    """A request that has its body, and its response; what is no attribute of the instance never changes, or in an error alone."""

    access_log, access_logger = False, None  # type: ignore[assignment]
    chunked_encoding, expected_content_length = None, 0
    message_event: Any = _Nobody()
    more_body, waiting_for_100_continue = False, False
    disconnected, response_started, response_complete = False, False, False

    def __init__(self, protocol: HttpToolsProtocol, body: bytes) -> None:
        path = protocol.url.decode("ascii")
        self.scope: Any = {
            "type": "http", "method": "POST", "path": path, "headers": protocol.headers, IN_ONE: self.answer,
        }  # fmt: skip
        self.transport, self.flow, self.logger = protocol.transport, protocol.flow, protocol.logger
        self.default_headers = protocol.server_state.default_headers
        self.keep_alive = protocol.parser.should_keep_alive()
        self.on_response = protocol.on_response_complete
        self.body: Any = body

    async def receive(self) -> Any:
        """Return the body."""
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body, self.body = self.body, b""
        return {"type": "http.request", "body": body, "more_body": False}

    async def answer(self, response: Response) -> None:
        """Send a response, head and body in one piece."""
        del self.scope[IN_ONE]  # or the request would be a circle
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        self.response_started = self.response_complete = True
        pieces = [STATUS_LINE[response.status_code]]
        for name, value in (*self.default_headers, *response.raw_headers):
            pieces += (name, b": ", value, b"\r\n")
        if not self.keep_alive:
            pieces.append(b"connection: close\r\n")
        self.transport.write(b"".join((*pieces, b"\r\n", response.body)))
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


class Straight(HttpToolsProtocol):
    """A connection that waits with what a request needs until it is known whether it came whole."""

    def __init__(self, taking_in: Mapping[bytes, ASGIApp], **parts: Any) -> None:
        super().__init__(**parts)
        self._taking_in = taking_in
        self._parts: list[bytes] | None = None
        """Of a body that may have come whole."""

    def on_message_begin(self) -> None:
        """Begin a head."""
        self.url, self.headers, self.expect_100_continue = b"", [], False

    def on_headers_complete(self) -> None:
        """Wait for the body if this can go straight."""
        parser = self.parser
        if (
            self.url in self._taking_in and parser.get_method() == b"POST" and parser.get_http_version() == "1.1"
            and not self.expect_100_continue and not parser.should_upgrade()
        ):  # fmt: skip
            self._parts = []
        else:
            self._begin()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        if self._parts is None:
            super().on_body(body)
        else:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        """Answer a request that came whole, or after the one before."""
        if self._parts is None:
            super().on_message_complete()
            return
        before, self.cycle = self.cycle, Whole(self, b"".join(self._parts))
        self._parts, application = None, self._taking_in[self.url]
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, application)  # type: ignore[arg-type]
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, application))  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        """Take what came; a body that did not come whole goes the usual way."""
        super().data_received(data)
        if self._parts is None:
            return
        body, self._parts = b"".join(self._parts), None
        if not self.transport.is_closing():
            self._begin()
            if body:
                self.on_body(body)

    def _begin(self) -> None:
        """Begin a request the usual way, now that its head is known."""
        url, headers, waits = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.headers, self.expect_100_continue = url, headers, waits
        self.scope["headers"] = headers
        super().on_headers_complete()
