"""Circuit breaking: which part of the job leaves which alerts alone (spec/lifecycle.md 8.4)."""

from typing import TYPE_CHECKING, Any

from operators.model.alert import Alert
from operators.rules.ask.facts import circuit_facts
from operators.rules.ask.selection import Selection
from operators.rules.remembered import Remembered
from operators.rules.shapes.model import CircuitBreaking

if TYPE_CHECKING:
    from operators.rules.book import RuleBook
    from operators.rules.shapes.model import Strategy

BUILDER, MANAGER, ACTION = "alert.builder", "alert.manager", "action"


def circuit_broken(
    module: str, alert: Alert, strategy: "Strategy | None", book: "RuleBook", *, plugin_type: str | None = None
) -> str | None:
    """Return the id of the first circuit-breaking rule of a module that matches the alert, or None.

    Where the manager has no rules of its own, those of the builder hold for it. `plugin_type` is for actions.
    """
    if not book.circuit_breaking:
        return None
    by_module = _selections(book.circuit_breaking)
    selection = by_module.get(module) or (by_module.get(BUILDER) if module == MANAGER else None)
    if selection is None:
        return None
    facts = circuit_facts(alert, strategy, plugin_type)
    return next((rule.id for rule in selection.matching(facts)), None)


def _by_module(rules: dict[str, CircuitBreaking]) -> dict[str, Selection[Any]]:
    modules = {rule.module for rule in rules.values()}
    return {
        module: Selection((rule, (rule.conditions,)) for rule in rules.values() if rule.module == module)
        for module in modules
    }


_selections: Remembered[dict[str, CircuitBreaking], dict[str, Selection[Any]]] = Remembered(_by_module)
