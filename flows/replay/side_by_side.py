"""Two replays of one stream at once: one process reads, a process a rule set decides, so that two cores work.

The lines go through a pipe to each. Whoever is slower holds up the other, so little waits anywhere.
"""

import fcntl
import gc
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from typing import BinaryIO

import msgspec

from flows.replay.replay import Line

FRAME = 500
"""Lines that go through a pipe at once."""
LENGTH = 4
"""Bytes that say how long a frame is."""
PIPE = 1 << 20
"""Bytes that wait in a pipe at most."""
END = (0).to_bytes(LENGTH)
"""A frame of no length: that was all. A pipe that ends without it was broken off."""

Side = Callable[[Iterator[Line]], None]
"""What a process does with the lines it is sent."""

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[Line]).decode


class SideError(Exception):
    """A side did not come to its end; what it said stands on stderr."""


class BrokenOffError(Exception):
    """The stream ended before its end: whoever read it is gone."""


def feed(sides: Mapping[str, Side], lines: Iterable[Line], watch: Callable[[int, Line], None]) -> None:
    """Run every side in a process of its own on the same lines. Raises SideError; `watch` is told how many went.

    A process is forked: open no connection and start no thread before; `lines` is only read afterwards.
    """
    gc.collect()
    gc.freeze()  # what the sides share stays shared
    pipes = {name: _pipe() for name in sides}
    processes = {name: _start(side, pipes[name][0], pipes) for name, side in sides.items()}
    try:
        for end, _ in pipes.values():
            os.close(end)
        _send(lines, [os.fdopen(end, "wb", buffering=0) for _, end in pipes.values()], watch)
    finally:
        for process in processes.values():
            process.join()
        gc.unfreeze()
    if failed := [name for name, process in processes.items() if process.exitcode]:
        raise SideError(f"the replay of {' and '.join(failed)} failed")


def _pipe() -> tuple[int, int]:
    reads, writes = os.pipe()
    fcntl.fcntl(writes, fcntl.F_SETPIPE_SZ, PIPE)
    return reads, writes


def _start(side: Side, reads: int, pipes: Mapping[str, tuple[int, int]]) -> ForkProcess:
    process = get_context("fork").Process(target=_run, args=(side, reads, pipes))
    process.start()
    return process


def _run(side: Side, reads: int, pipes: Mapping[str, tuple[int, int]]) -> None:
    """Be one side: keep its end of its pipe alone, leave Ctrl-C to the process that reads."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for ends in pipes.values():
        for end in ends:
            if end != reads:
                os.close(end)
    with os.fdopen(reads, "rb", buffering=PIPE) as stream:
        try:
            side(_received(stream))
        except BrokenOffError:
            os._exit(1)


def _received(stream: BinaryIO) -> Iterator[Line]:
    while True:
        head = stream.read(LENGTH)
        if len(head) < LENGTH:
            raise BrokenOffError
        if head == END:
            return
        length = int.from_bytes(head)
        frame = stream.read(length)
        if len(frame) < length:
            raise BrokenOffError
        yield from _unpack(frame)


def _send(lines: Iterable[Line], pipes: list[BinaryIO], watch: Callable[[int, Line], None]) -> None:
    """Write every line to every pipe; a side that is gone ends it, and so does an error of the lines."""
    count, waiting = 0, iter(lines)
    try:
        while frame := list(islice(waiting, FRAME)):
            packed = _pack(frame)
            for pipe in pipes:
                _write(pipe, len(packed).to_bytes(LENGTH) + packed)
            count += len(frame)
            watch(count, frame[-1])
        for pipe in pipes:
            _write(pipe, END)
    except BrokenPipeError:
        pass  # its exit code says so
    finally:
        for pipe in pipes:
            pipe.close()


def _write(pipe: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[pipe.write(view) :]
