"""What was expected against what came: lists in order, entries by the given fields only."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

WHOLE = frozenset({"receivers", "followers", "mentions"})
"""Fields whose mappings are compared whole: one way or person more is a difference."""

LONGEST = 300
"""Characters of a value that are shown."""

Entry = Mapping[str, Any]


def differences(name: str, expected: Sequence[Entry], got: Sequence[Entry]) -> list[str]:
    """Return one line for each way in which the entries that came are not those expected."""
    lines: list[str] = []
    wanted_from, came_from = 0, 0
    for wanted_to, came_to in [*_pairs(expected, got), (len(expected), len(got))]:
        wanted, came = range(wanted_from, wanted_to), range(came_from, came_to)
        lines += _between(name, expected, got, wanted, came)
        wanted_from, came_from = wanted_to + 1, came_to + 1
    return lines


def _between(name: str, expected: Sequence[Entry], got: Sequence[Entry], wanted: range, came: range) -> Iterator[str]:
    """Tell of the entries between two that match: first they are compared one by one, then some are left over."""
    for one, other in zip(wanted, came, strict=False):
        for place, value, instead in unlike(expected[one], got[other]):
            shown = "nothing" if instead is None else _shown(instead)
            yield f"{name}[{other}]{place}: expected {_shown(value)}, got {shown}"
    for one in wanted[len(came) :]:
        yield f"{name}: missing entry {one}: {_shown(expected[one])}"
    for other in came[len(wanted) :]:
        yield f"{name}[{other}]: extra entry: {_shown(got[other])}"


def _pairs(expected: Sequence[Entry], got: Sequence[Entry]) -> list[tuple[int, int]]:
    """Return which expected entry matches which that came, as many as can be in order."""
    match = [[not list(unlike(one, other)) for other in got] for one in expected]
    best = [[0] * (len(got) + 1) for _ in range(len(expected) + 1)]
    for one in reversed(range(len(expected))):
        for other in reversed(range(len(got))):
            together = 1 + best[one + 1][other + 1] if match[one][other] else 0
            best[one][other] = max(together, best[one + 1][other], best[one][other + 1])
    pairs, one, other = [], 0, 0
    while one < len(expected) and other < len(got):
        if match[one][other] and best[one][other] == 1 + best[one + 1][other + 1]:
            pairs.append((one, other))
            one, other = one + 1, other + 1
        elif best[one + 1][other] >= best[one][other + 1]:
            one += 1
        else:
            other += 1
    return pairs


Unlike = tuple[str, Any, Any]
"""(place in the entry, what was expected there, what came)."""


def unlike(expected: Any, got: Any, place: str = "", field: str = "") -> Iterator[Unlike]:
    """Yield where what came is not what was expected. Of mappings the given keys count; ids compare as text."""
    if isinstance(expected, Mapping) and isinstance(got, Mapping) and field not in WHOLE:
        for key, value in expected.items():
            yield from unlike(value, got.get(key), f"{place}.{key}", key)
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got) and field not in WHOLE:
        for index, (value, other) in enumerate(zip(expected, got, strict=True)):
            yield from unlike(value, other, f"{place}[{index}]", field)
    elif not _same(expected, got, field):
        yield place, expected, got


def _same(expected: Any, got: Any, field: str) -> bool:
    if field == "id" or field.endswith(("_id", "_ids")):
        return str(expected) == str(got) and (expected is None) == (got is None)
    return bool(expected == got) and isinstance(expected, bool) == isinstance(got, bool)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
