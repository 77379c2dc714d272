"""A process that another one keeps ends when that one is gone, however it went: a pipe tells it, to which nobody writes."""

import os
import signal
import stat
import threading
from collections.abc import MutableMapping
from functools import cache

KEPT_BY = "TOCSIN_KEPT_BY"
"""The variable that names the descriptor of the pipe."""


class Keeper:
    """The side of the one that keeps: as long as its process lives, its end of the pipe is open."""

    def __init__(self) -> None:
        self.ear, self._mouth = os.pipe()
        self.environment = {KEPT_BY: str(self.ear)}


@cache
def keeper() -> Keeper:
    """Return the one of this process."""
    return Keeper()


def end_with_keeper(environment: MutableMapping[str, str] = os.environ) -> None:
    """Ask this process to end, as SIGTERM does, once the one that keeps it is gone; nothing where nobody does."""
    named = environment.pop(KEPT_BY, "")  # not for the processes that this one starts
    if named.isdecimal() and _is_pipe(int(named)):
        threading.Thread(target=_wait, args=(int(named),), name="keeper", daemon=True).start()


def _is_pipe(descriptor: int) -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(descriptor).st_mode)
    except OSError:
        return False


def _wait(ear: int) -> None:
    while os.read(ear, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
