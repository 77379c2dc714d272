"""Changes of the rules that came down the stream: documents by id, laid over whatever book is in force below."""

from typing import Any

from operators.rules.book import RuleBook
from operators.rules.read.assemble import raw_id
from operators.rules.read.documents import Sourced
from operators.rules.read.patch import CheckTemplate, patch

Documents = dict[str, dict[str, Any]]
"""Kind -> id -> the document, or None where one was deleted."""


class Changes:
    """What was put and deleted so far; the last word on each id counts."""

    def __init__(self, documents: Documents | None = None) -> None:
        self.documents: Documents = documents or {}

    def remember(self, put: dict[str, list[Any]], delete: dict[str, list[Any]]) -> None:
        """Keep a change that a book has taken: deletions come first, as in `patch`."""
        for kind, names in delete.items():
            self.documents.setdefault(kind, {}).update((str(name), None) for name in names)
        for kind, documents in put.items():
            named = ((raw_id(Sourced(kind, document)), document) for document in documents)
            self.documents.setdefault(kind, {}).update(named)

    def over(self, book: RuleBook, check_template: CheckTemplate | None) -> RuleBook:
        """Return a book with everything laid over it; a document that no longer fits is left out."""
        if not self.documents:
            return book
        patched = patch(book, *_as_change(self.documents), check_template)
        return patched if isinstance(patched, RuleBook) else self._one_by_one(book, check_template)

    def _one_by_one(self, book: RuleBook, check_template: CheckTemplate | None) -> RuleBook:
        for kind, documents in self.documents.items():
            for name, document in documents.items():
                patched = patch(book, *_as_change({kind: {name: document}}), check_template)
                book = patched if isinstance(patched, RuleBook) else book
        return book


def _as_change(documents: Documents) -> tuple[dict[str, list[Any]], dict[str, list[str]]]:
    put = {kind: [one for one in by_id.values() if one is not None] for kind, by_id in documents.items()}
    delete = {kind: [name for name, one in by_id.items() if one is None] for kind, by_id in documents.items()}
    return put, delete
