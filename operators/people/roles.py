"""From entries of a rule to people: roles are of the business, two of the host (spec/notices.md 6.3, design 28)."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

import msgspec

from operators.model.alert import Alert
from operators.model.settings import CoreSettings
from operators.rules.ask.hosts import host_of
from operators.rules.book import RuleBook
from operators.rules.shapes.model import Host, UserRef

HOST_ROLES = ("operator", "bk_bak_operator")
GLOBAL = "0"
"""The business of rules that serve every business."""


class Situation(msgspec.Struct, frozen=True, gc=False):
    """What the people of a group depend on beside the group itself."""

    book: RuleBook
    settings: CoreSettings
    business: str
    zone: ZoneInfo
    """Of the business."""
    now: int
    alert: Alert | None = None
    """None: nobody asks on behalf of an alert, so there is no host."""


def situation_of(alert: Alert, book: RuleBook, settings: CoreSettings, now: int) -> Situation:
    """Return the situation of an alert; one without business stands in the default one."""
    known = settings.default_business if alert.bk_biz_id is None else alert.bk_biz_id
    business = GLOBAL if known is None else str(known)
    return Situation(book, settings, business, book.zone_of(business, settings), now, alert)


def situation_in(book: RuleBook, settings: CoreSettings, business: str, now: int) -> Situation:
    """Return the situation of a business, where nobody asks on behalf of an alert."""
    return Situation(book, settings, business, book.zone_of(business, settings), now)


def people_named(entries: Iterable[UserRef], situation: Situation) -> list[str]:
    """Return the people that entries name, roles expanded, each once, in order."""
    people: dict[str, None] = {}
    for entry in entries:
        found = (entry.id,) if entry.type == "user" else _in_role(entry.id, situation)
        people.update(dict.fromkeys(found))
    return list(people)


def _in_role(role: str, situation: Situation) -> tuple[str, ...]:
    host = _host(situation) if role in HOST_ROLES else None
    of_host: tuple[str, ...] = getattr(host, role) if host else ()
    business = situation.book.businesses.get(situation.business)
    return of_host or (business.roles.get(role, ()) if business else ())


def _host(situation: Situation) -> Host | None:
    """Return the host of the alert; an event without target type has none."""
    alert = situation.alert
    return host_of(alert, situation.book) if alert and alert.event.target_type else None
