"""What becomes of a notice action once its children have been told, withheld or silenced."""

import msgspec

from operators.model.reason import Reason
from operators.model.records import Action

# Looked up once: Python 3.11 takes as long for a member of an enum as for three calls.
DELIVERED, MERGED = Reason.DELIVERED, Reason.MERGED

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
        return action.moved(SUCCESS, DELIVERED)
    if tally.withheld:
        return action.moved(SKIPPED, MERGED)
    if tally.silenced:
        return action.moved(SKIPPED, Reason.VOICE_DUPLICATE, SYSTEM_ABORT)
    return action.moved(SKIPPED, Reason.NOBODY)
