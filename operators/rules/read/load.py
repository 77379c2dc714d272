"""From rule files, or documents from anywhere, to a rule book: either all is well, or every mistake is told."""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from operators.rules.book import RuleBook
from operators.rules.read.assemble import Draft, assembled, provenance
from operators.rules.read.documents import RuleError, Sourced, read_files

CheckTemplate = Callable[[str], str | None]


def load(
    paths: str | Path | Iterable[str | Path],
    *,
    check_template: CheckTemplate | None = None,
    default_business: str | int | None = 0,
    time_zone: str = "UTC",
) -> tuple[RuleBook | None, list[RuleError]]:
    """Return the book of the rule files at the paths (files or directories), or None and every mistake in them.

    `check_template` says what is wrong with a template text, or None. `default_business` is the business of a
    strategy that names none; `time_zone` that of datetimes without offset where the business has none.
    """
    with _collector_paused():
        found = read_files([paths] if isinstance(paths, str | Path) else paths)
        return build(
            found.documents,
            found.errors,
            check_template=check_template,
            default_business=default_business,
            time_zone=time_zone,
        )


def build(
    documents: Iterable[Sourced],
    errors: Iterable[RuleError] = (),
    *,
    check_template: CheckTemplate | None = None,
    default_business: str | int | None = 0,
    time_zone: str = "UTC",
) -> tuple[RuleBook | None, list[RuleError]]:
    """Return the book of documents from anywhere, or None and every mistake in them. Keywords as in `load`.

    `errors` are mistakes that are known already: there is no book then. If one of them is of a file or kind as a
    whole, documents are missing, and nothing is said of references.
    """
    draft = Draft(provenance(default_business, time_zone), check_template or _any_text)
    draft.errors += errors
    is_whole = all("[" in error.path for error in draft.errors)
    draft.put(documents)
    if is_whole:
        draft.check()
        draft.check_topology()
    return (None, draft.errors) if draft.errors else (assembled(draft), [])


def _any_text(_: str) -> None:
    return None


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the cyclic collector from looking again and again at a growing heap of plain values."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
