"""Calls that end in time: one watchdog for all of them shuts the connection of a call whose time is up.

A socket's own time-out begins anew with every byte, so a peer that drips could hold a sender for ever.
"""

import os
import socket
import threading
import time
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from types import TracebackType
from typing import Self


class Deadline:
    """The time of one call, as a context. An error of a call whose time is up becomes a TimeoutError."""

    def __init__(self, seconds: float) -> None:
        self.ends = time.monotonic() + seconds
        self.is_over = False
        self._handles: list[int] = []
        """File descriptors of our own: TLS takes over those of the socket it wraps."""

    def watch(self, sock: socket.socket) -> None:
        """Shut this connection too when the time is up."""
        with _WATCHDOG.changed:
            self._handles.append(os.dup(sock.fileno()))
            if self.is_over:
                self.end()

    def end(self) -> None:
        """Shut what the call waits on; the watchdog calls this."""
        self.is_over = True
        for handle in self._handles:
            with suppress(OSError), socket.socket(fileno=os.dup(handle)) as one:
                one.shutdown(socket.SHUT_RDWR)

    def check(self) -> None:
        """Raise TimeoutError if the time is up."""
        if self.is_over:
            raise TimeoutError

    def __enter__(self) -> Self:
        _WATCHDOG.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with _WATCHDOG.changed:
            for handle in self._handles:
                os.close(handle)
            self._handles.clear()
        if self.is_over and isinstance(error, Exception):
            raise TimeoutError from None


class _Watchdog:
    """Ends calls in the order of their deadlines; one that has ended of itself has nothing left to shut."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self._waiting: list[tuple[float, int, Deadline]] = []
        self._numbers = count()
        self._is_running = False

    def add(self, deadline: Deadline) -> None:
        with self.changed:
            heappush(self._waiting, (deadline.ends, next(self._numbers), deadline))
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="deadlines", daemon=True).start()
            elif self._waiting[0][2] is deadline:
                self.changed.notify()

    def _run(self) -> None:
        with self.changed:
            while True:
                left = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if left is None or left > 0:
                    self.changed.wait(left)
                else:
                    heappop(self._waiting)[2].end()


_WATCHDOG = _Watchdog()
