"""Whoever waits at a terminal sees how far it is; nobody else sees anything."""

import io
import threading

import pytest

from flows.cli.counting import at_work, counted


class Terminal(io.StringIO):
    """Remembers that something was shown, for a test to wait for it."""

    def __init__(self):
        super().__init__()
        self.has_shown = threading.Event()

    def isatty(self):
        return True

    def write(self, text):
        super().write(text)
        self.has_shown.set()


def shown_on(stream, monkeypatch, every=0):
    """Let standard error be a stream; a line is due after so many seconds."""
    monkeypatch.setattr("flows.cli.counting.EVERY", every)
    monkeypatch.setattr("sys.stderr", stream)
    return stream


def test_a_line_counts_and_is_taken_back(monkeypatch):
    terminal = shown_on(Terminal(), monkeypatch)
    assert list(counted("abc", "letters", total=3)) == ["a", "b", "c"]
    lines = terminal.getvalue().split("\r\x1b[K")
    assert lines == ["", "1 of 3 letters", "2 of 3 letters", "3 of 3 letters", ""]


def test_the_line_is_taken_back_where_somebody_stops_early(monkeypatch):
    terminal = shown_on(Terminal(), monkeypatch)
    numbers = counted(range(1000), "numbers")
    assert [next(numbers), next(numbers)] == [0, 1]
    numbers.close()
    assert terminal.getvalue() == "\r\x1b[K1 numbers\r\x1b[K"


def test_what_is_quick_says_nothing(monkeypatch):
    terminal = shown_on(Terminal(), monkeypatch, every=3600)
    assert list(counted("abc", "letters")) == ["a", "b", "c"]
    assert terminal.getvalue() == ""


def test_a_pipe_gets_nothing(monkeypatch):
    pipe = shown_on(io.StringIO(), monkeypatch)
    assert list(counted("abc", "letters")) == ["a", "b", "c"]
    assert pipe.getvalue() == ""


def test_what_takes_long_says_what_it_does_and_how_far_it_is_and_takes_its_line_back(monkeypatch):
    terminal = shown_on(Terminal(), monkeypatch, every=0.01)
    with at_work("looking") as say:
        assert terminal.has_shown.wait(60)
        terminal.has_shown.clear()
        say("7 dropped")
        while "7 dropped" not in terminal.getvalue():
            assert terminal.has_shown.wait(60)
            terminal.has_shown.clear()
    lines = terminal.getvalue().split("\r\x1b[K")
    assert (lines[1], lines[-2], lines[-1]) == ("looking, 0 s", "7 dropped, 0 s", "")


def test_the_line_of_work_that_is_interrupted_is_taken_back(monkeypatch):
    terminal = shown_on(Terminal(), monkeypatch, every=0.01)

    def interrupted():
        assert terminal.has_shown.wait(60)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), at_work("looking"):
        interrupted()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_work_that_is_quick_or_writes_to_a_pipe_says_nothing(monkeypatch):
    for stream, every in ((Terminal(), 3600), (io.StringIO(), 0)):
        shown_on(stream, monkeypatch, every=every)
        with at_work("looking") as say:
            say("much")
        assert stream.getvalue() == ""
