"""The answer in one line: is somebody told of the alert, who, and what holds it back."""

from collections.abc import Sequence

from operators.deliver.told import Told, told_of
from operators.explain.case import Case, Finding
from operators.model.alert import ABNORMAL


def answer(case: Case, now: Sequence[Finding], before: Sequence[Finding]) -> tuple[str, int | None, str]:
    """Return the answer, until when it holds where that is known, and who had heard before.

    `now`: what holds the alert back; `before`: what did.
    """
    told = told_of(case.actions)
    heard = _heard(told)
    if now and case.alert.status == ABNORMAL:
        return f"Nobody is told now: {now[0].what}", now[0].until, heard
    if heard:
        return f"{heard[0].upper()}{heard[1:]}", None, ""
    if before:
        return f"Nobody was told: {before[-1].why.rstrip('.')}", None, ""
    return "Nobody was told: no notice was planned" if not case.actions else "Nobody was told", None, ""


def _heard(told: Told) -> str:
    """Return who heard, or whom a notice is still to reach; "" for nobody."""
    if told.told:
        return f"told: {', '.join(told.told)}"
    if told.not_yet:
        return f"on its way to {', '.join(told.not_yet)}"
    if told.in_a_file:
        return f"a file took what was meant for {', '.join(told.in_a_file)}: no channel delivers it"
    return f"not reached: {', '.join(told.not_reached)}" if told.not_reached else ""
