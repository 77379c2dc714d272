"""Where a page of answers begins in Elasticsearch, and what is still asked of those it gives."""

import re
import time
from collections.abc import Sequence
from typing import Any

from operators.model.alert import Alert
from sinks.store.cursor import read_cursor
from sinks.store.order import ORDERS, place_of
from sinks.store.query import AlertQuery
from sinks.store.words import words_of


def place_after(after: str, *kinds: type) -> list[Any] | None:
    """Return the sort values of a cursor whose first is a time: the server sorts by milliseconds."""
    if not after:
        return None
    second, *rest = read_cursor(after, kinds)
    return [int(second) * 1000, *rest]


def now() -> int:
    """Return the time in milliseconds."""
    return int(time.time() * 1000)


SAME_SCORE = 1.0
"""Of every alert that is found: conditions only filter."""


def sorted_clause(clause: dict[str, Any]) -> dict[str, Any]:
    """Return a clause under which every alert has the same score."""
    return {"constant_score": {"filter": clause, "boost": SAME_SCORE}}


def sorting(sort: str) -> list[dict[str, str]]:
    """Return what alerts are sorted by.

    Of an order that begins with a text the server looks up which of its terms can still come, which takes several times as
    long as it saves: there a score goes first, which is the same for all.
    """
    order = [{one.name: "desc" if one.is_descending else "asc"} for one in ORDERS[sort]]
    return [{"_score": "desc"}, *order] if _begins_with_text(sort) else order


def _begins_with_text(sort: str) -> bool:
    return ORDERS[sort][0].kind is str


def sorted_after(query: AlertQuery) -> list[Any] | None:
    """Return the sort values behind which a page of alerts begins."""
    if not query.after:
        return None
    pairs = zip(ORDERS[query.sort], place_of(query.sort, query.after), strict=True)
    places = [int(place) * 1000 if column.is_time else place for column, place in pairs]
    return [SAME_SCORE, *places] if _begins_with_text(query.sort) else places


def has_words(alert: Alert, words: Sequence[str]) -> bool:
    """Return True if an alert holds every word."""
    if not words:
        return True
    text = words_of(alert)
    return all(word in text for word in words)


def numbers(text: str) -> list[int]:
    """Return the whole numbers in a text."""
    return [int(number) for number in re.findall(r"\d+", text)]
