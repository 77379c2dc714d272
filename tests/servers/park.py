"""The servers of one run: each starts when first asked for, once, beside the others; whoever runs already is used instead."""

import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Client, Connection, Listener
from typing import NamedTuple, Protocol

from tests.servers import elasticsearch, kafka, mariadb, redis
from tests.servers.process import Server


class Kind(NamedTuple):
    """One kind of server: why it cannot be had (or nothing), and how to start it."""

    missing: Callable[[], str]
    start: Callable[[], tuple[Server, str]]
    scheme: str = ""
    """Put before an address of the environment that names none."""

    def variable(self, name: str) -> str:
        """Return the environment variable that names a server to use instead."""
        return f"TOCSIN_TEST_{name.upper()}"


KINDS: Mapping[str, Kind] = {
    "kafka": Kind(kafka.missing, kafka.kafka_server),
    "elasticsearch": Kind(elasticsearch.missing, elasticsearch.elasticsearch_server, "http://"),
    "redis": Kind(redis.missing, redis.redis_server),
    "mariadb": Kind(mariadb.missing, mariadb.mariadb_server),
}


class NoServerError(Exception):
    """A server that cannot be had; the text says why."""


class Servers(Protocol):
    """Where a test gets its servers."""

    def want(self, name: str) -> None:
        """Begin to start one; do not wait."""
        ...

    def address(self, name: str) -> str:
        """Return where it listens, once it does. Raises NoServerError."""
        ...


class Park:
    """The owner of the servers; of one run there is one."""

    def __init__(self, kinds: Mapping[str, Kind] = KINDS, environment: Mapping[str, str] = os.environ) -> None:
        self._kinds, self._environment = kinds, environment
        self._starts = ThreadPoolExecutor(max_workers=len(kinds))
        self._asked: dict[str, Future[str]] = {}
        self._servers: list[Server] = []
        self._lock = threading.Lock()

    def want(self, name: str) -> None:
        self._begun(name)

    def address(self, name: str) -> str:
        return self._begun(name).result()

    def _begun(self, name: str) -> Future[str]:
        with self._lock:
            if name not in self._asked:
                self._asked[name] = self._starts.submit(self._start, name)
            return self._asked[name]

    def _start(self, name: str) -> str:
        kind = self._kinds[name]
        if given := self._environment.get(kind.variable(name)):
            return given if "://" in given else kind.scheme + given
        if why := kind.missing():
            raise NoServerError(f"{name}: {why} (or set {kind.variable(name)} to one that runs)")
        try:
            server, address = kind.start()
        except (RuntimeError, OSError) as error:
            raise NoServerError(f"{name}: {error}") from error
        self._servers.append(server)
        return address

    def stop(self) -> None:
        """Stop what was started, side by side."""
        self._starts.shutdown()
        if self._servers:
            with ThreadPoolExecutor(max_workers=len(self._servers)) as stops:
                list(stops.map(Server.stop, self._servers))
        self._servers.clear()


class Counter:
    """Where other processes of the run (pytest-xdist) ask a park for its servers."""

    def __init__(self, park: Park, path: str) -> None:
        self._park, self._listener = park, Listener(path, "AF_UNIX")
        threading.Thread(target=self._serve, name="servers", daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                asker = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._answer, args=(asker,), daemon=True).start()

    def close(self) -> None:
        """Ask nobody any more, and give the path back."""
        self._listener.close()

    def _answer(self, asker: "Connection[tuple[bool, str], tuple[str, str]]") -> None:
        with asker:
            word, name = asker.recv()
            if word == "want":
                self._park.want(name)
                return
            try:
                asker.send((True, self._park.address(name)))
            except NoServerError as error:
                asker.send((False, str(error)))


class Remote:
    """The park of another process."""

    def __init__(self, path: str) -> None:
        self._path = path

    def want(self, name: str) -> None:
        with Client(self._path, "AF_UNIX") as park:
            park.send(("want", name))

    def address(self, name: str) -> str:
        with Client(self._path, "AF_UNIX") as park:
            park.send(("address", name))
            known, text = park.recv()
        if not known:
            raise NoServerError(text)
        return str(text)
