"""What is added to an event before it is named: strategy, inventory, business; and which events go no further.

spec/lifecycle.md 5.1, design.md 7.33 and 7.38. The reference system first drops uptime checks whose task is gone;
nobody tells this system of such tasks, so that step does not exist here.
"""

from typing import Any

import msgspec
from msgspec.structs import replace

from operators.intake.enrich.locate import LOCATORS, number
from operators.model.alert import NO_DATA_TAG
from operators.model.event import Event
from operators.model.reason import DropReason
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from operators.rules.shapes.model import Strategy


class Dropped(msgspec.Struct, frozen=True, gc=False):
    """An event that goes no further, and why."""

    reason: DropReason
    detail: str
    event_id: str
    """The producer's: it has no name of its own yet."""
    strategy_id: str


def enrich_event(event: Event, book: RuleBook, settings: CoreSettings) -> Event | Dropped:
    """Return the event with what strategy and inventory know of it, or why it is dropped.

    Its business stays None where nobody knows it, and so its fingerprint sees it; only the alert falls back to
    setting `default_business`.
    """
    if event.bk_biz_id == "":
        event = replace(event, bk_biz_id=None)
    if event.strategy_id:
        event = _with_strategy(event, book.strategies.get(event.strategy_id), settings)
    locate = LOCATORS.get(event.target_type)
    if locate is not None:
        located = locate(event, book)
        if not isinstance(located, Event):
            return _dropped(event, *located)
        event = located
    if event.bk_biz_id is None and settings.default_business is None and not _is_host_without_name(event):
        return _dropped(
            event, DropReason.BUSINESS_UNKNOWN, f"nobody knows the business of {event.target_type} {event.target}"
        )
    if settings.third_party_whitelist and not event.strategy_id and not _is_on_white_list(event, settings):
        return _dropped(
            event, DropReason.NOT_ON_WHITE_LIST, f"business {event.bk_biz_id} may not send third-party events"
        )
    return event


def _dropped(event: Event, reason: DropReason, detail: str) -> Dropped:
    return Dropped(reason, detail, event.event_id, event.strategy_id)


def _is_host_without_name(event: Event) -> bool:
    """Return True if an event is about some host it does not name: the only kind that may have no business."""
    return event.target_type == "HOST" and not event.target


def _with_strategy(event: Event, strategy: Strategy | None, settings: CoreSettings) -> Event:
    """Fill name and business from the strategy; a business that only the setting gave it is not the strategy's own."""
    changes: dict[str, Any] = {}
    if not event.alert_name:
        prefix = "[no data] " if any(tag.key == NO_DATA_TAG for tag in event.tags) else ""
        changes["alert_name"] = prefix + (strategy.name if strategy else f"strategy {event.strategy_id}")
    if event.bk_biz_id is None and strategy and strategy.bk_biz_id not in (None, str(settings.default_business)):
        changes["bk_biz_id"] = number(strategy.bk_biz_id)
    return replace(event, **changes) if changes else event


def _is_on_white_list(event: Event, settings: CoreSettings) -> bool:
    business = str(settings.default_business if event.bk_biz_id is None else event.bk_biz_id)
    return any(str(listed) == business for listed in settings.third_party_whitelist)
