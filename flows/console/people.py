"""The page People: who is on duty now and next in each group, and where nobody would be reached."""

import msgspec

from flows.settings.settings import Settings
from operators.people.gaps import Gap, gaps_of
from operators.people.oncall import OnCall, on_duty
from operators.rules.advice import ways_without_channel
from operators.rules.book import RuleBook


class People(msgspec.Struct, frozen=True):
    """The page."""

    groups: tuple[OnCall, ...]
    gaps: tuple[Gap, ...]
    ways_without_channel: dict[str, tuple[str, ...]]
    """Way -> the groups that use it: its notices reach nobody, or only a file."""


def people(book: RuleBook, settings: Settings, at: int) -> People:
    """Return the page as of a Unix second."""
    groups = tuple(book.user_groups.values())
    return People(
        groups=tuple(on_duty(group, book, settings, at) for group in groups),
        gaps=tuple(sorted((gap for one in groups for gap in gaps_of(one, book, settings, at)), key=lambda g: g.since)),
        ways_without_channel={way: tuple(named) for way, named in ways_without_channel(book).items()},
    )
