"""Which repeats of an event can change no verdict, so that no checker has to look (design.md 7.36)."""

from operators.check.series import is_same_level
from operators.model.event import Event
from operators.model.memory import CheckMemory
from operators.rules.ask.facts import raw_dimensions
from operators.rules.book import RuleBook
from operators.rules.shapes.model import Strategy
from operators.state.state import State


def may_skip(state: State, strategy: Strategy | None, before: Event, event: Event, book: RuleBook) -> bool:
    """Return True if the checkers would say of an alert what they said while `before` was its newest event.

    The event only puts off what ends the alert: its window stays hot, its data has not stopped. What the rules say
    stands too, for an alert of a strategy while they are those under which the checkers last looked.
    """
    alert = state.alert
    assert alert is not None
    if not alert.strategy_id:
        return not (book.shields or book.dispatch or book.hosts or book.inhibits) or are_alike(before, event)
    return (
        strategy is not None
        and state.rules == book.version
        and not alert.is_shielded
        and not alert.extra_info.is_recovering
        and not alert.is_blocked
        and _is_newest(state.checks, event)
        and _says_the_same(before, event, strategy)
    )


def _is_newest(memory: CheckMemory | None, event: Event) -> bool:
    """Return True if no result known is newer than the event."""
    if memory is None:
        return True
    if memory.last_check is not None and memory.last_check > event.time:
        return False
    return not memory.anomalies or memory.anomalies[-1].time <= event.time


def _says_the_same(before: Event, event: Event, strategy: Strategy) -> bool:
    """Return True if two events of one fingerprint are alike in all that rules and windows may ask."""
    return are_alike(before, event) and is_same_level(before, event, strategy)


def are_alike(before: Event, event: Event) -> bool:
    """Return True if two events of one fingerprint are alike in all that rules may ask."""
    return (
        before.severity == event.severity
        and before.tags == event.tags
        and before.target == event.target
        and before.target_type == event.target_type
        and before.ip == event.ip
        and before.bk_host_id == event.bk_host_id
        and before.plugin_id == event.plugin_id
        and before.metric == event.metric
        and before.ipv6 == event.ipv6
        and before.bk_cloud_id == event.bk_cloud_id
        and before.bk_service_instance_id == event.bk_service_instance_id
        and before.bk_topo_node == event.bk_topo_node
        and (before.extra_info == event.extra_info or raw_dimensions(before) == raw_dimensions(event))
    )
