"""Finding the few rules that match among many: by a value each of them asks for, before any is tried in full."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from operators.rules.ask.match import Facts, Matcher, compile_conditions, condition_groups
from operators.rules.shapes.condition import HOST_FIELDS, condition_text
from operators.rules.shapes.model import Condition

Rule = TypeVar("Rule")

_STRATEGY_FIELDS = ("strategy_id", "alert.strategy_id")


class Selection(Generic[Rule]):
    """Rules in order. Each holds where all of its lists of conditions hold."""

    def __init__(self, rules: Iterable[tuple[Rule, Sequence[Sequence[Condition]]]]) -> None:
        self._rules: list[tuple[Rule, Matcher]] = []
        self._anywhere: list[int] = []
        self._by_value: dict[str, dict[str, list[int]]] = {}
        for place, (rule, parts) in enumerate(rules):
            self._rules.append((rule, _all_parts(parts)))
            self._file(place, _key_of(parts))
        self._strategies = frozenset(value for field in _STRATEGY_FIELDS for value in self._by_value.get(field, ()))
        self._are_of_strategies = not self._anywhere and self._by_value.keys() <= set(_STRATEGY_FIELDS)
        self._fields = [(field, _other_name(field), places) for field, places in self._by_value.items()]

    def _file(self, place: int, key: tuple[str, frozenset[str]] | None) -> None:
        if key is None:
            self._anywhere.append(place)
            return
        field, values = key
        places = self._by_value.setdefault(field, {})
        for value in values:
            places.setdefault(value, []).append(place)

    def may_match(self, strategy_id: str) -> bool:
        """Return False if no rule can hold for an alert of a strategy, whatever else is true of it."""
        return not strategy_id or not self._are_of_strategies or strategy_id.strip() in self._strategies

    def matching(self, facts: Facts) -> Iterator[Rule]:
        """Yield the rules that hold for the facts, in order, each tried only when it is asked for."""
        for place in self._candidates(facts):
            rule, matches = self._rules[place]
            if matches(facts):
                yield rule

    def _candidates(self, facts: Facts) -> list[int]:
        found: list[int] = []
        for field, other, by_value in self._fields:
            for value in facts.get(field) or facts.get(other) or ():
                found += by_value.get(_key_text(field, value), ())
        return sorted({*self._anywhere, *found}) if found else self._anywhere


def _all_parts(parts: Sequence[Sequence[Condition]]) -> Matcher:
    matchers = [compile_conditions(part) for part in parts if condition_groups(part)]
    if len(matchers) == 1:
        return matchers[0]
    return lambda facts: all(matches(facts) for matches in matchers)


def _key_of(parts: Sequence[Sequence[Condition]]) -> tuple[str, frozenset[str]] | None:
    """Return a field and the values one of which it must have, the most telling there is; None if no field must."""
    keys = [key for part in parts for key in _needed(condition_groups(part))]
    return min(keys, key=lambda key: (key[0] not in _STRATEGY_FIELDS, len(key[1])), default=None)


def _needed(groups: list[list[Condition]]) -> list[tuple[str, frozenset[str]]]:
    """Return the fields that every group asks to equal something, with all values asked for."""
    asked = [{one.field: _key_texts(one) for one in reversed(group) if one.method == "eq"} for group in groups]
    everywhere = [field for field in (asked[0] if asked else ()) if all(field in fields for fields in asked)]
    return [(field, frozenset().union(*(fields[field] for fields in asked))) for field in everywhere]


def _key_texts(one: Condition) -> frozenset[str]:
    return frozenset(_key_text(one.field, value) for value in one.value)


def _key_text(field: str, value: Any) -> str:
    """Return the text a value is found by: of a host its address, for it may be meant with its cloud."""
    if field in HOST_FIELDS:
        return condition_text(field, value).partition("|")[0]
    return value.strip() if type(value) is str else condition_text(field, value)


def _other_name(field: str) -> str:
    bare = field.removeprefix("tags.")
    return bare if bare != field else f"tags.{field}"
