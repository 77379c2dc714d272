"""What one notice is about: the message, its alerts, and whose language and zone they are told in."""

from collections.abc import Sequence
from datetime import tzinfo

import msgspec
from msgspec.structs import replace

from operators.model.alert import ABNORMAL, Alert
from operators.model.records import Message
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from operators.rules.shapes.model import Strategy
from sinks.render.media import Medium, medium_of
from sinks.render.words import Words, words

NO_DATA, SHIELD = "no_data", "shield"
UPGRADE, UNSHIELDED, FLAPPING = "upgrade", "unshielded", "flapping"
REPEAT = "repeat"


class Case(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Everything that templates and rows draw on. Times are Unix seconds."""

    message: Message
    alerts: tuple[Alert, ...]
    """The representative one first; empty for notices of shields."""
    strategy: Strategy | None
    book: RuleBook
    settings: CoreSettings
    now: int
    medium: Medium
    language: str
    words: Words
    zone: tzinfo
    link: str = ""
    """Of the representative alert; "" where none is configured."""

    @property
    def alert(self) -> Alert:
        """The representative alert. Raises LookupError where there is none."""
        return self.alerts[0]

    @property
    def is_summary(self) -> bool:
        """Whether the notice stands for more than one alert."""
        return len(self.alerts) > 1

    @property
    def business_id(self) -> str:
        """Id of the business as text; "" if unknown."""
        known = self.message.bk_biz_id
        if known is None and self.alerts:
            known = self.alerts[0].bk_biz_id
        return "" if known is None else str(known)

    def within(self, medium: Medium) -> "Case":
        """Return the case as told in another medium."""
        return self if medium is self.medium else replace(self, medium=medium)

    def about(self, alert: Alert) -> "Case":
        """Return the case as if it were about one alert only."""
        return replace(self, alerts=(alert,))


def make_case(
    message: Message,
    alerts: Sequence[Alert],
    strategy: Strategy | None,
    book: RuleBook,
    settings: CoreSettings,
    now: int,
) -> Case:
    """Return the case of a message, in the language and zone of its business."""
    business = message.bk_biz_id if message.bk_biz_id is not None or not alerts else alerts[0].bk_biz_id
    language = book.language_of(business, settings)
    return Case(
        message=message,
        alerts=tuple(alerts),
        strategy=strategy,
        book=book,
        settings=settings,
        now=now,
        medium=medium_of(message.way),
        language=language,
        words=words(language),
        zone=book.zone_of(business, settings),
    )


def is_open(alert: Alert) -> bool:
    """Return True if the alert has not ended."""
    return alert.status == ABNORMAL
