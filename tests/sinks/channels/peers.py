"""Peers that misbehave, on real sockets."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

Behaviour = Callable[[socket.socket], None]


@contextlib.contextmanager
def peer(behave: Behaviour) -> Iterator[int]:
    """Run a server that treats every connection as told; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def serve_one(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            behave(connection)

    def serve() -> None:
        listener.settimeout(0.05)
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = listener.accept()
                connection.settimeout(5)
                threads.append(threading.Thread(target=serve_one, args=(connection,), daemon=True))
                threads[-1].start()

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        server.join()
        listener.close()
        for thread in threads:
            thread.join(6)


def hang(connection: socket.socket) -> None:
    """Read and never answer, until the other side leaves."""
    with contextlib.suppress(OSError):
        while connection.recv(65536):
            pass


def reset(connection: socket.socket) -> None:
    """Read a little and reset the connection."""
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def slam(connection: socket.socket) -> None:
    """Close at once."""


def drip(*pieces: bytes) -> Behaviour:
    """Return a behaviour that sends the pieces and then goes on with one byte at a time."""

    def behave(connection: socket.socket) -> None:
        connection.recv(65536)
        for one in pieces:
            connection.sendall(one)
        for _ in range(200):
            connection.sendall(b"x")
            time.sleep(0.05)

    return behave


def say(*pieces: bytes) -> Behaviour:
    """Return a behaviour that reads a request, sends the pieces and closes."""

    def behave(connection: socket.socket) -> None:
        connection.recv(65536)
        for one in pieces:
            connection.sendall(one)
        connection.shutdown(socket.SHUT_WR)
        hang(connection)

    return behave
