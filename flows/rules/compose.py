"""One rule book from several sources: what fits together is taken over, what does not leaves all as it was."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from flows.rules.source import Terms, id_in
from operators.rules.book import RuleBook
from operators.rules.read.documents import Found, RuleError, Sourced
from operators.rules.read.load import build
from operators.rules.read.patch import not_emptied, patch

Key = tuple[str, str]
"""(kind, id)."""
Index = dict[Key, tuple[Any, bytes]]
"""The documents of a source by kind and id, with their JSON text: true and 1 are equal in Python only."""

MANY = 2000
"""From so many documents on, a book is built anew and not patched."""


class Composer:
    """Keeps what each source said last, and the last of it that made a book."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._good: dict[str, Found] = {}
        self._indices: dict[str, Index | None] = {}
        self._offered: dict[str, Found] = {}
        self.book: RuleBook | None = None
        self.errors: tuple[RuleError, ...] = ()
        """Of the last attempt; empty when everything that was offered is in force."""

    def offer(self, source: str, found: Found) -> None:
        """Note what a source says now."""
        self._offered[source] = found

    def settle(self) -> RuleBook | None:
        """Take over what was offered: all of it, else each part that fits. Return the book in force, if there was one.

        What does not fit is tried again at the next call: another source may bring what it needs.
        """
        if self._offered and not self._adopt(self._offered, tell=True) and self.book is not None:
            for source in list(self._offered) if len(self._offered) > 1 else ():
                self._adopt({source: self._offered[source]}, tell=False)
        return self.book

    def _adopt(self, offered: Mapping[str, Found], *, tell: bool) -> bool:
        """Put a book with the offered parts into force if there is one."""
        indices = {source: index_of(found.documents) for source, found in offered.items()}
        book = self._patched(offered, indices)
        errors: list[RuleError] = []
        if book is None:
            book, errors = self._built({**self._good, **offered})
        if tell:
            self.errors = tuple(errors)
        if book is None:
            return False
        self.book = book
        self._good.update(offered)
        self._indices.update(indices)
        self._offered = {source: found for source, found in self._offered.items() if source not in offered}
        return True

    def _built(self, together: Mapping[str, Found]) -> tuple[RuleBook | None, list[RuleError]]:
        """Return the book of everything, or what is wrong with it."""
        wrong = [error for found in together.values() for error in found.errors]
        documents = (one for found in together.values() for one in found.documents)
        book, errors = build(documents, wrong, **self._terms.keywords())
        if book is None or self.book is None:
            return book, errors
        kept = not_emptied(self.book, book, is_asked=any(found.asks_for_none for found in together.values()))
        return (kept, []) if isinstance(kept, RuleBook) else (None, kept)

    def _patched(self, offered: Mapping[str, Found], indices: Mapping[str, Index | None]) -> RuleBook | None:
        """Return the book in force with the differences put in, or None where only a new one tells what is wrong."""
        if self.book is None or any(found.errors for found in offered.values()):
            return None
        before = [self._indices.get(source, {}) for source in offered]
        others = [index for source, index in self._indices.items() if source not in offered]
        changes = difference(before, list(indices.values()), others)
        if changes is None:
            return None
        book = patch(self.book, *changes, self._terms.check_template)
        return book if isinstance(book, RuleBook) else None


def index_of(documents: Iterable[Sourced]) -> Index | None:
    """Return documents by kind and id; None if one has no id, two have the same, or one is not what JSON can hold."""
    index: Index = {}
    for one in documents:
        name = id_in(one.kind, one.document) if isinstance(one.document, dict) else None
        if name is None or (one.kind, name) in index:
            return None
        try:
            index[one.kind, name] = one.document, msgspec.json.encode(one.document)
        except (TypeError, ValueError, OverflowError, RecursionError):
            return None
    return index


def difference(
    before: Iterable[Index | None], after: Iterable[Index | None], others: Iterable[Index | None]
) -> tuple[dict[str, list[Any]], dict[str, list[str]]] | None:
    """Return what to put and what to delete, by kind; None if that is much, or an id stands in two places."""
    old, new, rest = _joined(before), _joined(after), _joined(others)
    if old is None or new is None or rest is None or not new.keys().isdisjoint(rest.keys()):
        return None
    put = [(key, new[key][0]) for key in new if key not in old or old[key][1] != new[key][1]]
    gone = [key for key in old if key not in new]
    if len(put) + len(gone) >= MANY:
        return None
    return _by_kind(put), _by_kind((key, key[1]) for key in gone)


def _joined(indices: Iterable[Index | None]) -> Index | None:
    joined: Index = {}
    for index in indices:
        if index is None or not joined.keys().isdisjoint(index.keys()):
            return None
        joined.update(index)
    return joined


def _by_kind(keyed: Iterable[tuple[Key, Any]]) -> dict[str, list[Any]]:
    kinds: dict[str, list[Any]] = {}
    for (kind, _), thing in keyed:
        kinds.setdefault(kind, []).append(thing)
    return kinds
