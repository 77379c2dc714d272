"""Which repeats of an event can change no verdict, so that no checker has to look (design.md 7.36)."""

from operators.check.series import result_level
from operators.model.event import Event
from operators.model.memory import CheckMemory
from operators.rules.ask.facts import raw_dimensions
from operators.rules.shapes.model import Strategy
from operators.state.turn import Turn


def may_skip(turn: Turn, before: Event, event: Event) -> bool:
    """Return True if the checkers would say of an alert what they said while `before` was its newest event.

    The event only puts off what ends the alert: its window stays hot, its data has not stopped. What the rules say
    stands too, unless a newer book is yet to be looked at: then a look is due within `check_interval`.
    """
    state, alert = turn.state, turn.current()
    due = state.due
    if due is not None and due <= turn.now + turn.scene.settings.check_interval:
        return False
    if alert.extra_info.is_recovering or alert.is_shielded or alert.is_blocked:
        return False
    strategy = turn.strategy
    return strategy is not None and _is_newest(state.checks, event) and _says_the_same(before, alert.event, strategy)


def _is_newest(memory: CheckMemory | None, event: Event) -> bool:
    """Tell whether no result known is newer than the event."""
    if memory is None:
        return True
    if memory.last_check is not None and memory.last_check > event.time:
        return False
    return not memory.anomalies or memory.anomalies[-1].time <= event.time


def _says_the_same(before: Event, event: Event, strategy: Strategy) -> bool:
    """Return True if two events of one fingerprint are alike in all that rules and windows may ask."""
    return are_alike(before, event) and result_level(before, strategy) == result_level(event, strategy)


def are_alike(before: Event, event: Event) -> bool:
    """Return True if two events of one fingerprint are alike in all that rules may ask."""
    return (
        before.severity == event.severity
        and before.tags == event.tags
        and _place(before) == _place(event)
        and before.plugin_id == event.plugin_id
        and before.metric == event.metric
        and (before.extra_info == event.extra_info or raw_dimensions(before) == raw_dimensions(event))
    )


def _place(event: Event) -> tuple[object, ...]:
    return (
        event.target_type,
        event.target,
        event.ip,
        event.ipv6,
        event.bk_cloud_id,
        event.bk_host_id,
        event.bk_service_instance_id,
        event.bk_topo_node,
    )
