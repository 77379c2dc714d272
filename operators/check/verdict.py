"""What a checker says of an open alert."""

import msgspec

from operators.model.reason import Reason


class Verdict(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What becomes of an alert, and when to ask again. A checker that has more to say adds fields of its own."""

    reason: Reason | None = None
    """Why the alert ends; None: this checker lets it go on."""
    description: str = ""
    next_look: int | None = None
    """The earliest second at which time alone may change this, once it is carried out; None = never."""
    outlook: str = ""
    """What happens at `next_look` if nothing comes before, in words: `explain` tells it."""


NOTHING = Verdict()
