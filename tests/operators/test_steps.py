"""The Bytewax adapters."""

from operators.steps import NoticesLogic


def test_notices_that_were_resumed_are_kept_although_nothing_has_come_since():
    assert NoticesLogic(None, b"as it was").snapshot() == b"as it was"
