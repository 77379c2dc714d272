"""A query in the language of Elasticsearch. Times are sent as text: a number would be read as milliseconds."""

from collections.abc import Mapping, Sequence
from itertools import starmap
from typing import Any

from sinks.store.query import AlertQuery, CommandQuery, LogQuery, NoticeQuery, PastQuery

Clause = dict[str, Any]

_NAMES = ("alert_name.raw", "event.target", "event.ip")
"""Fields in which also a part of a word is found: names, of which there are few."""


def alert_clause(query: AlertQuery) -> Clause:
    """Return the clause that holds for every alert that matches, and perhaps for a few more (see `words`)."""
    clauses = [
        *_terms(query),
        *([_target(query.target)] if query.target else []),
        *starmap(_tag, query.tags.items()),
        *_times(query.since, query.until),
        *map(_word, query.words),
    ]
    return {"bool": {"filter": clauses}}


def arrived(dedupe_md5: str, since: int, until: int) -> Clause:
    """Return the clause that holds for the events of one fingerprint that arrived from `since` to `until`."""
    times = {"range": {"at": {"gte": str(since), "lte": str(until)}}}
    return {"bool": {"filter": [{"term": {"dedupe_md5": dedupe_md5}}, times]}}


def command_clause(query: CommandQuery) -> Clause:
    """Return the clause that holds for the commands that match."""
    given = {"id": query.id, "operator": query.operator, "alert_id": query.alert_id, "outcome": query.outcome}
    return {"bool": {"filter": [*_given(given), *_between(query.since, query.until)]}}


def past_clause(query: PastQuery) -> Clause:
    """Return the clause that holds for what matches of log entries, actions or notices."""
    if isinstance(query, NoticeQuery):
        return _notice_clause(query)
    if isinstance(query, LogQuery):
        given, several = {"bk_biz_id": query.bk_biz_id}, {"op_type": query.op_type, "reason": query.reason}
    else:
        given = {"people": query.receiver, "bk_biz_id": query.bk_biz_id}
        several = {"status": query.status, "reason": query.reason}
    return {"bool": {"filter": [*_given(given), *_any_of(several), *_between(query.since, query.until)]}}


def _notice_clause(query: NoticeQuery) -> Clause:
    given = {
        "id": query.id, "receivers": query.receiver, "alert_ids": query.alert_id, "bk_biz_id": query.bk_biz_id,
    }  # fmt: skip
    several = {"way": query.way, "state": query.state, "reason": query.reason}
    return {"bool": {"filter": [*_given(given), *_any_of(several), *_between(query.since, query.until)]}}


def _given(values: Mapping[str, str | None]) -> list[Clause]:
    return [{"term": {field: value}} for field, value in values.items() if value is not None]


def _any_of(values: Mapping[str, Sequence[str | int]]) -> list[Clause]:
    return [{"terms": {field: list(those)}} for field, those in values.items() if those]


def _between(since: int | None, until: int | None) -> list[Clause]:
    """Bound `time`, both ends included."""
    bounds = {"gte": since, "lte": until}
    told = {name: str(value) for name, value in bounds.items() if value is not None}
    return [{"range": {"time": told}}] if told else []


def _terms(query: AlertQuery) -> list[Clause]:
    fields: dict[str, Sequence[str | int]] = {
        "status": query.status,
        "severity": query.severity,
        "strategy_id": query.strategy_id,
        "bk_biz_id": query.bk_biz_id,
        "dedupe_md5": query.dedupe_md5,
        "alert_name.raw": query.name,
        "event.target_type": query.target_type,
        "people": query.person,
        "is_ack": _flag(query.acked),
        "is_shielded": _flag(query.shielded),
        "is_blocked": _flag(query.blocked),
    }
    return _any_of(fields)


def _flag(wanted: bool | None) -> tuple[bool, ...]:  # noqa: FBT001 - a condition
    return () if wanted is None else (wanted,)


def _tag(key: str, values: Sequence[str]) -> Clause:
    of_one = [{"term": {"event.tags.key": key}}, {"terms": {"event.tags.value.raw": list(values)}}]
    return {"nested": {"path": "event.tags", "query": {"bool": {"filter": of_one}}}}


def _target(values: Sequence[str]) -> Clause:
    """A target as reported, or by its address; `10.0.0.1|0` is 10.0.0.1 in cloud 0."""
    exact = [{"terms": {field: list(values)}} for field in ("event.target", "event.ip", "event.ipv6")]
    return _any([*exact, *({"prefix": {"event.target": f"{value}|"}} for value in values)])


def _times(since: int | None, until: int | None) -> list[Clause]:
    clauses: list[Clause] = []
    if since is not None:
        is_open = {"bool": {"must_not": [{"exists": {"field": "end_time"}}]}}
        clauses.append(_any([is_open, {"range": {"end_time": {"gte": str(since)}}}]))
    if until is not None:
        clauses.append({"range": {"begin_time": {"lte": str(until)}}})
    return clauses


def _word(word: str) -> Clause:
    """A run of words, or of Chinese characters, each of which is a token; in names any part."""
    pattern = "*{}*".format("".join(f"\\{char}" if char in "*?\\" else char for char in word))
    parts = ({"wildcard": {field: {"value": pattern, "case_insensitive": True}}} for field in _NAMES)
    return _any([{"match_phrase": {"words": word}}, *parts])


def _any(clauses: Sequence[Clause]) -> Clause:
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}
