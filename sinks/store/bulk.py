"""Bulk writes to Elasticsearch: what becomes of each document, and whether to try again.

The server answers for every document of a request. Conflicts are counted, poison is handed back, and only what the
server could not take for the moment is sent again, with growing pauses and for a bounded time.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum, auto
from typing import Any, NamedTuple

from elastic_transport import SerializationError, TransportError
from elasticsearch import ApiError, Elasticsearch

from sinks.store.interface import StoreError, StoreUnavailableError

CHUNK_COUNT = 1000
CHUNK_BYTES = 8 << 20
REQUEST_SECONDS = 30
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
PATIENCE = 120.0
"""Seconds after which a write gives up."""

_ANSWER = "errors,items.*.status,items.*.error.type,items.*.error.reason"
# Set-up faults that come with status 400: none of these is the fault of a document.
_NOT_THE_DOCUMENT = frozenset({"validation_exception", "invalid_index_name_exception", "media_type_header_exception"})


class Document(NamedTuple):
    """One document to write: the line that says where and how, its bytes, and the record it was made from."""

    header: bytes
    body: bytes
    record: Any

    @property
    def size(self) -> int:
        """Bytes in a request, line ends included."""
        return len(self.header) + len(self.body) + 2


class Fate(Enum):
    """What becomes of a document after an answer."""

    WRITTEN = auto()
    CONFLICT = auto()
    """A newer version is there, or the same document that is only ever created."""
    RETRY = auto()
    POISON = auto()
    FATAL = auto()
    """Something is wrong with the cluster or our rights to it that no retry mends."""


class Answer(NamedTuple):
    """What the server said of one document."""

    status: int
    kind: str = ""
    reason: str = ""

    @property
    def text(self) -> str:
        """For people and dead letters."""
        return f"{self.status} {self.kind}: {self.reason}"


def fate_of(answer: Answer) -> Fate:
    """Decide by status and type of error."""
    status, kind = answer.status, answer.kind
    if status < 300:  # noqa: PLR2004 - success
        return Fate.WRITTEN
    if status == 409:  # noqa: PLR2004 - conflict
        return Fate.CONFLICT
    # An index that is blocked for writing (maintenance, disk full) opens again without us.
    if status == 429 or status >= 500 or kind == "cluster_block_exception":  # noqa: PLR2004 - busy, broken
        return Fate.RETRY
    if status == 400 and kind not in _NOT_THE_DOCUMENT:  # noqa: PLR2004 - cannot be read
        return Fate.POISON
    # A cluster at its limit of shards refuses a new index by a validation error until somebody makes room.
    return Fate.RETRY if kind == "validation_exception" else Fate.FATAL


class Tally:
    """How a write went so far."""

    def __init__(self) -> None:
        self.conflicts: list[Document] = []
        self.poison: list[tuple[Document, str]] = []
        self.retry: list[Document] = []
        self.trouble = ""
        """Why something is to be sent again."""

    def add(self, document: Document, answer: Answer) -> None:
        """Sort one document by its answer."""
        match fate_of(answer):
            case Fate.WRITTEN:
                pass
            case Fate.CONFLICT:
                self.conflicts.append(document)
            case Fate.POISON:
                self.poison.append((document, answer.text))
            case Fate.RETRY:
                self.again([document], answer.text)
            case Fate.FATAL:
                raise StoreError(f"Elasticsearch refuses to write: {answer.text}")

    def again(self, documents: Iterable[Document], trouble: str) -> None:
        """Note documents to be sent once more, and why."""
        self.retry.extend(documents)
        self.trouble = trouble


class Bulk:
    """Sends documents until each is written, in conflict, or poison."""

    def __init__(
        self,
        client: Elasticsearch,
        *,
        patience: float = PATIENCE,
        request_seconds: float = REQUEST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        # One request, one answer: the retries are ours.
        self._client = client.options(request_timeout=request_seconds, max_retries=0)
        self._patience, self._clock, self._sleep = patience, clock, sleep

    def send(self, documents: Sequence[Document]) -> Tally:
        """Send all. Raises StoreUnavailableError when patience is over, StoreError when waiting would not help."""
        tally = Tally()
        deadline, pauses = self._clock() + self._patience, pauses_between()
        self._post_all(documents, tally)
        while tally.retry:
            pause = next(pauses)
            if self._clock() + pause > deadline:
                raise StoreUnavailableError(f"{len(tally.retry)} documents not written: {tally.trouble}")
            self._sleep(pause)
            waiting, tally.retry = tally.retry, []
            self._post_all(waiting, tally)
        return tally

    def _post_all(self, documents: Sequence[Document], tally: Tally) -> None:
        for chunk in chunks(documents):
            self._post(chunk, tally)

    def _post(self, chunk: list[Document], tally: Tally) -> None:
        lines = b"\n".join([line for document in chunk for line in (document.header, document.body)])
        try:
            response = self._client.bulk(operations=[lines], filter_path=_ANSWER)  # type: ignore[list-item]  # as they are
        except ApiError as error:
            self._refused(chunk, _answer_of(error), tally)
        except SerializationError as error:
            tally.again(chunk, f"unreadable answer: {error}")
        except TransportError as error:  # no connection, timeout
            tally.again(chunk, str(error))
        else:
            self._sort(chunk, response.body, tally)

    def _sort(self, chunk: list[Document], body: Any, tally: Tally) -> None:
        errors = body.get("errors") if isinstance(body, dict) else None
        items = body.get("items", ()) if errors else ()
        if errors is None or (errors and len(items) != len(chunk)):
            tally.again(chunk, "an answer that is none")  # a proxy, perhaps
            return
        for document, item in zip(chunk, items, strict=False):
            tally.add(document, _item_answer(item))

    def _refused(self, chunk: list[Document], answer: Answer, tally: Tally) -> None:
        """The whole request was refused: too large, or one document spoils it for all; halves find out which."""
        fate = Fate.POISON if answer.status == 413 else fate_of(answer)  # noqa: PLR2004 - too large
        if fate is Fate.RETRY:
            tally.again(chunk, answer.text)
        elif fate is not Fate.POISON:
            raise StoreError(f"Elasticsearch refuses to write: {answer.text}")
        elif len(chunk) == 1:
            tally.poison.append((chunk[0], answer.text))
        else:
            middle = len(chunk) // 2
            self._post(chunk[:middle], tally)
            self._post(chunk[middle:], tally)


def chunks(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Cut into requests of bounded count and size; a document larger than that goes alone."""
    chunk: list[Document] = []
    size = 0
    for document in documents:
        if chunk and (len(chunk) == CHUNK_COUNT or size + document.size > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(document)
        size += document.size
    if chunk:
        yield chunk


def pauses_between() -> Iterator[float]:
    """Yield seconds to wait before each retry: doubling, capped, up to half off to spread writers."""
    pause = FIRST_PAUSE
    while True:
        yield pause * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, hides nothing
        pause = min(LONGEST_PAUSE, pause * 2)


def _answer_of(error: ApiError) -> Answer:
    body: Any = error.body
    cause = body.get("error") if isinstance(body, dict) else None
    if isinstance(cause, dict):
        return Answer(error.meta.status, str(cause.get("type", "")), str(cause.get("reason", "")))
    return Answer(error.meta.status, "", str(cause or body or error.message))


def _item_answer(item: dict[str, Any]) -> Answer:
    ((_, result),) = item.items()
    error = result.get("error") or {}
    return Answer(result["status"], error.get("type", ""), error.get("reason", ""))
