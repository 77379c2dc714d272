"""Shields: which alerts each covers (spec/lifecycle.md 6.3) and when it holds."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from operators.model.alert import Alert
from operators.rules.ask.facts import rule_facts
from operators.rules.ask.selection import Selection
from operators.rules.remembered import Remembered
from operators.rules.shapes.model import Condition, Shield
from operators.rules.times.windows import Window, shield_window

if TYPE_CHECKING:
    from operators.rules.book import RuleBook

_NO_GROUP = ("",)
"""No dynamic group has this id: a shield of a scope without groups covers nothing."""


class TimedShield:
    """A shield that remembers where its window stands, for no window asks which alert it is for."""

    def __init__(self, shield: Shield) -> None:
        self.shield = shield
        self._zone: ZoneInfo | None = None
        self._since = 0
        self._window = Window(active=False, left=0, next_edge=None)

    def window(self, zone: ZoneInfo, now: int) -> Window:
        """Return where now stands in the shield's window."""
        if zone is not self._zone or not self._is_known(now):
            self._zone, self._since, self._window = zone, now, shield_window(self.shield, zone, now)
            return self._window
        known = self._window
        left = known.left - (now - self._since) if known.active else 0
        return Window(active=known.active, left=left, next_edge=known.next_edge)

    def _is_known(self, now: int) -> bool:
        edge = self._window.next_edge
        return now >= self._since and (edge is None or now < edge)


def shields_covering(alert: Alert, book: "RuleBook") -> list[TimedShield]:
    """Return the shields of the alert's business that cover it, whenever they hold, by id."""
    shields = book.shields_of(alert.bk_biz_id)
    if not shields:
        return []
    selection = _selection(shields)
    if not selection.may_match(alert.strategy_id):
        return []
    return list(selection.matching(rule_facts(alert, book.strategies.get(alert.strategy_id), book)))


def covering(shield: Shield, book: "RuleBook") -> Callable[[Alert], bool]:
    """Return what tells whether a shield that may be in no book covers an alert, whenever it holds."""
    selection = Selection([(shield, conditions_of(shield))])

    def covers(alert: Alert) -> bool:
        if str(alert.bk_biz_id) != shield.bk_biz_id:
            return False
        facts = rule_facts(alert, book.strategies.get(alert.strategy_id), book)
        return any(True for _ in selection.matching(facts))

    return covers


def conditions_of(shield: Shield) -> tuple[Sequence[Condition], ...]:
    """Return lists of conditions, all of which an alert must meet to be covered."""
    equal = (Condition(field, "eq", tuple(values)) for field, values in _equals_of(shield).items())
    return (shield.dimension_config.dimension_conditions, *((one,) for one in equal))


def _equals_of(shield: Shield) -> Mapping[str, tuple[Any, ...]]:
    """Return the fields whose values count, by category."""
    equals = shield.dimension_config.equals
    scope = {"dynamic_group": equals.get("dynamic_group") or _NO_GROUP} if shield.scope_type == "dynamic_group" else {}
    return {**_of_category(shield, equals), **scope}


def _of_category(shield: Shield, equals: Mapping[str, tuple[Any, ...]]) -> Mapping[str, tuple[Any, ...]]:
    if shield.category == "dimension":
        return {}
    if shield.category == "alert" and shield.is_quick and shield.dimension_config.dimension_conditions:
        return {field: equals[field] for field in ("strategy_id", "level") if field in equals}
    if shield.category == "strategy" and shield.scope_type == "node" and _is_whole_business(equals):
        return {field: values for field, values in equals.items() if field != "bk_topo_node"}
    return equals


def _is_whole_business(equals: Mapping[str, tuple[Any, ...]]) -> bool:
    nodes = equals.get("bk_topo_node", ())
    return len(nodes) == 1 and str(nodes[0]).startswith("biz|")


def _select(shields: tuple[Shield, ...]) -> Selection[TimedShield]:
    return Selection((TimedShield(shield), conditions_of(shield)) for shield in shields)


_selection: Remembered[tuple[Shield, ...], Selection[TimedShield]] = Remembered(_select)
