"""What would become of a refused record now: the intake's own decision on its bytes, under the rules in force."""

import msgspec

from operators.intake.decode import Refusal
from operators.intake.enrich.event import Dropped
from operators.intake.formats.unpack import parts_of
from operators.intake.name import Body, RulesChange, take_in
from operators.intake.poll import Raw
from operators.model.event import Event
from operators.model.reason import DeadReason
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from operators.rules.read.patch import patch

ACCEPTED, DROPPED, REFUSED = "accepted", "dropped", "refused"
_ORDER = (REFUSED, DROPPED, ACCEPTED)


class Again(msgspec.Struct, frozen=True):
    """What a record would be; one that holds several is as its worst part is."""

    outcome: str
    """accepted, dropped or refused."""
    reason: str = ""
    detail: str = ""
    """Why not, or what it would be."""


def again(raw: Raw, book: RuleBook, settings: CoreSettings) -> Again:
    """Return what a record would be. Whether a command could be done depends on its alert, which is not looked at."""
    taken = (
        take_in(one.raw, book, settings, one.kind, at=one.at, latest=one.latest) for one in parts_of(raw, book.sources)
    )
    told = [_told(body, book) for _, body in taken]
    return min(told, key=lambda one: _ORDER.index(one.outcome), default=Again(REFUSED, "empty", "it holds nothing"))


def _told(body: Body, book: RuleBook) -> Again:
    if isinstance(body, Refusal):
        return Again(REFUSED, body.reason, body.detail)
    if isinstance(body, Dropped):
        return Again(DROPPED, body.reason, body.detail)
    if isinstance(body, RulesChange):
        patched = patch(book, body.put, body.delete, None)
        if isinstance(patched, list):
            return Again(REFUSED, DeadReason.INVALID_RULES, "; ".join(map(str, patched)))
    if isinstance(body, Event):
        return Again(ACCEPTED, "", f"{body.alert_name} {body.target or ''}".strip())
    return Again(ACCEPTED)
