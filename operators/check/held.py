"""Held: when a signal that the action quota held back is tried again (design.md 7.21)."""

from operators.check.verdict import NOTHING, Verdict
from operators.rules.ask.look import Look


def held_verdict(look: Look) -> Verdict:
    """Judge the signal that waits, if one does."""
    if look.retry is None or look.retry.due <= look.now:
        return NOTHING
    return Verdict(next_look=look.retry.due)
