"""Rules carried between a directory and SQL, whole documents as they were written."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from flows.rules.source import Terms, flag_of, id_in
from flows.rules.sql import rows_found, tables_of
from flows.rules.sql_database import Database, reading, writing
from flows.rules.sql_place import sql_place
from operators.rules.book import KINDS, RuleBook
from operators.rules.read.documents import Found, RuleError, Sourced, read_files, rule_files
from operators.rules.read.load import build

NAME_LENGTH = 512
"""Characters of the column `name`, which is for people who look at the table."""


class RefusedRulesError(Exception):
    """Rules that would not make a book; nothing was changed."""

    def __init__(self, errors: Iterable[RuleError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(map(str, self.errors)))


class Carried(msgspec.Struct):
    """How many documents of one kind were written, left as they were, and deleted."""

    put: int = 0
    kept: int = 0
    deleted: int = 0


def import_rules(
    directory: str, dsn: str, terms: Terms, *, mirror: bool, environment: Mapping[str, str] = os.environ
) -> dict[str, Carried]:
    """Write the documents of a directory into tables, in one transaction; return what was done by kind.

    With `mirror`, rows that the directory does not have are deleted. Raises RefusedRulesError if the directory, or the
    tables as they would then be, do not make a book, and SourceUnavailableError.
    """
    given = read_files([directory])
    _book(given, terms)
    place = sql_place(dsn)
    with writing(place, environment) as database:
        for kind in KINDS:
            for statement in database.create:
                database.run(statement.format(table=kind))
        carried = {kind: _carry(database, kind, given.documents, mirror=mirror) for kind in KINDS}
        found = rows_found(database, list(KINDS), place.name)
        _book(found, terms)
    return carried


def _book(found: Found, terms: Terms) -> RuleBook:
    book, wrong = build(found.documents, found.errors, **terms.keywords())
    if book is None:
        raise RefusedRulesError(wrong)
    return book


def _carry(database: Database, kind: str, documents: Iterable[Sourced], *, mirror: bool) -> Carried:
    # the table is one of KINDS, not input
    wanted = {str(id_in(kind, one.document)): _row(kind, one.document) for one in documents if one.kind == kind}
    stored = {
        str(name): (str(title), int(enabled), _canonical(json.loads(text)))
        for name, title, enabled, text in database.run(f"SELECT id, name, enabled, document FROM `{kind}`")  # noqa: S608
    }
    carried = Carried()
    for name, row in wanted.items():
        if stored.get(name) == row:
            carried.kept += 1
            continue
        carried.put += 1
        if name in stored:
            database.run(f"UPDATE `{kind}` SET name = %s, enabled = %s, document = %s WHERE id = %s", *row, name)  # noqa: S608
        else:
            database.run(f"INSERT INTO `{kind}` (name, enabled, document, id) VALUES (%s, %s, %s, %s)", *row, name)  # noqa: S608
    for name in sorted(stored.keys() - wanted.keys()) if mirror else ():
        carried.deleted += 1
        database.run(f"DELETE FROM `{kind}` WHERE id = %s", name)  # noqa: S608
    return carried


def _row(kind: str, document: dict[str, Any]) -> tuple[str, int, str]:
    """Return name, enabled and text of a document; the column `enabled` stands for the flag, so one place says it."""
    flag = flag_of(kind)
    enabled = 1 if flag is None else int(document.get(flag, True))
    text = _canonical({key: value for key, value in document.items() if key != flag})
    return str(document.get("name", ""))[:NAME_LENGTH], enabled, text


def _canonical(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def export_rules(
    dsn: str, directory: str, terms: Terms, *, environment: Mapping[str, str] = os.environ
) -> dict[str, int]:
    """Write the documents of tables into a directory, one file a kind; return how many by kind.

    The directory must hold no rule files yet (FileExistsError). Raises RefusedRulesError if the rows do not make a
    book, and SourceUnavailableError.
    """
    place, folder = sql_place(dsn), Path(directory)
    if folder.exists() and rule_files([folder])[0]:
        raise FileExistsError(f"{directory}: holds rule files already")
    with reading(place, environment) as database:
        found = rows_found(database, tables_of(database, KINDS), place.name)
    wanted = _book(found, terms)
    written = _write(found, folder)
    assert _book(read_files([folder]), terms).version == wanted.version, "what was written reads differently"
    return written


def _write(found: Found, folder: Path) -> dict[str, int]:
    folder.mkdir(parents=True, exist_ok=True)
    kinds: dict[str, list[Any]] = {}
    for one in found.documents:
        kinds.setdefault(one.kind, []).append(one.document)
    for kind, documents in kinds.items():
        text = yaml.dump({kind: documents}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
        (folder / f"{kind}.yaml").write_text(text, encoding="utf-8")
    return {kind: len(documents) for kind, documents in kinds.items()}


class _Dumper(yaml.SafeDumper):
    """Writes YAML that a rule file may hold: text stands in quotes unless it can only be text; no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - yaml's signature
        """Write a value as often as it stands."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = text[:1].isalpha() and text.replace("_", "").replace("-", "").isalnum() and text.isascii()
    word = plain and text.lower() not in ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if word else '"')


_Dumper.add_representer(str, _text)
