"""Every test that stands in the rules, of events and of sources, run one after the other."""

from collections.abc import Iterator

from flows.replay.replay import Replay
from flows.rules.templates import renderer
from flows.rules.trial import failures
from flows.rules.trial_of_sources import source_failures
from flows.settings.settings import Settings
from operators.rules.book import RuleBook


def trials(book: RuleBook, settings: Settings) -> Iterator[tuple[str, list[str]]]:
    """Yield (name of the test, what came otherwise than it says) of every test. Raises SettingsError."""
    words = renderer(settings)
    for one in book.tests:
        yield one.name, failures(one, Replay(settings, book, words, words.check_template))
    for source in book.sources.values():
        failed = list(source_failures(source))
        for number, case in enumerate(source.tests):
            yield f"{source.id}: {case.name}", [line for at, line in failed if at == number]
