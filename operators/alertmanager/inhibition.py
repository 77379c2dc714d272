"""`inhibit_rules` of a configuration of Alertmanager as rules of kind `inhibits`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from operators.alertmanager.matchers import Matcher, MatcherError, matchers_in
from operators.alertmanager.silences import BUSINESS, SilenceError, conditions_of, field_of

Tree = Mapping[str, Any]


class Note(NamedTuple):
    """What could not be carried over: where it stands, and what is done here instead."""

    place: str
    why: str


def inhibits_of(rules: Any, notes: list[Note]) -> Iterator[dict[str, Any]]:
    """Yield the rules; what one of them says that ours cannot is noted, and the rule left out."""
    for number, rule in enumerate(rules if isinstance(rules, Sequence) else ()):
        place = f"inhibit_rules[{number}]"
        try:
            sides = {side: _conditions(rule, side) for side in ("source", "target")}
        except (MatcherError, SilenceError) as error:
            notes.append(Note(place, f"left out: {error}"))
            continue
        equal = [field_of(str(label)) for label in dict.fromkeys(rule.get("equal") or ())]
        name = {"description": str(rule["name"])} if rule.get("name") else {}
        yield {"id": place, **sides, "equal": equal, **name}


def _conditions(rule: Any, side: str) -> list[dict[str, Any]]:
    """Return the conditions of a side; one without matchers holds for every alert there, and here."""
    if not isinstance(rule, dict):
        raise MatcherError("expected a mapping")
    written = {name: rule.get(f"{side}_{name}") for name in ("match", "match_re", "matchers")}
    matchers: tuple[Matcher, ...] = tuple(matchers_in(written))
    if any(matcher.name == BUSINESS for matcher in matchers):
        raise MatcherError(f"a rule is of one business or of each: write `{BUSINESS}` of the rule, and no matcher")
    return conditions_of(matchers) or [{"key": "alert.name", "method": "reg", "value": [""]}]
