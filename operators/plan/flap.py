"""Flapping carried out: changes are counted, one notice says that it flaps, what follows waits (design.md 7.54)."""

from operators.check.flapping import flap_limit
from operators.limits.flapping import changed, told_of
from operators.model.alert import FlapRecord
from operators.model.reason import Reason
from operators.plan.judge import ENDS, FLAPPING, GO, OPENING, UPGRADE, Verdict
from operators.state.turn import Turn


def note_change(turn: Turn, signal: str) -> None:
    """Count that an alert opened or ended; one that a worse event supersedes has not."""
    is_opening = signal in OPENING and turn.extra().predecessor is None
    if is_opening or signal in ENDS:
        turn.keep(flapping=changed(turn.state.flapping, flap_limit(turn.view()), turn.now))


def judge_flapping(turn: Turn, signal: str, notice_type: str, verdict: Verdict) -> tuple[str, Verdict]:
    """Return the type and verdict of a notice: the first while it flaps says so, then a worse severity alone is told."""
    flapping = turn.state.flapping
    if not flapping.is_on or verdict is not GO or notice_type == UPGRADE or signal not in OPENING | ENDS:
        return notice_type, verdict
    if not flapping.told:
        return FLAPPING, verdict
    if signal in OPENING and turn.current().severity < flapping.told:
        return notice_type, verdict
    return notice_type, Verdict("skipped", Reason.FLAPPING, f"{flapping.count} changes in {flapping.span} s")


def show_flapping(turn: Turn) -> None:
    """Write on the alert with which people are told what they are told of its flapping."""
    flapping = turn.state.flapping
    turn.put_extra(flapping=FlapRecord(flapping.count, flapping.span, flap_limit(turn.view()).quiet))


def note_severity(turn: Turn) -> None:
    """Remember of which severity people were told while it flaps."""
    if turn.state.flapping.is_on:
        turn.keep(flapping=told_of(turn.state.flapping, turn.current().severity))
