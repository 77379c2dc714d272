"""What a change of rules means for the alerts that are open: which strategies they still need, and when each is looked at."""

from operators.rules.book import RuleBook
from operators.rules.shapes.model import Strategy
from operators.state.slots import States
from operators.state.state import State


def retired(states: States, before: RuleBook, book: RuleBook, known: dict[str, Strategy]) -> dict[str, Strategy]:
    """Return the strategies that are in the book no more, of which alerts are open: each in its last form."""
    gone = {alert.strategy_id for alert in states.open()} - book.strategies.keys()
    last = {**before.strategies, **known}
    return {key: last[key] for key in sorted(gone) if key in last}


def looks_to_come(states: States, now: int, within: int) -> list[tuple[State, int]]:
    """Return the second at which each open alert is looked at, spread over `within` seconds, where it waits for none sooner."""
    found = []
    for alert in states.open():
        md5 = alert.dedupe_md5
        state, at = states.get(md5), now + 1 + int(md5[2:8], 16) % max(within, 1)
        if state is not None and (state.due is None or at < state.due):
            found.append((state, at))
    return found
