"""Savepoints of format 1, in which one worker kept everything: its parts become those of the stages.

What no slot owned held the changes of rules, now kept by intake, and the merging of all businesses, now kept by slot of
business together with the alerts that a summary has yet to name.
"""

from collections.abc import Iterable, Mapping

import msgspec

from operators.converge import notices
from operators.converge.machine import VERSION as MERGING_VERSION
from operators.converge.model import State as Merging
from operators.intake import intake
from operators.intake.changes import Documents
from operators.limits.quota import Counter
from operators.model import snapshot
from operators.model.alert import Alert
from operators.model.slot import SLOTS, slot_of_alert, slot_of_business
from operators.rules.shapes.model import Strategy
from operators.savepoint.file import FORMAT, BusinessState, IntakeState, Savepoint, SharedState
from operators.state import scene
from operators.state.slot import Slot

VERSION = 1
MARK = 0xFF
"""First byte of a state that a process of a Bytewax cluster kept with what had not yet been folded."""
AWAITED = 3600
"""Seconds for which alerts in a merge window are told of as they change."""

replace = msgspec.structs.replace


class Shared(msgspec.Struct, frozen=True):
    """What no slot owned."""

    clock: int
    alert_quota: dict[str, Counter]
    action_quota: dict[str, Counter]
    converge: bytes
    noise: bytes
    retired: dict[str, Strategy]
    news: scene.ShieldNews
    overlay: Documents
    rules_version: str


class Businesses(msgspec.Struct, frozen=True):
    """A slot of the job of notices."""

    converge: bytes
    alerts: dict[str, tuple[int, Alert]]
    actions: dict[str, int]


def upgraded(savepoint: Savepoint) -> Savepoint:
    """Return a savepoint in the format of this program. Raises SnapshotError."""
    head = savepoint.head
    if head.format == FORMAT:
        return savepoint
    kept = [(one.worker, snapshot.unpack("shared state", VERSION, one.data, Shared)) for one in savepoint.shared]
    made = replace(
        savepoint,
        head=replace(head, format=FORMAT),
        intake=[IntakeState(worker, _intake(shared)) for worker, shared in kept],
        shared=[],
    )
    if head.job == "intake":
        return replace(made, slots=[])
    if head.job == "notices":
        clocks = {worker: shared.clock for worker, shared in kept}
        states = [BusinessState(one.worker, one.key, _told(one.data, clocks[one.worker])) for one in savepoint.slots]
        return replace(made, slots=[], businesses=states)
    merging = {worker: _merging(shared) for worker, shared in kept}
    known = _alerts(savepoint, merging.values())
    return replace(
        made,
        shared=[SharedState(worker, _shared(shared, merging[worker])) for worker, shared in kept],
        businesses=[
            BusinessState(worker, slot, _business(shared.clock, part, known))
            for worker, shared in kept
            for slot, part in _by_slot(merging[worker]).items()
        ],
    )


def _intake(shared: Shared) -> bytes:
    return snapshot.pack(intake.VERSION, intake.Kept(shared.clock, shared.overlay))


def _shared(shared: Shared, merging: Merging) -> bytes:
    kept = scene.Kept(
        clock=shared.clock,
        alert_quota=shared.alert_quota,
        action_quota=shared.action_quota,
        noise=shared.noise,
        retired=shared.retired,
        news=shared.news,
        rules_version=shared.rules_version,
        awaited=dict.fromkeys(_named([merging]), shared.clock + AWAITED),
    )
    return snapshot.pack(scene.VERSION, kept)


def _merging(shared: Shared) -> Merging:
    if not shared.converge:  # of the job of alerts, which merged nothing
        return Merging(0, {}, {}, {}, {}, {})
    return snapshot.unpack("converge", MERGING_VERSION, shared.converge, Merging)


def _named(states: Iterable[Merging]) -> set[str]:
    """Return the alerts that a summary has yet to name."""
    members = (member for state in states for members in state.withheld.values() for member in members)
    return {name for member in members for name in member.alert_ids}


def _alerts(savepoint: Savepoint, merging: Iterable[Merging]) -> Mapping[str, Alert]:
    names = _named(merging)
    wanted = {slot_of_alert(name) for name in names}
    states = (state for one in savepoint.slots if one.key in wanted for state in Slot.restore(one.data).states.values())
    alerts = (alert for state in states for alert in (state.alert, *state.previous) if alert is not None)
    return {alert.id: alert for alert in alerts if alert.id in names}


def _by_slot(state: Merging) -> dict[str, Merging]:
    """Return the windows by the slot of their business; what tells no business, the voice calls, goes to all of them."""
    slots = {number: group.key[:2] for number, group in state.groups.items()}
    slots |= {number: gate.key[:2] for number, gate in state.gates.items()}
    slots |= {number: slot_of_business(str(storm.addressee.bk_biz_id)) for number, storm in state.storms.items()}
    return {
        slot: Merging(
            state.last,
            {number: group for number, group in state.groups.items() if slots[number] == slot},
            {number: gate for number, gate in state.gates.items() if slots[number] == slot},
            {number: storm for number, storm in state.storms.items() if slots[number] == slot},
            {number: members for number, members in state.withheld.items() if slots[number] == slot},
            state.calls,
        )
        for slot in (SLOTS if state.calls else sorted(set(slots.values())))
    }


def _business(clock: int, state: Merging, known: Mapping[str, Alert]) -> bytes:
    alerts = {name: known[name] for name in sorted(_named([state])) if name in known}
    kept = notices.Kept(clock, snapshot.pack(MERGING_VERSION, state), alerts, {}, {})
    return snapshot.pack(notices.VERSION, kept)


def _told(data: bytes, clock: int) -> bytes:
    """Return a slot of the job of notices."""
    old = snapshot.unpack("notices", VERSION, data, Businesses)
    alerts = {name: alert for name, (_, alert) in old.alerts.items()}
    return snapshot.pack(notices.VERSION, notices.Kept(clock, old.converge, alerts, old.actions, {}))
