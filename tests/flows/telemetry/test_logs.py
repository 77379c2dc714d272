"""Log lines."""

import errno
import io
import json
import logging
import sys
import threading

import pytest
import structlog

from flows.telemetry.logs import LINES, set_up
from flows.telemetry.redaction import Redactor


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines(stream: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_where_nobody_looks_on():
    stream = io.StringIO()
    set_up(stream=stream)
    structlog.get_logger().info("done %s", 5, alert_id="17", 名="值")
    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "done 5", "level": "info", "alert_id": "17", "名": "值"}


def test_a_line_is_text_in_a_terminal():
    stream = Terminal()
    set_up(stream=stream)
    structlog.get_logger().info("done", alert_id="17")
    assert "done" in stream.getvalue()
    assert "\x1b[" in stream.getvalue()
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(stream.getvalue())


def test_libraries_write_the_same_lines_from_warning_on():
    stream = io.StringIO()
    set_up(stream=stream)
    logging.getLogger("urllib3").info("quiet")
    logging.getLogger("urllib3").warning("retry %s", "http://u:pa55@h")
    assert [(line["event"], line["level"]) for line in lines(stream)] == [("retry http://u:***@h", "warning")]


@pytest.mark.parametrize(("level", "count"), [("debug", 3), ("info", 2), ("warning", 1), ("error", 0)])
def test_the_level_is_a_setting(level: str, count: int):
    stream = io.StringIO()
    set_up(stream=stream, level=level)
    log = structlog.get_logger()
    log.debug("a")
    log.info("b")
    log.warning("c")
    assert len(lines(stream)) == count


@pytest.mark.parametrize("make", [io.StringIO, Terminal])
def test_no_secret_stands_in_a_line_or_a_traceback(make):
    stream = make()
    set_up(Redactor(["hunter22"]), stream=stream)
    log = structlog.get_logger()
    log.info("at %s", "redis://:pa55word@h", token="x hunter22 y", where={"url": "https://h/?key=k3y"})
    try:
        int("hunter22 in https://u:pa55word@h")
    except ValueError:
        log.exception("failed")
    for secret in ("hunter22", "pa55word", "k3y"):
        assert secret not in stream.getvalue()
    assert "Traceback" in stream.getvalue()


def test_a_thread_that_ends_by_an_error_leaves_a_line():
    stream = io.StringIO()
    set_up(Redactor(["hunter22"]), stream=stream)

    def fail() -> None:
        raise RuntimeError("hunter22")

    thread = threading.Thread(target=fail, name="rules")
    thread.start()
    thread.join()
    (line,) = lines(stream)
    assert (line["event"], line["level"], line["thread"]) == ("thread ended by an error", "critical", "rules")
    assert "RuntimeError: ***" in line["exception"]


def test_an_error_that_ends_the_process_leaves_a_line():
    stream = io.StringIO()
    set_up(stream=stream)
    sys.excepthook(ValueError, ValueError("x"), None)
    assert lines(stream)[0]["event"] == "process ended by an error"


def test_the_lines_of_the_reference_are_word_for_word():
    assert LINES == (
        "[event drop] event(%s) strategy(%s) is dropped or expired",
        "[alert.manager update alert cache]: updated(%s), finished(%s)",
        "[alert.manager update alert snapshot]: %s",
        "[create actions(begin)](%s) for alert(%s)",
        "--begin notice_action action {}({})",
    )


def test_a_terminal_that_was_closed_costs_its_lines_alone():
    class Closed(io.StringIO):
        def write(self, _):
            raise OSError(errno.EIO, "Input/output error")

    set_up(stream=Closed())
    structlog.get_logger().warning("nobody hears it")
