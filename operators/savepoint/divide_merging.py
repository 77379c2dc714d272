"""Merge windows joined and shared out.

Where workers merge, each has windows of its own, for its own alerts. Every worker that goes on knows all windows that
were open, so nobody is told a first notice again; what is withheld in them goes to the owner of its alert, who alone
can show the alert as it then is; so do the parties of inhibition.
"""

from collections.abc import Mapping, Sequence

import msgspec

from operators.converge.inhibition import Kept as Inhibition
from operators.converge.machine import VERSION as MERGING_VERSION
from operators.converge.model import Gate, Group, Member, State, Storm
from operators.converge.notices import VERSION, Kept
from operators.model import snapshot
from operators.model.slot import Owner, slot_of, slot_of_alert

replace = msgspec.structs.replace


def business_for(states: Sequence[bytes], owner: Owner) -> bytes:
    """Return what one worker goes on with of a slot of businesses that several kept. One for one is as it was. Raises SnapshotError."""
    if len(states) == 1 and owner.workers == 1:
        return states[0]
    kept = sorted((snapshot.unpack("notices", VERSION, data, Kept) for data in states), key=lambda one: one.clock)
    merged = joined([snapshot.unpack("converge", MERGING_VERSION, one.converge, State) for one in kept])
    assert merged is not None
    whole = Kept(
        clock=next((one.clock for one in kept if one.clock), 0),
        converge=snapshot.pack(MERGING_VERSION, part(merged, owner)),
        alerts={name: alert for one in kept for name, alert in one.alerts.items()},
        actions={name: at for one in kept for name, at in one.actions.items()},
        strategies={name: strategy for one in kept for name, strategy in one.strategies.items()},
        inhibition=_inhibition([one.inhibition for one in kept], owner),
    )
    return snapshot.pack(VERSION, whole)


def _inhibition(parts: Sequence[Inhibition], owner: Owner) -> Inhibition:
    """Return the sources and the untold of the fingerprints that one worker owns: it alone hears how they end.

    What a source inhibited that another worker goes on with is looked at again: else nobody would ever be told.
    """
    gone = (one for part in parts for md5, one in part.sources.items() if not owner.owns(slot_of(md5)))
    left = (side.agrees for one in gone for side in one.sides)
    return Inhibition(
        sources={md5: one for part in parts for md5, one in part.sources.items() if owner.owns(slot_of(md5))},
        untold={md5: one for part in parts for md5, one in part.untold.items() if owner.owns(slot_of(md5))},
        waiting=tuple(
            planned for part in parts for planned in part.waiting if owner.owns(slot_of(planned.alert.dedupe_md5))
        ),
        second=max((part.second for part in parts), default=0),
        touched=tuple(dict.fromkeys((*(name for part in parts for name in part.touched), *left))),
    )


Numbers = Mapping[int, int]


def joined(states: Sequence[State]) -> State | None:
    """Return all windows, numbered anew; None where nothing merges. Windows of one group stay apart, gates of one key become one."""
    if len(states) < 2:  # noqa: PLR2004 - nothing to join
        return states[0] if states else None
    numbers = _renumbered(states)
    gates, gate_of = _gates(states, numbers)
    groups: dict[int, Group] = {}
    storms: dict[int, Storm] = {}
    withheld: dict[int, list[Member]] = {}
    calls: dict[str, int] = {}
    for state, to in zip(states, numbers, strict=True):
        for number, group in state.groups.items():
            groups[to[number]] = replace(group, storm=to[group.storm])
        for number, storm in state.storms.items():
            storms[to[number]] = replace(storm, gate=gate_of.get(to[storm.gate], 0))
        for number, members in state.withheld.items():
            withheld[to[number]] = [replace(member, place=to[member.place]) for member in members]
        for call, until in state.calls.items():
            calls[call] = max(until, calls.get(call, 0))
    return State(max(max(to.values()) for to in numbers), groups, gates, storms, withheld, calls)


def _renumbered(states: Sequence[State]) -> list[dict[int, int]]:
    """Return for each state old number -> new one: unique, the order of each state kept."""
    used = sorted((number, at) for at, state in enumerate(states) for number in _numbers_of(state))
    numbers: list[dict[int, int]] = [{0: 0} for _ in states]
    for new, (number, at) in enumerate(used, 1):
        numbers[at][number] = new
    return numbers


def _numbers_of(state: State) -> set[int]:
    """Return every number that is in use; a gate still counts groups that are gone."""
    places = (member.place for members in state.withheld.values() for member in members)
    counted = (group for gate in state.gates.values() for group in gate.groups)
    passed = (storm.gate for storm in state.storms.values())
    return {*state.groups, *state.gates, *state.storms, *places, *counted, *passed} - {0}


def _gates(states: Sequence[State], numbers: Sequence[Numbers]) -> tuple[dict[int, Gate], dict[int, int]]:
    """Return the gates, one a key, each ending with the first of its parts; and for each part's number that of the whole."""
    gates: dict[int, Gate] = {}
    by_key: dict[str, int] = {}
    gate_of: dict[int, int] = {}
    for state, to in zip(states, numbers, strict=True):
        for number, gate in state.gates.items():
            moved = replace(gate, groups=tuple(to[group] for group in gate.groups), storm=to[gate.storm])
            at = gate_of[to[number]] = by_key.setdefault(gate.key, to[number])
            gates[at] = _one_gate(gates[at], moved) if at in gates else moved
    return gates, gate_of


def _one_gate(one: Gate, other: Gate) -> Gate:
    return replace(
        one, until=min(one.until, other.until), groups=one.groups + other.groups, storm=one.storm or other.storm
    )


def part(state: State, owner: Owner) -> State:
    """Return what one worker goes on with: every window, and of the withheld those whose alerts it owns."""
    kept = {
        number: [member for member in members if owner.owns(slot_of_alert(member.alert_ids[0]))]
        for number, members in state.withheld.items()
    }
    return replace(state, withheld={number: members for number, members in kept.items() if members})
