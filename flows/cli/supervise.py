"""Several processes of ours on one machine, each started again when it dies (design.md 5)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

import structlog

from flows.cli.fail import LEFT
from flows.cli.kept import keeper
from flows.rescale.processes import Orders, Standing
from flows.stop import Stop

PATIENCE = 120.0
"""Seconds that a stop waits for the last snapshots."""
LONGEST = 30.0
"""Seconds between two starts of a worker that keeps dying."""
STABLE = 60.0
"""Seconds after which a worker that ran counts as well again."""
REFUSES_WITHIN = 15.0
"""Seconds of a start within which a process that ends by itself, in failure, refuses to begin."""
REFUSALS = 2
"""First starts that are refused one after the other, after which it is clear that the next would be too."""

PORT = "TOCSIN__METRICS__PORT"

log = structlog.get_logger()


class Child:
    """One process and its failures; `arguments` are those of `tocsin`. It ends when this process is gone."""

    def __init__(self, name: str, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._command = [sys.executable, "-c", "from flows.cli import main; main()", *arguments]
        self._environment = {**os.environ, **(environment or {}), **keeper().environment}
        self.name = name
        self._failures = self._starts = self._refused = 0
        self._due = 0.0
        self.start()

    def start(self) -> None:
        """Start the process."""
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            self._command, env=self._environment, pass_fds=(keeper().ear,), start_new_session=True
        )
        self._began = time.monotonic()
        self._starts += 1

    @property
    def has_refused(self) -> bool:
        """Whether it never began: it has said why."""
        return self._refused == self._starts == REFUSALS

    def look(self, now: float) -> bool:
        """Start it again if it died and its time has come; return whether it has ended well, something left or not."""
        code = self.process.poll()
        if code in (None, 0, LEFT):
            return code is not None
        if not self._due:
            self._refused += code > 0 and now - self._began < REFUSES_WITHIN
            self._failures = 0 if now - self._began > STABLE else self._failures + 1
            self._due = now + min(0.5 * 2**self._failures, LONGEST)
            log.warning("process died", name=self.name, exit=code, again_in=round(self._due - now, 1))
        elif now >= self._due:
            self._due = 0.0
            self.start()
        return False


def supervise(count: int, arguments: Sequence[str], port: int = 0, orders: Orders | None = None) -> int:
    """Keep `count` workers running until all have ended or a stop is asked for; return the exit code.

    `port` is that of worker 0, and 0 = none. By `orders` another number is wanted, or none for a while (`tocsin rescale`).
    Raises SettingsError where another supervisor keeps the job.
    """
    words = without(arguments, "--workers")
    if orders is None:
        return keep_running([worker(number, count, words, port) for number in range(count)])
    with orders.held():
        return _as_ordered(orders, count, lambda total: [worker(number, total, words, port) for number in range(total)])


def _as_ordered(orders: Orders, given: int, begin: Callable[[int], list[Child]]) -> int:
    """Keep as many workers running as are ordered."""
    children: list[Child] = []
    stop, standing = Stop(), None
    stop.on_signals(lambda: hang_up(children))
    while not stop.is_asked:
        order = orders.wanted(given)
        running = 0 if order.is_stopped else order.workers
        if running != len(children):
            if order.workers != given:
                log.info("another number of workers is ordered", workers=running, instead_of=given)
            end(children)
            children[:] = begin(running)
        if (now := Standing(given, order.workers, len(children))) != standing:
            orders.tell(now)
            standing = now
        stop.wait(0.2)
        ended = [child.look(time.monotonic()) for child in children]
        if ended and all(ended):
            return max(child.process.returncode for child in children)
    return end(children)


def worker(number: int, count: int, arguments: Sequence[str], port: int = 0) -> Child:
    """Start worker `number` of `count`."""
    environment = {PORT: str(port + number)} if port else {}
    return Child(f"worker {number}", ["run", *arguments, "--worker", f"{number}/{count}"], environment)


def keep_running(children: Sequence[Child]) -> int:
    """Keep processes running until all have ended, one refuses to begin, or a stop is asked for; return the exit code."""
    stop = Stop()
    stop.on_signals(lambda: hang_up(children))
    while not stop.wait(0.2):
        ended = [child.look(time.monotonic()) for child in children]
        if all(ended):
            return max(child.process.returncode for child in children)
        if any(child.has_refused for child in children):
            break
    return end(children)


def end(children: Sequence[Child]) -> int:
    """Ask processes to end and wait for it; return the exit code."""
    for child in children:
        child.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    return max((_ended(child.process, deadline) for child in children), default=0)


def hang_up(children: Sequence[Child]) -> None:
    """Let every worker read its rules again."""
    for child in children:
        if child.process.poll() is None:
            child.process.send_signal(signal.SIGHUP)


def without(arguments: Sequence[str], *options: str) -> list[str]:
    """Return arguments without some options, which take one value each: those that are the supervisor's own."""
    kept: list[str] = []
    skip = False
    for argument in arguments:
        if not skip and argument.partition("=")[0] not in options:
            kept.append(argument)
        skip = not skip and argument in options
    return kept


def _ended(process: subprocess.Popen[bytes], deadline: float) -> int:
    """Wait for the end; a process that our own signal met before it had begun to listen has ended as it was told."""
    try:
        code = process.wait(max(0.0, deadline - time.monotonic()))
        return 0 if code == -signal.SIGTERM else abs(code)
    except subprocess.TimeoutExpired:
        process.kill()
        return 1
