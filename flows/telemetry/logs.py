"""Log lines: JSON, or coloured text in a terminal; never a secret. And the lines of the reference, word for word."""

import logging
import sys
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, TextIO, cast

import structlog
from structlog.typing import Processor

from flows.telemetry.redaction import Redactor

DROPPED = "[event drop] event(%s) strategy(%s) is dropped or expired"
CACHE = "[alert.manager update alert cache]: updated(%s), finished(%s)"
SNAPSHOT = "[alert.manager update alert snapshot]: %s"
CREATE = "[create actions(begin)](%s) for alert(%s)"
NOTIFY = "--begin notice_action action {}({})"

LINES = (DROPPED, CACHE, SNAPSHOT, CREATE, NOTIFY)
"""What people who know the reference system search for (design.md 9)."""

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def set_up(
    redactor: Redactor | None = None, *, stream: TextIO | None = None, level: str = "info", as_json: bool | None = None
) -> Redactor:
    """Send all log lines, those of libraries too, to a stream (standard error); return what hides secrets in them.

    `as_json` None: JSON unless the stream is a terminal. Libraries speak from WARNING on.
    """
    stream = sys.stderr if stream is None else stream
    redactor = Redactor() if redactor is None else redactor
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redactor,
    ]
    last = _last(stream, as_json=not stream.isatty() if as_json is None else as_json)
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Heard(stream))),
        cache_logger_on_first_use=False,
    )
    _bridge(stream, shared, last)
    _catch()
    return redactor


class _Heard:
    """A stream that may go away, as a terminal does that is closed: what is said then is lost, and nothing else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write, if somebody is there."""
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        """Pass on what was written, if somebody is there."""
        with suppress(OSError):
            self._stream.flush()


def _last(stream: TextIO, *, as_json: bool) -> Processor:
    if as_json:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain)


def _bridge(stream: TextIO, shared: list[Processor], last: Processor) -> None:
    """Let the loggers of libraries write the same lines."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    # Its tracebacks are of what is tried again; the store tells what came of it.
    logging.getLogger("elastic_transport").setLevel(logging.ERROR)


def _catch() -> None:
    """Let what ends a thread or the process become a line too: a traceback may hold a secret."""

    def of_process(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            _fatal("process ended by an error", (kind, error, trace))

    def of_thread(told: threading.ExceptHookArgs) -> None:
        name = told.thread.name if told.thread else "?"
        _fatal("thread ended by an error", (told.exc_type, told.exc_value, told.exc_traceback), thread=name)

    sys.excepthook = of_process
    threading.excepthook = of_thread


def _fatal(event: str, exc_info: Any, **about: str) -> None:
    structlog.get_logger().critical(event, exc_info=exc_info, **about)
