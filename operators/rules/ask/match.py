"""Conditions compiled to functions of facts (spec/lifecycle.md 6.5, design.md 7.13)."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from operators.rules.shapes.condition import HOST_FIELDS, Condition, condition_text, fact_text
from operators.rules.shapes.patterns import compiled

Facts = Mapping[str, Sequence[Any]]
"""Field -> its values, as text. A field without a value is missing."""
Matcher = Callable[[Facts], bool]
Test = Callable[[Sequence[str]], bool]

NEGATIVE = ("neq", "exclude", "nreg")
"""Methods that hold for a field the facts do not have; every other method does not."""


def compile_conditions(conditions: Sequence[Condition]) -> Matcher:
    """Return a function that tells whether facts meet the conditions: OR of groups, each AND of its conditions.

    An empty list holds for everything. Raises ValueError for an invalid pattern.
    """
    groups = [[_compile(one) for one in group] for group in condition_groups(conditions)]
    if not groups:
        return _always
    if len(groups) == 1:
        return _all_of(groups[0])
    members = [_all_of(group) for group in groups]
    return lambda facts: any(member(facts) for member in members)


def condition_groups(conditions: Sequence[Condition]) -> list[list[Condition]]:
    """Split conditions into their AND groups; those without field, method or value do not count."""
    groups: list[list[Condition]] = []
    for one in conditions:
        if not (one.field and one.method and one.value):
            continue
        if one.condition == "or" or not groups:
            groups.append([])
        groups[-1].append(one)
    return groups


def _always(_: Facts) -> bool:
    return True


def _all_of(members: list[Matcher]) -> Matcher:
    if len(members) == 1:
        return members[0]
    return lambda facts: all(member(facts) for member in members)


def _compile(one: Condition) -> Matcher:
    test = compile_test(one.method, [condition_text(one.field, value) for value in one.value])
    values_of = _values_of(one)
    is_missing_enough = one.method in NEGATIVE

    def matches(facts: Facts) -> bool:
        values = values_of(facts)
        return test(values) if values else is_missing_enough

    return matches


def _values_of(one: Condition) -> Callable[[Facts], list[str]]:
    """Return how the values of a condition's field are found; a dimension may be named with or without `tags.`."""
    field, bare = one.field, one.field.removeprefix("tags.")
    other = bare if bare != field else f"tags.{field}"

    def values_of(facts: Facts) -> list[str]:
        return [fact_text(value) for value in facts.get(field) or facts.get(other) or ()]

    if field in HOST_FIELDS and any("|" in condition_text(field, value) for value in one.value):
        return lambda facts: _addresses(values_of(facts), field, facts)
    return values_of


def _addresses(hosts: list[str], field: str, facts: Facts) -> list[str]:
    """Return addresses as given and, those without a cloud, as `ip|cloud`; the cloud is "0" if the facts have none."""
    names = ("bk_target_cloud_id", "bk_cloud_id") if field == "bk_target_ip" else ("bk_cloud_id", "bk_target_cloud_id")
    clouds = next((facts[name] for name in names if facts.get(name)), ("0",))
    return hosts + [f"{host}|{fact_text(cloud)}" for host in hosts if "|" not in host for cloud in clouds]


def compile_test(method: str, wanted: Sequence[str]) -> Test:
    """Return a function that tells whether the values of a field, at least one, pass a method with the wanted texts.

    Raises ValueError for an invalid pattern, KeyError for an unknown method.
    """
    positive, is_negated = _METHODS[method]
    test = positive(wanted)
    return (lambda values: not test(values)) if is_negated else test


def _meets(wanted: Sequence[str]) -> Test:
    one_of = frozenset(wanted)
    return lambda values: not one_of.isdisjoint(values)


def _covers(wanted: Sequence[str]) -> Test:
    return frozenset(wanted).issubset


def _contains(wanted: Sequence[str]) -> Test:
    return lambda values: any(part in value for part in wanted for value in values)


def _above(wanted: Sequence[str]) -> Test:
    limit = _extreme(max, wanted)
    return lambda values: _extreme(min, values) > limit


def _below(wanted: Sequence[str]) -> Test:
    limit = _extreme(min, wanted)
    return lambda values: _extreme(max, values) < limit


def _extreme(choose: Callable[[list[float]], float], texts: Sequence[str]) -> float:
    """Return the least or greatest number; NaN, neither above nor below anything, if one is not a number."""
    numbers = [_number(text) for text in texts]
    return math.nan if any(map(math.isnan, numbers)) else choose(numbers)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _found(wanted: Sequence[str]) -> Test:
    patterns = [compiled(pattern) for pattern in wanted]
    return lambda values: any(pattern.search(_encodable(values[0])) for pattern in patterns)


def _encodable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


_METHODS: dict[str, tuple[Callable[[Sequence[str]], Test], bool]] = {
    "eq": (_meets, False),
    "neq": (_meets, True),
    "include": (_contains, False),
    "exclude": (_contains, True),
    "gt": (_above, False),
    "lte": (_above, True),
    "lt": (_below, False),
    "gte": (_below, True),
    "reg": (_found, False),
    "nreg": (_found, True),
    "issuperset": (_covers, False),
}
"""Method -> (what makes its test, whether it is the negation of that)."""
