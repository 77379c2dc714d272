"""Which alerts the stage by business must know because a rule of inhibition concerns them (design.md 7.66)."""

from collections.abc import Iterator

from operators.intake.handover import Party
from operators.model.alert import ABNORMAL, document
from operators.rules.ask.inhibition import NEITHER, sides_of
from operators.rules.book import RuleBook
from operators.state.slots import States
from operators.state.state import Known, State

NO_RULES = RuleBook.empty().version


def news(states: States, before: RuleBook, book: RuleBook, now: int) -> Iterator[Party]:
    """Yield what is to be handed over when a book comes into force, of all open alerts at once.

    One at a time, as each is looked at, a source would be of the new rule and its target still of the old one. The
    first book of a process may lack the rules under which the alerts were known.
    """
    if book.inhibits == before.inhibits and before.version != NO_RULES:
        return
    for alert in list(states.open()):
        state = states.get(alert.dedupe_md5)
        if state is not None and (party := news_of(state, book, now)) is not None:
            states.put(state)
            yield party


def news_of(state: State, book: RuleBook, now: int) -> Party | None:
    """Return what is to be handed over of an alert, if anything is, and keep that it was.

    Of one that inhibits: that it opened, that others agree with it than before, that it ended. Of one that may be
    inhibited also each document.
    """
    alert, known = state.alert, state.known
    sides = sides_of(alert, book) if alert is not None and alert.status == ABNORMAL else NEITHER
    if alert is None or (sides == NEITHER and known is None):
        return None
    is_known = known is not None and (known.alert_id, known.source, known.target) == (alert.id, *sides)
    if known is not None and is_known and (known.revision == alert.revision or not sides.target):
        return None
    state.known = None if sides == NEITHER else Known(alert.id, alert.revision, sides.source, sides.target)
    return Party(document(alert), now, sides.source, sides.target)
