"""Windows of noise reduction joined and shared out.

Every worker that goes on knows all series that were seen, so that the share it judges by is that of the whole job so
far; a held notice goes to the owner of its alert.
"""

from collections.abc import Mapping, Sequence

import msgspec

from operators.limits.combination import Combination
from operators.limits.noise import Scope, State, Window
from operators.model.records import Action
from operators.model.slot import Owner, slot_of_alert

Held = Mapping[str, Action]


def joined(states: Sequence[State]) -> State:
    """Return all windows, one a scope and severity: it ends with the first of its parts."""
    if len(states) == 1:
        return states[0]
    numbers: dict[tuple[Scope, int], int] = {}
    windows: dict[int, Window] = {}
    abnormal: dict[int, set[Combination]] = {}
    held: dict[int, dict[str, Action]] = {}
    for state in states:
        for number, window in state.windows.items():
            at = numbers.setdefault((window.scope, window.severity), len(numbers) + 1)
            known = windows.setdefault(at, window)
            windows[at] = known if known.due <= window.due else window
            abnormal.setdefault(at, set()).update(state.abnormal[number])
            held.setdefault(at, {}).update(state.held[number])
    return State(len(numbers), windows, abnormal, held, _totals(states))


def _totals(states: Sequence[State]) -> dict[Scope, dict[Combination, int]]:
    totals: dict[Scope, dict[Combination, int]] = {}
    for state in states:
        for scope, seen in state.totals.items():
            known = totals.setdefault(scope, {})
            known.update((series, max(at, known.get(series, 0))) for series, at in seen.items())
    return totals


def part(state: State, owner: Owner) -> State:
    """Return what one worker goes on with: every window, and of the held notices those whose alerts it owns."""
    held = {number: _owned(actions, owner) for number, actions in state.held.items()}
    return msgspec.structs.replace(state, held=held)


def _owned(actions: Held, owner: Owner) -> dict[str, Action]:
    return {key: action for key, action in actions.items() if owner.owns(slot_of_alert(action.alert_ids[0]))}
