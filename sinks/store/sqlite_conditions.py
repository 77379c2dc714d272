"""What holds for the alerts that match a query, in the language of SQLite. What users typed reaches it as parameters only."""

from collections.abc import Sequence
from itertools import starmap

from operators.model.alert import ABNORMAL
from sinks.store.query import AlertQuery
from sinks.store.sqlite_alerts import SEPARATOR
from sinks.store.sqlite_index import INDEXED_LENGTH

_Condition = tuple[str, list[str | int]]

# What a target may be called: as reported, or by its address; `10.0.0.1|0` is 10.0.0.1 in cloud 0. The documents are
# read only where the words hold it at all.
_TARGET = """(instr(words, ?) AND EXISTS (
  SELECT 1 FROM json_each(json_extract(CAST(document AS TEXT), '$.event.target', '$.event.ip', '$.event.ipv6'))
  WHERE atom = ? OR substr(atom, 1, ?) = ?))"""  # A tag's value may be a list of values.
_TAG = """EXISTS (
  SELECT 1 FROM json_each(CAST(document AS TEXT), '$.event.tags') AS tag, json_each(tag.value, '$.value') AS one
  WHERE json_extract(tag.value, '$.key') = ? AND CAST(one.atom AS TEXT) IN ({}))"""
_CANDIDATES = "SELECT rowid FROM alert_text WHERE alert_text MATCH ? UNION ALL SELECT key FROM alerts WHERE pending = 1"
_NO_WORDS = ("", "0", "0.0", "true", "false")
"""Values of tags that are not among the words of their alert."""


def conditions(query: AlertQuery, *, is_indexed: bool = True) -> tuple[str, list[str | int]]:
    """Return what holds for the alerts that match, and its values. Without words, target, tags and times, for kinds too.

    `is_indexed`: the words' index leads to few alerts, whose rows decide.
    """
    words = indexed_words(query) if is_indexed else []
    candidates = [_candidates(words)] if words else []
    held = _held((*query.words, *_of_tags(query)))  # read before a document is
    return _joined([*candidates, *held, *_field_conditions(query), *_time_conditions(query)])


def indexed_words(query: AlertQuery) -> list[str]:
    """Return the texts that stand in the words' index of every alert that matches."""
    targets = [one.lower() for one in query.target] if len(query.target) == 1 else []
    return [word for word in (*query.words, *targets, *_of_tags(query)) if len(word) >= INDEXED_LENGTH]


def matching(words: Sequence[str]) -> str:
    """Return words as the index's query language says that all of them are held."""
    return " AND ".join(map(_quoted, words))


def _of_tags(query: AlertQuery) -> list[str]:
    """Return the values of tags that have one: they are among the words of their alert."""
    return [values[0].lower() for values in query.tags.values() if len(values) == 1 and values[0] not in _NO_WORDS]


def _joined(found: Sequence[_Condition]) -> tuple[str, list[str | int]]:
    return " AND ".join(text for text, _ in found) or "1", [value for _, values in found for value in values]


def _field_conditions(query: AlertQuery) -> list[_Condition]:
    conditions = [
        ("status = 'ABNORMAL'", []) if query.status == (ABNORMAL,) else _one_of("status", query.status),
        _one_of("severity", query.severity),
        _one_of("strategy_id", query.strategy_id),
        _one_of("bk_biz_id", query.bk_biz_id),
        _one_of("dedupe_md5", query.dedupe_md5),
        _one_of("name", query.name),
        _one_of("target_type", query.target_type),
        *(_one_of(name, () if value is None else (value,)) for name, value in _flags(query)),
        _people(query.person),
        _target(query.target),
        *starmap(_tag, query.tags.items()),
    ]
    return [condition for condition in conditions if condition]


def _flags(query: AlertQuery) -> tuple[tuple[str, bool | None], ...]:
    return ("acked", query.acked), ("shielded", query.shielded), ("blocked", query.blocked)


def _people(names: Sequence[str]) -> _Condition | None:
    bound: list[str | int] = [f"{SEPARATOR}{name}{SEPARATOR}" for name in names]
    return (f"({' OR '.join(['instr(people, ?)'] * len(names))})", bound) if names else None


def _tag(key: str, values: Sequence[str]) -> _Condition:
    return _TAG.format(", ".join("?" * len(values))), [key, *values]


def _one_of(column: str, values: Sequence[str | int]) -> _Condition | None:
    return (f"{column} IN ({', '.join('?' * len(values))})", list(values)) if values else None


def _target(values: Sequence[str]) -> _Condition | None:
    bound = [bind for value in values for bind in (value.lower(), value, len(value) + 1, f"{value}|")]
    return (f"({' OR '.join([_TARGET] * len(values))})", bound) if values else None


def _time_conditions(query: AlertQuery) -> list[_Condition]:
    conditions: list[_Condition] = []
    if query.since is not None:
        conditions.append(("(end_time IS NULL OR end_time >= ?)", [query.since]))
    if query.until is not None:
        conditions.append(("begin_time <= ?", [query.until]))
    return conditions


def _held(words: Sequence[str]) -> list[_Condition]:
    return [("instr(words, ?)", [word]) for word in words]


def _candidates(words: Sequence[str]) -> _Condition:
    """Return what holds for alerts that may hold words: by the index, or not indexed yet."""
    return (f"key IN ({_CANDIDATES})", [matching(words)])


def _quoted(word: str) -> str:
    """Make a word a string of the index's query language, in which nothing else has a meaning."""
    escaped = word.replace('"', '""')
    return f'"{escaped}"'
