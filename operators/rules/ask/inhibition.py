"""Inhibition: which rules an alert is on the side of, and with which alerts it agrees (design.md 7.66)."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from operators.model.alert import Alert
from operators.model.identity import digest
from operators.rules.ask.facts import rule_facts
from operators.rules.ask.match import Facts
from operators.rules.ask.selection import Selection
from operators.rules.remembered import Remembered
from operators.rules.shapes.condition import fact_text
from operators.rules.shapes.model import Inhibit

if TYPE_CHECKING:
    from operators.rules.book import RuleBook


class Side(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An alert on one side of a rule."""

    rule: str
    agrees: str
    """A hash: alerts with the same one are of one business and agree in what the rule asks."""
    is_both: bool = False
    """It is on the other side of the rule too."""


class Sides(NamedTuple):
    """Of which rules an alert is a source, and of which a target."""

    source: tuple[Side, ...] = ()
    target: tuple[Side, ...] = ()


NEITHER = Sides()


def sides_of(alert: Alert, book: "RuleBook") -> Sides:
    """Return the sides that an alert is on by the rules of a book; whether it is open is not asked."""
    rules = book.inhibits_of(alert.bk_biz_id)
    if not rules:
        return NEITHER
    facts = rule_facts(alert, book.strategies.get(alert.strategy_id), book)
    sources, targets = _selections(rules)
    inhibiting = {rule.id: rule for rule in sources.matching(facts)}
    inhibited = {rule.id: rule for rule in targets.matching(facts)}
    if not inhibiting and not inhibited:
        return NEITHER
    both = inhibiting.keys() & inhibited.keys()
    business = str(alert.bk_biz_id)
    made = {
        name: Side(name, _agreement(business, rule, facts), name in both)
        for name, rule in {**inhibiting, **inhibited}.items()
    }
    return Sides(tuple(made[name] for name in inhibiting), tuple(made[name] for name in inhibited))


def inhibits(source: Side, target: Side) -> bool:
    """Return True if an alert on one side keeps one on the other silent; of two that are on both, neither does."""
    return source.agrees == target.agrees and not (source.is_both and target.is_both)


def _agreement(business: str, rule: Inhibit, facts: Facts) -> str:
    return digest(business, rule.id, [[tag, _values(tag, facts)] for tag in rule.equal])[:16]


def _values(tag: str, facts: Facts) -> list[str]:
    """Return the values of a tag as text; an empty one is none, as with labels of Prometheus."""
    return sorted({text for value in _found(tag, facts) if (text := fact_text(value))})


def _found(tag: str, facts: Facts) -> Sequence[object]:
    bare = tag.removeprefix("tags.")
    return facts.get(tag) or facts.get(bare if bare != tag else f"tags.{tag}") or ()


def _select(rules: tuple[Inhibit, ...]) -> tuple[Selection[Inhibit], Selection[Inhibit]]:
    return Selection((rule, (rule.source,)) for rule in rules), Selection((rule, (rule.target,)) for rule in rules)


_selections: Remembered[tuple[Inhibit, ...], tuple[Selection[Inhibit], Selection[Inhibit]]] = Remembered(_select)


class Inhibitor(NamedTuple):
    """What keeps an alert silent: another one, by a rule."""

    rule: str
    alert: Alert


def inhibited_among(alerts: Iterable[Alert], book: "RuleBook") -> dict[str, list[Inhibitor]]:
    """Return what keeps which of some open alerts silent: id -> inhibitors."""
    if not book.inhibit_index:
        return {}
    known = [(alert, sides_of(alert, book)) for alert in alerts]
    sources: dict[str, list[tuple[Alert, Side]]] = {}
    for alert, sides in known:
        for side in sides.source:
            sources.setdefault(side.agrees, []).append((alert, side))
    found: dict[str, list[Inhibitor]] = {}
    for alert, sides in known:
        for own in sides.target:
            silencing = [
                Inhibitor(own.rule, other) for other, side in sources.get(own.agrees, ()) if inhibits(side, own)
            ]
            if silencing:
                found.setdefault(alert.id, []).extend(silencing)
    return found
