"""One rule set and a directory: what a replay of it writes there."""

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

import msgspec

from flows.replay.files import write_summary
from flows.replay.outcome import summary
from flows.replay.replay import Line, Replay
from flows.replay.silent import wordless
from flows.replay.written import Written
from operators.converge.words import Render
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from operators.rules.read.patch import CheckTemplate


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same for all sides of a replay."""

    settings: CoreSettings
    render: Render
    check_template: CheckTemplate
    until: int | None = None
    """The clock goes on to this second after the last line."""
    settles: bool = False
    """Then it goes on until no notice is held."""
    is_lean: bool = False
    """Leaves out the events, and what only says that one came again."""
    takes_receipts: bool = True
    businesses: Collection[str] = ()
    """Events of these alone, where some are named."""


def replay_into(
    directory: Path, book: RuleBook, how: Decided, lines: Iterable[Line], watch: Callable[[Replay], Any] | None = None,
) -> tuple[Replay, Written, dict[str, Any]]:  # fmt: skip
    """Run lines through rules and write what came of it; return the replay, what was kept, and the counts."""
    render = wordless if how.is_lean else how.render
    with Written(directory, is_lean=how.is_lean, takes_receipts=how.takes_receipts) as written:
        driver = Replay(
            how.settings, book, render, how.check_template, outcome=written, businesses=how.businesses,
            is_lean=how.is_lean,
        )  # fmt: skip
        driver.run(lines, how.until, watch, settles=how.settles)
        if watch is not None:
            watch(driver)
        worker = driver.worker
        version = worker.scene.book.version
        counts = summary(written, worker.scene.counts, until=worker.clock, rules_version=version, held=driver.held())
    write_summary(counts, directory)
    return driver, written, counts
