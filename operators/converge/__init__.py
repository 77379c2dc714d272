"""Merging of notices: who is told now, who waits for a summary (spec/notices.md 2, design.md 7.22, 7.25, 7.26)."""

from operators.converge.keys import route
from operators.converge.machine import Converge
from operators.converge.model import Outcome

__all__ = ["Converge", "Outcome", "route"]
