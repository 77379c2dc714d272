"""The state machine of converge: fold planned actions, fire what is due."""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

import msgspec

from operators.converge import message
from operators.converge.keys import gate_key, group_key
from operators.converge.model import Child, Gate, Group, Member, Numbers, Outcome, State, Storm, addressee
from operators.converge.pending import ENDS, Pending, pending_of
from operators.converge.verdict import NOTICE, Tally, settled
from operators.converge.voice import Voice
from operators.model import snapshot
from operators.model.records import Action, Message
from operators.model.settings import CoreSettings

VERSION = 1
"""Format of the snapshot."""

VOICE = "voice"


class Converge:
    """Decides of each planned notice who is told now and who waits for a summary.

    Level 1: the first notice of a group (operators/converge/keys.py) goes out and opens a window of `converge.delay`;
    what falls into the same group until then is withheld and told in one summary when the window closes. After a summary
    the window begins again at once, in which nobody passes; one that passes empty closes the group without a word.

    Level 2, unless the strategy does without: a gate of `converge.window`, begun by the first group of a receiver, way,
    level, signal and business, lets `converge.business_threshold` groups out. The next one raises a storm: it and all
    later groups of the gate are withheld, the still open groups before it give up their withheld members, and one
    business summary tells all of them `converge.delay` later. It ends the groups and begins again for as long, with the
    gate shut; one that passes empty ends the gate too: the next notice starts afresh.

    An end that somebody would hear of an alert whose problem a summary is yet to tell them is left to that summary.

    Every receiver gets summaries of its own. Input must come in order of `now`, whole actions by the slot of their
    business: one machine a slot.
    """

    def __init__(self, settings: CoreSettings, numbers: Numbers | None = None) -> None:
        self._settings = settings.converge
        self._numbers = numbers or Numbers()
        self._groups: dict[int, Group] = {}
        self._gates: dict[int, Gate] = {}
        self._storms: dict[int, Storm] = {}
        self._withheld: dict[int, list[Member]] = {}
        self._absorbed: dict[int, list[int]] = {}
        self._open: dict[str, int] = {}
        self._gate_of: dict[str, int] = {}
        self._due: list[tuple[int, int]] = []
        self._pending = Pending()
        self.voice = Voice()

    def fold(self, action: Action, now: int) -> Outcome:
        """Fold one planned action; what is due by `now` is fired first. Webhooks and pushes pass untouched."""
        fired = self.fire(now).messages
        tally = Tally()
        told = tuple(self._tell(action, now, tally) if action.plugin_type == NOTICE else _pass(action, now, tally))
        return Outcome(fired + told, (settled(action, tally),))

    def fire(self, now: int) -> Outcome:
        """Fire everything due at or before `now`, in order, each at its own due time."""
        messages: list[Message] = []
        while self.may_fire(now):
            messages += self.fire_next()
        return Outcome(tuple(messages))

    def fire_next(self) -> list[Message]:
        """Fire the next thing that is due, whenever that is."""
        return self._close(heappop(self._due)[1])

    def may_fire(self, now: int) -> bool:
        """Return False if nothing is due at or before `now`: at a glance, before it is asked what is."""
        return bool(self._due) and self._due[0][0] <= now

    def next_due(self) -> int | None:
        """Return the second at which `fire` has something to do next."""
        place = self.next_place()
        return place[0] if place else None

    def next_place(self) -> tuple[int, int] | None:
        """Return second and number of what `fire_next` fires next."""
        while self._due and not self._is_awaited(self._due[0][1]):
            heappop(self._due)
        return self._due[0] if self._due else None

    def withheld(self) -> Iterator[Member]:
        """Yield what a summary has yet to tell."""
        for members in self._withheld.values():
            yield from members

    def snapshot(self) -> bytes:
        """Return the whole state as bytes."""
        state = State(self._numbers.last, self._groups, self._gates, self._storms, self._withheld, self.voice.calls)
        return snapshot.pack(VERSION, state)

    @classmethod
    def restore(cls, data: bytes, settings: CoreSettings, numbers: Numbers | None = None) -> "Converge":
        """Return the machine that wrote `data`; windows already open keep their ends. Raises SnapshotError."""
        state = snapshot.unpack("converge", VERSION, data, State)
        machine = cls(settings, numbers)
        machine._adopt(state)
        return machine

    def _adopt(self, state: State) -> None:
        self._numbers.last = max(self._numbers.last, state.last)
        self._groups, self._gates, self._storms = state.groups, state.gates, state.storms
        self._withheld = state.withheld
        self.voice = Voice(state.calls)
        newest_last = sorted(state.groups.items(), key=_opening)
        self._open = {group.key: number for number, group in newest_last}
        self._gate_of = {gate.key: number for number, gate in state.gates.items()}
        for number in state.storms:
            self._absorbed[number] = [n for n, group in sorted(state.groups.items()) if group.storm == number]
        self._due = [(group.due, number) for number, group in state.groups.items() if not group.storm]
        self._due += [(gate.until, number) for number, gate in state.gates.items()]
        self._due += [(storm.due, number) for number, storm in state.storms.items()]
        heapify(self._due)
        tellers: dict[int, Group | Storm] = {**state.groups, **state.storms}
        self._pending = pending_of({number: one.addressee for number, one in tellers.items()}, state.withheld)

    def _tell(self, action: Action, now: int, tally: Tally) -> Iterator[Message]:
        for by_way, followed in ((action.receivers, False), (action.followers, True)):
            for way, names in by_way.items():  # ways as met in the groups
                if way == VOICE:
                    yield from self._call(action, names, now, tally, followed=followed)
                elif told := self._told_now(action, way, names, now, tally, followed=followed):
                    yield message.direct(action, way, told, now, followed=followed)

    def _call(
        self, action: Action, calls: list[list[str]], now: int, tally: Tally, *, followed: bool
    ) -> Iterator[Message]:
        for people in filter(None, calls):
            if self.voice.fold(people, action.alert_ids, now):
                tally.told = True
                yield message.direct(action, VOICE, tuple(people), now, followed=followed)
            else:
                tally.silenced = True

    def _told_now(
        self, action: Action, way: str, names: list[str], now: int, tally: Tally, *, followed: bool
    ) -> tuple[str, ...]:
        told = []
        for name in dict.fromkeys(names):
            if name and self._may_go(Child(action, way, name, followed), now):
                told.append(name)
            elif name:
                tally.withheld = True
        tally.told |= bool(told)
        return tuple(told)

    def _may_go(self, child: Child, now: int) -> bool:
        action = child.action
        if action.signal in ENDS and self._pending.has(child.way, child.receiver, action.alert_ids):
            return False
        key = group_key(child)
        number = self._open.get(key)
        if number is None or self._groups[number].opened < now - self._settings.window:
            return self._opens(key, child, now)
        self._withhold(self._groups[number].storm or number, child)
        return False

    def _opens(self, key: str, child: Child, now: int) -> bool:
        """Open a group; return whether its opener may go."""
        number = self._numbers.next()
        storm = self._storm_over(child, number, now) if child.action.need_biz_converge else 0
        self._groups[number] = Group(key, now, now + self._settings.delay, addressee(child), storm)
        self._open[key] = number
        if not storm:
            heappush(self._due, (now + self._settings.delay, number))
            return True
        self._absorbed[storm].append(number)
        self._withhold(storm, child)
        return False

    def _storm_over(self, child: Child, group: int, now: int) -> int:
        """Count a new group at its gate; return the storm that absorbs it, or 0."""
        key = gate_key(child)
        at = self._gate_of.get(key) or self._new_gate(key, now)
        gate = self._gates[at]
        if not gate.storm and len(gate.groups) < self._settings.business_threshold:
            self._gates[at] = msgspec.structs.replace(gate, groups=(*gate.groups, group))
            return 0
        return gate.storm or self._raise_storm(at, gate, child, now)

    def _new_gate(self, key: str, now: int) -> int:
        number = self._numbers.next()
        self._gates[number] = Gate(key, now + self._settings.window, ())
        self._gate_of[key] = number
        heappush(self._due, (now + self._settings.window, number))
        return number

    def _raise_storm(self, at: int, gate: Gate, child: Child, now: int) -> int:
        number = self._numbers.next()
        self._gates[at] = msgspec.structs.replace(gate, storm=number)
        self._storms[number] = Storm(at, now + self._settings.delay, addressee(child), gate.key)
        heappush(self._due, (now + self._settings.delay, number))
        self._absorb(number, [group for group in gate.groups if group in self._groups])
        return number

    def _absorb(self, storm: int, groups: list[int]) -> None:
        """Let the storm tell what the groups before it have withheld and not yet told."""
        members: list[Member] = []
        for number in groups:
            self._groups[number] = msgspec.structs.replace(self._groups[number], storm=storm)
            members += self._withheld.pop(number, [])
        self._absorbed[storm] = groups
        self._withheld[storm] = sorted(members, key=lambda member: member.place)

    def _withhold(self, teller: int, child: Child) -> None:
        self._pending.add(child.action.signal, child.way, child.receiver, child.action.alert_ids)
        self._withheld.setdefault(teller, []).append(message.withheld(child, self._numbers.next()))

    def _close(self, number: int) -> list[Message]:
        if number in self._storms:
            return self._close_storm(number)
        if number in self._gates:
            self._forget_gate(number)
        elif self._is_awaited(number):
            return self._close_group(number)
        return []

    def _close_group(self, number: int) -> list[Message]:
        group, members = self._groups[number], self._withheld.pop(number, None)
        if not members:
            self._forget_group(number)
            return []
        self._pending.told(group.addressee, members)
        again = msgspec.structs.replace(group, opened=group.due, due=group.due + self._settings.delay)
        self._groups[number] = again
        heappush(self._due, (again.due, number))
        return [message.group_summary(group, members)]

    def _close_storm(self, number: int) -> list[Message]:
        storm = self._storms.pop(number)
        for group in self._absorbed.pop(number):
            self._forget_group(group)
        members = self._withheld.pop(number, None)
        if not members:
            if (gate := self._gate_of.get(storm.key)) is not None and self._gates[gate].storm == number:
                self._forget_gate(gate)
            return []
        self._pending.told(storm.addressee, members)
        self._begin_again(number, storm)
        return [message.storm_summary(storm, members)]

    def _begin_again(self, number: int, storm: Storm) -> None:
        """Open a storm again for a window, with the gate shut; the groups that opened behind an earlier gate join it."""
        groups: list[int] = []
        if (gate := self._gate_of.get(storm.key)) is not None:
            known = self._gates[gate]
            if known.storm not in (0, number):
                return  # a later storm of the same gate goes on
            groups = [at for at in known.groups if (group := self._groups.get(at)) is not None and not group.storm]
            self._forget_gate(gate)
        due = storm.due + self._settings.delay
        at = self._numbers.next()
        self._gates[at], self._gate_of[storm.key] = Gate(storm.key, due, (), number), at
        self._storms[number] = msgspec.structs.replace(storm, gate=at, due=due)
        heappush(self._due, (due, number))
        heappush(self._due, (due, at))
        self._absorb(number, groups)

    def _forget_group(self, number: int) -> Group:
        group = self._groups.pop(number)
        if self._open.get(group.key) == number:
            del self._open[group.key]
        return group

    def _forget_gate(self, number: int) -> None:
        del self._gate_of[self._gates.pop(number).key]

    def _is_awaited(self, number: int) -> bool:
        group = self._groups.get(number)
        return not group.storm if group else number in self._storms or number in self._gates


def _opening(numbered: tuple[int, Group]) -> tuple[int, int]:
    number, group = numbered
    return group.opened, number


def _pass(action: Action, now: int, tally: Tally) -> Iterator[Message]:
    tally.told = True
    yield message.direct(action, action.plugin_type, (), now, followed=False)
