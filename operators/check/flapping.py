"""Flapping: when a fingerprint whose alerts open and end again and again has been quiet (design.md 7.54)."""

from operators.check.verdict import NOTHING, Verdict
from operators.limits.flapping import limit_of, quiet_at
from operators.model.settings import FlapSettings
from operators.people.dispatch import dispatch, notice_of
from operators.rules.ask.look import Look


def flap_limit(look: Look) -> FlapSettings:
    """Return when the alert's fingerprint flaps: as its dispatch rule says, else its notice, else setting `flap`."""
    found, relation = dispatch(look), notice_of(look)
    own = relation.options.flap if relation else None
    return limit_of(look.settings.flap, found.flap if found else None, own)


def flap_verdict(look: Look) -> Verdict:
    """Judge whether what flaps is still to be waited for."""
    due = quiet_at(look.flapping, flap_limit(look)) if look.flapping.is_on else None
    if due is None or due <= look.now:
        return NOTHING
    why = "It flaps. An alert of its that opens or ends before puts it off."
    return Verdict(next_look=due, outlook="people are told how it stands", description=why)
