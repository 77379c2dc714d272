"""Changes of a rule book: documents put and deleted by id; all of a change applies, or nothing."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from operators.rules.book import KINDS, RuleBook, indices
from operators.rules.index import moved_hosts
from operators.rules.read.assemble import Draft, book_of, digest_of
from operators.rules.read.documents import RuleError, Sourced, asks_for_none, taken_apart, unknown_kind
from operators.rules.read.references import REFERRERS
from operators.rules.shapes.words import kind_of

LEAVES_NONE = "this would leave no strategy and no dispatch rule; if that is meant, say `strategies: []`"
CheckTemplate = Callable[[str], str | None]
"""Says what is wrong with a template, if anything is."""
_INDEX_FIELDS = ("hosts_by_ip", "dynamic_groups_by_host", "shield_index", "inhibit_index", "dispatch_index")


def patch(
    book: RuleBook,
    put: object,
    delete: object,
    check_template: CheckTemplate | None = None,
) -> RuleBook | list[RuleError]:
    """Return the book with documents put (`{kind: [documents]}`) and deleted (`{kind: [ids]}`), or what is wrong.

    Deletions come first. What is deleted need not be there. The given book stays as it is.
    """
    gone, errors = _deletions(delete)
    documents, wrong = taken_apart({} if put is None else put, "put")
    if errors or wrong:
        return [*errors, *wrong]
    change = _Change(book, check_template or (lambda _: None))
    change.delete(gone)
    change.put(documents)
    change.check()
    return change.draft.errors or not_emptied(book, change.applied(), is_asked=asks_for_none(put))


def not_emptied(before: RuleBook, after: RuleBook, *, is_asked: bool) -> RuleBook | list[RuleError]:
    """Return the book after a change, or the mistake that it decides nothing any more and nobody asked for that (design.md 7.50)."""
    is_emptied = before.decides and not after.decides and not is_asked
    return [RuleError("", "", LEAVES_NONE)] if is_emptied else after


def _deletions(delete: object) -> tuple[dict[str, list[str]], list[RuleError]]:
    if delete is None:
        return {}, []
    if not isinstance(delete, Mapping):
        return {}, [RuleError("delete", "", f"expected a mapping of kinds, got {kind_of(delete)}")]
    errors = [RuleError("delete", str(kind), unknown_kind(kind)) for kind in delete if kind not in KINDS]
    for kind, names in delete.items():
        if not isinstance(names, list):
            errors.append(RuleError("delete", str(kind), f"expected a list, got {kind_of(names)}"))
            continue
        odd = [(index, name) for index, name in enumerate(names) if type(name) not in (str, int)]
        errors += [
            RuleError("delete", f"{kind}[{index}]", f"expected an id, got {kind_of(name)}") for index, name in odd
        ]
    return ({}, errors) if errors else ({kind: [str(name) for name in names] for kind, names in delete.items()}, [])


class _Change:
    """A draft that begins with what a book holds and copies only the kinds it changes."""

    def __init__(self, book: RuleBook, check_template: CheckTemplate) -> None:
        self.book = book
        self.before = _kinds_of(book)
        self.draft = Draft(book.provenance, check_template)
        self.draft.local = dict(book.provenance.local)
        self.draft.kinds = dict(self.before)
        self.touched: dict[str, set[str]] = {}
        """Kind -> ids that may differ from the book's."""
        self.lost: set[str] = set()
        """Kinds of which something is gone that others may name."""

    def _touch(self, kind: str, names: Iterable[str] = ()) -> None:
        if kind not in self.touched:
            self.touched[kind] = set()
            self.draft.kinds[kind] = dict(self.draft.kinds[kind])
        self.touched[kind].update(names)

    def delete(self, gone: Mapping[str, list[str]]) -> None:
        for kind, names in gone.items():
            self._touch(kind, names)
            for name in names:
                if self.draft.kinds[kind].pop(name, None) is not None:
                    self.lost.add(kind)
                    self.draft.local.pop((kind, name), None)

    def put(self, documents: list[Sourced]) -> None:
        for kind in {one.kind for one in documents}:
            self._touch(kind)
        self.draft.put([*documents, *self._moved(documents)])
        for kind, name in self.draft.put_ids():
            self._touch(kind, [name])

    def _moved(self, documents: list[Sourced]) -> list[Sourced]:
        """Return the shields to be read again because a business that says their zone is put or deleted."""
        if "businesses" not in self.touched:
            return []
        self.lost.add("businesses")
        told = {
            str(one.document.get("id")) for one in documents if one.kind == "shields" and isinstance(one.document, dict)
        }
        left = [key for key in self.draft.local if key[0] == "shields" and key[1] not in told]
        if left:
            self._touch("shields")
        return [Sourced(kind, self.draft.local[kind, name], "", f"{kind}[{name}]") for kind, name in left]

    def check(self) -> None:
        """Note what the documents put name and is not there, and what of the others names things that are gone."""
        draft, known = self.draft, self.draft.known()
        again = {kind for lost in self.lost for kind in REFERRERS.get(lost, ())}
        draft.check(sorted(again))
        for kind, name in draft.put_ids():
            if kind not in again:
                draft.check_one(kind, name, draft.kinds[kind][name], known)
        if "topology" in self.touched:
            draft.check_topology()

    def applied(self) -> RuleBook:
        digest = self.book.provenance.digest + self.draft.digest
        indexed = {name: getattr(self.book, name) for name in _INDEX_FIELDS}
        indexed |= indices(self.draft.kinds, frozenset(self.touched.keys() - {"hosts"}))
        for kind in self.touched:
            gone, come = self._difference(kind)
            digest -= sum(digest_of(kind, thing) for thing in gone)
            if kind == "hosts":
                indexed["hosts_by_ip"] = moved_hosts(self.book.hosts_by_ip, gone, come)
        return book_of(self.draft.kinds, self.book.provenance, digest, self.draft.local, indexed)

    def _difference(self, kind: str) -> tuple[list[Any], list[Any]]:
        """Return the things of a kind that are no longer there, and those that are there anew."""
        old, new = self.before[kind], self.draft.kinds[kind]
        names = sorted(self.touched[kind])
        return [old[name] for name in names if name in old], [new[name] for name in names if name in new]


def _kinds_of(book: RuleBook) -> dict[str, dict[str, Any]]:
    kinds = {kind: getattr(book, kind) for kind in KINDS if kind not in ("channels", "tests")}
    channels = {channel.way: channel for channel in book.channels}
    return {**kinds, "channels": channels, "tests": {test.name: test for test in book.tests}}
