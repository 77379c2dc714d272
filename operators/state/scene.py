"""What a turn may see beside its own state: the rules in force, the settings, and what fingerprints share."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import msgspec

from operators.converge import Converge
from operators.limits.noise import Noise
from operators.limits.quota import Windows
from operators.model.alert import Alert
from operators.model.handover import Merging
from operators.model.records import Message
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from operators.rules.shapes.model import NoticeRelation, Strategy
from operators.rules.shapes.shape import place_text, read
from operators.rules.shapes.words import Reading


class Rendered(Protocol):
    """A message in words; `error` says what went wrong in a user's template, `config` is that of a webhook or push."""

    @property
    def title(self) -> str: ...  # noqa: D102 - see the class

    @property
    def content(self) -> str: ...  # noqa: D102 - see the class

    @property
    def error(self) -> str | None: ...  # noqa: D102 - see the class

    @property
    def config(self) -> dict[str, Any] | None: ...  # noqa: D102 - see the class


class Render(Protocol):
    """Puts a message into words."""

    def __call__(
        self, message: Message, alerts: Sequence[Alert], strategy: Strategy | None, book: RuleBook, now: int
    ) -> Rendered:
        """Return title and content; `alerts` has the representative one first."""


class Counts(msgspec.Struct, gc=False):
    """What the summary of a replay counts."""

    events: int = 0
    duplicates: int = 0
    expired: int = 0
    dropped: int = 0
    unmatched: int = 0
    """Recoveries and closings that found no open alert."""
    opened: int = 0
    recovered: int = 0
    closed: int = 0


class Scene:
    """The shared part of a worker."""

    def __init__(
        self,
        settings: CoreSettings,
        book: RuleBook,
        *,
        say: Callable[[Any], None],
        find: Callable[[str], Alert | None],
        render: Render,
    ) -> None:
        self.settings = settings
        self.book = book
        self.say = say
        """Where every record that leaves goes, in the order of its making."""
        self.find = find
        """Alert id -> the alert as it now stands."""
        self.render = render
        self.alert_quota = Windows(settings.quota.alert)
        self.action_quota = Windows(settings.quota.action)
        self.converge: Merging = Converge(settings)
        self.noise = Noise(settings)
        self.retired: dict[str, Strategy] = {}
        """Strategies that left the book while an alert of theirs was open."""
        self.counts = Counts()
        self.default_notice = default_notice(settings)

    def in_force(self, strategy_id: str) -> Strategy | None:
        """Return an enabled strategy of the book."""
        strategy = self.book.strategies.get(strategy_id)
        return strategy if strategy is not None and strategy.is_enabled else None

    def strategy(self, strategy_id: str) -> Strategy | None:
        """Return a strategy of the book, or the last form of one that left it."""
        return self.book.strategies.get(strategy_id) or self.retired.get(strategy_id)


DAY = 86400
SETTING = "default_notice"


def default_notice(
    settings: CoreSettings, check_template: Callable[[str], str | None] = lambda _: None
) -> NoticeRelation:
    """Return the notice of third-party alerts: setting `default_notice` over the defaults (design.md 7.17).

    Raises ValueError, with the place of each mistake, for what is no notice of a strategy.
    """
    given = settings.default_notice or {}
    config = given.get("config", {})
    if isinstance(config, dict):
        given = {**given, "config": {"notify_interval": DAY, **config}}
    reading = Reading(ZoneInfo("UTC"), check_template)
    relation = read(given, NoticeRelation, reading)
    if relation is None:
        raise ValueError("; ".join(f"{place_text([*place, SETTING])}: {why}" for place, why in reading.errors))
    return relation
