"""By what an alert is found, the same for every store: its words, one text, and the people that it names."""

from collections.abc import Iterable, Iterator
from typing import Any

from operators.model.alert import Alert

LONGEST = 4096
"""Characters of an alert's words that are kept."""


def words_of(alert: Alert) -> str:
    """Return name, target, description and the values of tags and dimensions: lower case, each once, one a line."""
    event = alert.event
    values: list[Any] = [alert.alert_name, event.target, event.ip, event.ipv6, event.description]
    for tag in event.tags:
        values += (tag.value, tag.display_value)
    for dimension in alert.dimensions:
        values += (dimension.value, dimension.display_value)
    try:
        lines = dict.fromkeys(filter(None, values))
        return "\n".join(lines).lower()[:LONGEST]
    except TypeError:  # a value is a number or a list; this costs twice as much
        return "\n".join(dict.fromkeys(filter(None, _texts(values)))).lower()[:LONGEST]


def people_of(alert: Alert) -> tuple[str, ...]:
    """Return who is named by an alert, each once: responsible, assigned, told of escalations, following, or who acked it."""
    acked_by = () if alert.ack_operator is None else (alert.ack_operator,)
    if not (alert.assignee or alert.appointee or alert.supervisor or alert.follower or acked_by):
        return ()
    return tuple(dict.fromkeys((*alert.assignee, *alert.appointee, *alert.supervisor, *alert.follower, *acked_by)))


def _texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _texts(value)
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            yield str(value)
