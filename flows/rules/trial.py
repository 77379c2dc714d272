"""Behaviour as data: the tests of rule files, run through the replay core."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from flows.replay.order import in_order
from flows.replay.outcome import Outcome
from flows.replay.replay import Line, Replay
from flows.rules.difference import differences
from operators.rules.shapes.model import RuleTest

START = 1_700_000_000
"""The second from which the times of a test count."""
ABSOLUTE = 1_000_000_000
"""A time beyond this is one already."""

TIMES = frozenset(
    {
        "at", "time", "begin", "anomaly_time", "bk_ingest_time", "bk_clean_time", "create_time", "update_time",
        "begin_time", "start_time", "end_time", "latest_time", "first_anomaly_time", "next_status_time", "event_time",
    }
)  # fmt: skip
"""Fields that say a moment."""
DOCUMENTS = ("put", "shield")
"""Fields of a line that hold rule documents, and so moments further down."""

_encode = msgspec.json.Encoder().encode

OUTPUTS: dict[str, Callable[[Outcome], Iterable[Any]]] = {
    "alerts": lambda outcome: (outcome.alerts[key] for key in sorted(outcome.alerts)),
    "logs": lambda outcome: in_order(outcome.logs),
    "signals": lambda outcome: in_order(outcome.signals),
    "actions": lambda outcome: in_order(outcome.actions.values()),
    "notices": lambda outcome: in_order(outcome.notices.values()),
    "dead_letters": lambda outcome: outcome.dead_letters,
    "events": lambda outcome: outcome.events,
}
"""Name of an output -> its entries in the order of the contract."""


def failures(test: RuleTest, replay: Replay) -> list[str]:
    """Run one test on a new replay; return every difference between what it expects and what came, one a line.

    An event that could not be read is one too, unless the test names `dead_letters`: else what stays quiet proves nothing.
    """
    lines = (Line(test.name, number, _encode(_line(event))) for number, event in enumerate(test.events, 1))
    until = None if test.until is None else moment(test.until)
    outcome = replay.run(lines, until)
    assert isinstance(outcome, Outcome)  # what a test says is kept in memory
    found = [] if "dead_letters" in test.expect else list(_unread(test, outcome))
    for name, expected in test.expect.items():
        came = msgspec.json.decode(_encode(list(OUTPUTS[name](outcome))))
        found += differences(name, [with_moments(one) for one in expected], came)
    return found


def _unread(test: RuleTest, outcome: Outcome) -> Iterator[str]:
    """Yield why events of a test could not be read; of a command it may be the point that it is refused."""
    for letter in outcome.dead_letters:
        at = int(letter.position) - 1
        if test.events[at].get("kind") != "command":
            yield f"events[{at}]: {letter.reason}: {letter.detail}"


def moment(value: Any) -> Any:
    """Return a time of a test as Unix seconds."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return START + value if is_number and value <= ABSOLUTE else value


def _line(fields: dict[str, Any]) -> dict[str, Any]:
    """Return a replay line with its moments in place; what stands in tags and `extra_info` is left alone."""
    moved = {key: moment(value) if key in TIMES else value for key, value in fields.items()}
    return {key: with_moments(value) if key in DOCUMENTS else value for key, value in moved.items()}


def with_moments(value: Any) -> Any:
    """Return a value with every moment in it in place."""
    if isinstance(value, dict):
        return {key: moment(one) if key in TIMES else with_moments(one) for key, one in value.items()}
    return [with_moments(one) for one in value] if isinstance(value, list | tuple) else value
