"""Sources by their addresses."""

import os
from collections.abc import Mapping, Sequence

from flows.rules.files import Directory
from flows.rules.source import INVENTORY, Source, Terms
from flows.rules.sql import SqlTables
from flows.rules.sql_place import is_sql
from flows.rules.watch import RulesObserver, Watcher
from sinks.redis_client import is_redis


def open_rules(
    rules: Sequence[str],
    inventory: Sequence[str],
    terms: Terms,
    observer: RulesObserver | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
) -> Watcher:
    """Return a watcher of rules (paths, `sqlite://`, `mysql://`) and inventory (`redis://`, `sqlite://`, `mysql://`).

    ValueError says which address cannot be used. Nothing is read yet.
    """
    paths = [where for where in rules if not is_sql(where)]
    if misplaced := [where for where in paths if "://" in where]:
        raise ValueError(
            f"rules: cannot read {misplaced[0].partition('://')[0]}://; expected a path, sqlite:// or mysql://"
        )
    sources: list[Source] = [Directory(paths)] if paths else []
    sources += [SqlTables(where, environment=environment) for where in rules if is_sql(where)]
    sources += [_inventory(where, environment) for where in inventory]
    return Watcher(sources, terms, observer)


def _inventory(where: str, environment: Mapping[str, str]) -> Source:
    if is_redis(where):
        from flows.rules.inventory import RedisHashes  # noqa: PLC0415 - who has no Redis needs no client

        return RedisHashes(where)
    if is_sql(where):
        return SqlTables(where, interval=60.0, kinds=INVENTORY, environment=environment)
    raise ValueError(f"inventory: cannot read {where.partition('://')[0]}; expected redis://, sqlite:// or mysql://")
