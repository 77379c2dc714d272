"""Whoever waits at a terminal sees how far it is; nobody else sees anything."""

import io

from flows.cli.counting import counted


class Terminal(io.StringIO):
    def isatty(self):
        return True


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
