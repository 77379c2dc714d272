"""Waiting: when somebody may be reached of whom a notice could reach nobody (design.md 7.48)."""

from collections.abc import Iterator

from operators.check.verdict import NOTHING, Verdict
from operators.people.dispatch import default_groups, dispatch, notice_of
from operators.people.reach import reach_edge
from operators.people.roles import situation_of
from operators.rules.ask.look import Look
from operators.rules.shapes.model import NoticeRelation
from operators.rules.times.windows import day_range_edge, strategy_active


def waiting_verdict(look: Look) -> Verdict:
    """Judge when to try again to tell what waits: at other hours, or with other people."""
    relation = notice_of(look) if look.waiting is not None else None
    if relation is None:
        return NOTHING
    found = dispatch(look)
    groups = default_groups(look.strategy, relation) if found is None else (*found.main, *found.follower)
    edges = [people_edge(look, groups), *_time_edges(look, relation)]
    why = "Nobody could be reached yet, or it was outside the notice's hours."
    return Verdict(next_look=min(edges), outlook="people are told, if somebody can be reached", description=why)


def people_edge(look: Look, groups: tuple[str, ...]) -> int:
    """Return the next second at which other people of some groups may be reached; at most a day ahead."""
    return reach_edge(groups, situation_of(look.alert, look.book, look.settings, look.now))


def _time_edges(look: Look, relation: NoticeRelation) -> Iterator[int]:
    """Yield the next seconds at which the notice's hours or the strategy's active time begin or end."""
    options = relation.options
    hours = day_range_edge(options.start_time, options.end_time, look.zone, look.now)
    active = strategy_active(look.strategy, look.book, look.zone, look.now)[1] if look.strategy else None
    yield from (edge for edge in (hours, active) if edge is not None)
