"""What converge remembers: groups of like notices, the gate of a business storm, and the withheld."""

import msgspec

from operators.model.records import Action, Message


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What a fold or a firing says: messages to hand out, in order, and actions in their new state."""

    messages: tuple[Message, ...] = ()
    actions: tuple[Action, ...] = ()


class Child(msgspec.Struct, frozen=True, gc=False):
    """The part of a notice action that is meant for one receiver by one way."""

    action: Action
    way: str
    receiver: str
    followed: bool


class Addressee(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """To whom a summary goes, and what all its members have in common."""

    way: str
    receiver: str
    signal: str
    severity: int
    bk_biz_id: str | int | None


class Member(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A withheld child: as much of it as its summary needs. Alerts by id: the text shows them as they then are."""

    place: int
    """Position in the order of withholding."""
    action_id: str
    alert_ids: tuple[str, ...]
    strategy_id: str
    relation_id: str
    notice_type: str
    followed: bool
    mentioned: tuple[str, ...]
    """Users to mention, when the receiver is a chat."""
    execute_times: int = 1


class Group(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Level 1: one subject for one receiver by one way. Its opener was told, the others wait for `due`."""

    key: str
    opened: int
    due: int
    addressee: Addressee
    storm: int = 0
    """Number of the storm that has absorbed it and will tell its members; 0 = none."""


class Gate(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Level 2: one fixed window for one receiver, way, level and signal, counting the groups that open in it."""

    key: str
    until: int
    groups: tuple[int, ...]
    """Numbers of the groups that went out individually."""
    storm: int = 0
    """Number of the storm that the gate has raised; 0 = it is open."""


class Storm(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The business summary to come."""

    gate: int
    due: int
    addressee: Addressee
    key: str = ""
    """Of its gate."""


class State(msgspec.Struct, frozen=True):
    """Everything a snapshot keeps. Groups, gates and storms are numbered in one row, as they were made."""

    last: int
    groups: dict[int, Group]
    gates: dict[int, Gate]
    storms: dict[int, Storm]
    withheld: dict[int, list[Member]]
    """By the number of the group or storm that will tell them."""
    calls: dict[str, int]


def addressee(child: Child) -> Addressee:
    """Return to whom the summary of a child goes."""
    action = child.action
    return Addressee(child.way, child.receiver, action.signal, action.severity, action.bk_biz_id)


class Numbers:
    """One row of numbers for all that is made; machines that share it fire in the order of making (`next_place`)."""

    def __init__(self) -> None:
        self.last = 0

    def next(self) -> int:
        """Return a number that nothing else has."""
        self.last += 1
        return self.last
