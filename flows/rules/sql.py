"""Rules and inventory from SQL: one table a kind (id, name, enabled, update_time, document), polled by update time."""

import os
from collections.abc import Collection, Hashable, Iterator, Mapping
from typing import Any

from flows.rules.source import Source, SourceUnavailableError, document_from, flag_of
from flows.rules.sql_database import Database, reading
from flows.rules.sql_place import sql_place
from operators.rules.book import KINDS
from operators.rules.read.documents import NO_RULES, Found, RuleError, Sourced

NO_ROWS = f"holds no rules; if none are meant, say `--rules {NO_RULES}`"


class SqlTables(Source):
    """The tables of a database that are named like kinds. A kind without table has no documents.

    A row counts when its column `enabled` and its document both say so. Any insert, update and delete is seen: the
    stamp is made of id, enabled and update time of every row.
    """

    def __init__(
        self,
        dsn: str,
        interval: float = 5.0,
        kinds: Collection[str] = tuple(KINDS),
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._place, self._interval = sql_place(dsn), interval
        self._kinds, self._environment = frozenset(kinds), environment

    @property
    def name(self) -> str:
        """The address without secrets."""
        return self._place.name

    @property
    def interval(self) -> float:
        """Seconds between two looks."""
        return self._interval

    def stamp(self) -> Hashable:
        """Return what differs when a row does."""
        with reading(self._place, self._environment) as database:
            return tuple(
                (kind, tuple(map(tuple, database.run(database.mark.format(table=kind)))))
                for kind in self._tables(database)
            )

    def read(self) -> Found:
        """Read all tables in one transaction."""
        with reading(self._place, self._environment) as database:
            found = rows_found(database, self._tables(database), self.name)
        is_empty = self._kinds == frozenset(KINDS) and not (found.documents or found.errors)
        return Found(errors=(RuleError(self.name, "", NO_ROWS),)) if is_empty else found

    def _tables(self, database: Database) -> list[str]:
        kinds = tables_of(database, self._kinds)
        if not kinds:
            raise SourceUnavailableError(f"{self.name}: no rule tables; `tocsin rules import` makes them")
        return kinds


def tables_of(database: Database, kinds: Collection[str]) -> list[str]:
    """Return those of the kinds that have a table, in the order of KINDS."""
    there = {str(name) for (name,) in database.run(database.tables)}
    return [kind for kind in KINDS if kind in kinds and kind in there]


def rows_found(database: Database, kinds: Collection[str], file: str) -> Found:
    """Return what the tables of the kinds hold."""
    rows = [one for kind in kinds for one in _documents(database, kind, file)]
    return Found(
        tuple(one for one in rows if isinstance(one, Sourced)), tuple(one for one in rows if isinstance(one, RuleError))
    )


def _documents(database: Database, kind: str, file: str) -> Iterator[Sourced | RuleError]:
    # the table is one of KINDS, not input
    rows = database.run(f"SELECT id, name, enabled, document FROM `{kind}` ORDER BY id")  # noqa: S608
    flag = flag_of(kind)
    for name, title, enabled, text in rows:
        found = document_from(kind, str(name), text, file)
        if isinstance(found, RuleError):
            yield found
        elif enabled or flag is not None:
            yield Sourced(
                kind, _completed(kind, found.document, str(title), flag, is_on=bool(enabled)), file, found.path
            )


def _completed(kind: str, document: dict[str, Any], title: str, flag: str | None, *, is_on: bool) -> dict[str, Any]:
    """Return the document of a row with what its columns say and it does not."""
    if title and "name" in KINDS[kind].__struct_fields__:
        document = {**document, "name": document.get("name", title)}
    return document if is_on or flag is None else {**document, flag: False}
