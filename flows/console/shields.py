"""The page Shields: those of the rules and those set by command, which of them hold, who set them, and why."""

from zoneinfo import ZoneInfo

import msgspec

from flows.console.signin import within
from flows.console.timeline import Stretch, midnight, stretches
from operators.explain.conditions import in_words
from operators.model.alert import ABNORMAL
from operators.model.settings import CoreSettings
from operators.model.shield import ShieldDocument
from operators.rules.book import RuleBook
from operators.rules.read.alone import read_alone
from operators.rules.shapes.model import FOREVER, Shield
from operators.rules.times.windows import shield_window
from sinks.store.interface import Store
from sinks.store.query import AlertQuery

CALENDAR_DAYS = 14
DAY = 86400
LONGEST = 200
"""Windows of one shield that are drawn."""
HOLDS, COMES, OVER = "holds", "comes", "over"


class ShieldRow(msgspec.Struct, frozen=True):
    """One shield. Times in Unix seconds."""

    id: str
    by_command: bool
    state: str
    """holds, comes or over; a daily one between two of its times comes."""
    category: str
    covers: str
    begin: int
    until: int | None
    """When what holds now ends; else when the shield is over. None: never."""
    who: str
    why: str
    windows: tuple[Stretch, ...] = ()
    """When it holds in the two weeks from today on."""
    alerts: int = 0
    """Open alerts that it keeps quiet now."""

    @property
    def holds(self) -> bool:
        """True while it keeps alerts quiet."""
        return self.state == HOLDS


def shield_rows(
    store: Store, book: RuleBook, settings: CoreSettings, now: int, businesses: tuple[str, ...] = ()
) -> list[ShieldRow]:
    """Return every shield, of some businesses or all: those that hold first, then those to come."""

    def seen(business: object) -> bool:
        return not businesses or str(business) in businesses

    quiet = store.by_shield(within(AlertQuery(status=(ABNORMAL,), shielded=True), businesses))
    by_command = [
        _of_document(one, book, settings, now) for one in store.shields() if seen(one.shield.get("bk_biz_id"))
    ]
    named = {one.id for one in by_command}
    of_rules = [
        _row(one, book, settings, now) for one in book.shields.values() if one.id not in named and seen(one.bk_biz_id)
    ]
    order = (HOLDS, COMES, OVER)
    rows = sorted((*by_command, *of_rules), key=lambda one: (order.index(one.state), -one.begin))
    return [msgspec.structs.replace(one, alerts=quiet.get(one.id, 0)) for one in rows]


def _of_document(one: ShieldDocument, book: RuleBook, settings: CoreSettings, now: int) -> ShieldRow:
    """Return the row of one set by command; of one that this version cannot read, what its document says."""
    shield, _ = read_alone(one.shield, Shield, time_zone=settings.time_zone)
    if shield is None:
        return ShieldRow(one.id, True, OVER, "", "", one.time, one.ends, one.operator, one.message)
    found = _row(shield, book, settings, now)
    said = {"by_command": True, "who": one.operator or found.who, "why": one.message or found.why}
    if one.ended is not None and one.ended <= now:
        said |= {"state": OVER, "until": one.ended, "windows": ()}
    return msgspec.structs.replace(found, **said)


def _row(one: Shield, book: RuleBook, settings: CoreSettings, now: int) -> ShieldRow:
    zone = book.zone_of(one.bk_biz_id, settings)
    today = midnight(now, ZoneInfo(settings.time_zone))
    window = shield_window(one, zone, now)
    holds = window.active and one.is_enabled
    is_over = not one.is_enabled or one.end_time < now
    end = now + window.left if holds and window.left else one.end_time
    return ShieldRow(
        id=one.id, by_command=False, state=HOLDS if holds else OVER if is_over else COMES, category=one.category,
        covers=_covers(one), begin=one.begin_time, until=None if end >= FOREVER else end,
        who=one.created_by, why=one.description, windows=_windows(one, zone, today) if one.is_enabled else (),
    )  # fmt: skip


def _windows(one: Shield, zone: ZoneInfo, since: int) -> tuple[Stretch, ...]:
    """Return when a shield holds in the two weeks from a second on, its cycles expanded."""
    until, at = since + CALENDAR_DAYS * DAY, since
    found: list[tuple[int, int | None, str, int]] = []
    while at < until and len(found) < LONGEST:
        window = shield_window(one, zone, at)
        edge = until if window.next_edge is None else max(window.next_edge, at + 1)
        if window.active:
            found.append((at, edge, one.id, 1))
        at = edge
    return stretches(found, since, until)


def _covers(one: Shield) -> str:
    """Say in short what a shield covers."""
    equal = (f"{name}={', '.join(map(str, values))}" for name, values in one.dimension_config.equals.items())
    asked = one.dimension_config.dimension_conditions
    conditions = (in_words(asked),) if asked else ()
    scope = (one.scope_type,) if one.category == "scope" and one.scope_type else ()
    return "; ".join((*scope, *equal, *conditions))
