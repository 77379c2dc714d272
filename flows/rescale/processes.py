"""Workers as processes of one machine, kept by `tocsin run --workers N`, which reads its orders from a file.

The files lie beside the recovery directory of the job, for that one is moved aside as a whole.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import urllib3

from flows.rescale.fleet import FleetError
from flows.settings.sections import MetricsSettings
from flows.settings.settings import SettingsError

PATIENCE = 5.0
"""Seconds to wait for an answer of a worker."""
OK = 200


class Order(msgspec.Struct, frozen=True):
    """How many workers are wanted. It holds for a supervisor that was started with `instead_of`; another one knows better."""

    workers: int
    instead_of: int
    is_stopped: bool = False


class Standing(msgspec.Struct, frozen=True):
    """What a supervisor says of itself."""

    given: int
    """`--workers` of its command line."""
    workers: int
    """For how many it is set up."""
    running: int


class Orders:
    """The files between a supervisor and `tocsin rescale`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._order, self._standing, self._lock = (
            directory.with_name(f"{directory.name}.{name}") for name in ("workers.json", "standing.json", "supervised")
        )

    # --- for the supervisor

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be the only supervisor of the job; the system lets go of it when the process dies. Raises SettingsError."""
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        with self._lock.open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise SettingsError(f"{self._directory}: another `tocsin run --workers` keeps this job") from error
            yield

    def wanted(self, given: int) -> Order:
        """Return what is wanted of a supervisor that was started for so many workers."""
        order = self._read()
        return order if order is not None and order.instead_of == given else Order(given, given)

    def tell(self, standing: Standing) -> None:
        """Say how things are."""
        _write(self._standing, standing)

    # --- for who gives orders

    def give(self, workers: int, *, is_stopped: bool) -> None:
        """Want another number. Raises FleetError where nobody listens."""
        _write(self._order, Order(workers, self.standing().given, is_stopped))

    def standing(self) -> Standing:
        """Return what the supervisor last said. Raises FleetError where there is none."""
        if not self._is_held() or not self._standing.exists():
            raise FleetError(
                f"no `tocsin run --workers N` keeps the job of {self._directory}. A job that is stopped needs no"
                " command: start it with another N, it takes its state from the parts"
            )
        return msgspec.json.decode(self._standing.read_bytes(), type=Standing)

    def _is_held(self) -> bool:
        if not self._lock.exists():
            return False
        with self._lock.open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def _read(self) -> Order | None:
        try:
            return msgspec.json.decode(self._order.read_bytes(), type=Order)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            raise SettingsError(f"{self._order} is damaged: {error}; remove it") from error


def _write(path: Path, value: Order | Standing) -> None:
    sibling = path.with_name(f"{path.name}.new")
    with sibling.open("wb") as out:
        out.write(msgspec.json.encode(value))
        out.flush()
        os.fsync(out.fileno())
    sibling.rename(path)


class Processes:
    """The workers that a supervisor keeps; those with a port are asked whether they are ready."""

    def __init__(self, orders: Orders, metrics: MetricsSettings) -> None:
        self._orders, self._metrics = orders, metrics

    def __str__(self) -> str:
        return "the processes of `tocsin run --workers`"

    def workers(self) -> int:
        """Return the number that was last ordered."""
        return self._orders.wanted(self._orders.standing().given).workers

    def running(self) -> int:
        """Return how many processes there are."""
        return self._orders.standing().running

    def ready(self) -> int:
        """Return how many say so; without a port, how many there are."""
        standing = self._orders.standing()
        if standing.workers != self.workers() or not self._metrics.port:
            return standing.running if standing.workers == self.workers() else 0
        return sum(self._says_so(self._metrics.port + number) for number in range(standing.running))

    def stop(self) -> None:
        """Order that none runs."""
        self._orders.give(self.workers(), is_stopped=True)

    def start(self, workers: int) -> None:
        """Order a number."""
        self._orders.give(workers, is_stopped=False)

    def _says_so(self, port: int) -> bool:
        host = f"[{self._metrics.host}]" if ":" in self._metrics.host else self._metrics.host
        try:
            answer = urllib3.request("GET", f"http://{host}:{port}/readyz", timeout=PATIENCE, retries=False)
        except urllib3.exceptions.HTTPError:
            return False
        return answer.status == OK
