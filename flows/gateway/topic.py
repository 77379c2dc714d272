"""Kafka as the place that keeps: one record a line, acknowledged by all replicas before a request is answered."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from flows.gateway.durable import BusyError, Kind, NotKeptError, Pressure
from flows.sources.produce import outgoing

IN_FLIGHT = 64 * 1024 * 1024
"""Bytes that may wait for their acknowledgement."""
TIMEOUT = 10.0
"""Seconds after which the broker counts as away."""


class Request:
    """The records of one request; tells its handler once the last of them is acknowledged, or one has failed."""

    def __init__(self, count: int) -> None:
        self._left, self._loop = count, asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self._loop.create_future()
        self._error: KafkaError | None = None

    def report(self, error: KafkaError | None, _message: Message) -> None:
        """Take notice of one record's fate, in the producer's thread."""
        self._error = self._error or error
        self._left -= 1
        if self._left == 0:
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        if self.done.cancelled():
            return
        if self._error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(NotKeptError(f"the broker did not take it: {self._error.str()}"))


class Topics:
    """Writes events to one topic and commands to another. `partitions` by topic: lines with a fingerprint go to its slot."""

    def __init__(self, config: Mapping[str, Any], events: str, commands: str, partitions: Mapping[str, int]) -> None:
        ours = {"enable.idempotence": True, "acks": "all", "delivery.timeout.ms": int(TIMEOUT * 1000), "linger.ms": 2}
        self._producer = Producer({"log_level": 2, **config, **ours, "error_cb": self._note})
        self._names: Mapping[Kind, str] = {"event": events, "command": commands}
        self._partitions, self._pressure = partitions, Pressure(IN_FLIGHT)
        self._trouble, self._is_closed = "", False
        self._thread = threading.Thread(target=self._poll, name="kafka", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> str:
        """Why nothing can be kept now; empty if all is well."""
        return self._trouble

    async def keep(self, lines: Sequence[bytes], at: int, kind: Kind = "event") -> None:
        """Make lines durable: all replicas have them when this returns. Raises NotKeptError."""
        if not lines:
            return
        topic, size = self._names[kind], sum(map(len, lines))
        if not topic:
            raise NotKeptError("no topic of commands: setting kafka.commands")
        self._pressure.take(size)
        request = Request(len(lines))
        try:
            for number, line in enumerate(lines):
                self._send(topic, line, request, at, behind=len(lines) - number)
            await request.done
        finally:
            self._pressure.give(size)
        self._trouble = ""

    def _send(self, topic: str, line: bytes, request: Request, at: int, *, behind: int) -> None:
        record = outgoing(line, self._partitions.get(topic, 1))
        try:
            self._producer.produce(
                topic, record.value, record.key, partition=record.partition, timestamp=at * 1000,
                on_delivery=request.report,
            )  # fmt: skip
        except BufferError:
            raise BusyError(f"{behind} records found no room before the broker") from None
        except KafkaException as error:
            raise NotKeptError(f"the broker did not take it: {error.args[0].str()}") from error

    def _note(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 - the library's own spelling
            self._trouble = "no broker answers"

    def _poll(self) -> None:
        while not self._is_closed:
            self._producer.poll(0.1)
            if self._trouble:
                self._try_again()

    def _try_again(self) -> None:
        """See whether a broker answers again: nobody sends to a gateway that says it is not ready."""
        with suppress(KafkaException):
            self._producer.list_topics(self._names["event"], timeout=1.0)
            self._trouble = ""

    def close(self) -> None:
        """Wait for what is on its way."""
        self._producer.flush(TIMEOUT)
        self._is_closed = True
        self._thread.join()
