"""What becomes of a notice action once its children have been told, withheld or silenced."""

import msgspec

from operators.model.reason import Reason
from operators.model.records import Action

NOTICE = "notice"
SUCCESS, SKIPPED = "success", "skipped"
SYSTEM_ABORT = "system_abort"
"""Failure type of a notice whose calls were left out (spec/notices.md 1.7, 4.3)."""


class Tally(msgspec.Struct, gc=False):
    """What happened to the children of one action."""

    told: bool = False
    withheld: bool = False
    silenced: bool = False
    """A voice call was left out because the same call was just made."""


def settled(action: Action, tally: Tally) -> Action:
    """Return the action with its status: success if anybody was told now, else skipped, and why.

    A merged notice stays skipped when its summary goes out: the summary is a notice, not an action (replay.md).
    """
    if tally.told:
        return action.moved(SUCCESS, Reason.DELIVERED)
    why = _why(tally)
    return action.moved(SKIPPED, why, SYSTEM_ABORT if why is Reason.VOICE_DUPLICATE else "")


def _why(tally: Tally) -> Reason:
    if tally.withheld:
        return Reason.MERGED
    return Reason.VOICE_DUPLICATE if tally.silenced else Reason.NOBODY
