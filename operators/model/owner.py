"""Which worker owns a slot, and so which of them answers for a record that all of them read (design.md 5)."""

import msgspec

from operators.lifecycle.commands import ON_ALERTS, Command


class Owner(msgspec.Struct, frozen=True):
    """One worker of `workers`, where the slots are spread over `partitions`: slot % partitions % workers."""

    worker: int = 0
    workers: int = 1
    partitions: int = 256

    @property
    def is_first(self) -> bool:
        """Tell whether this worker speaks for all where no slot is concerned."""
        return self.worker == 0

    def owns(self, slot: str) -> bool:
        """Tell whether a slot's records come to this worker."""
        return int(slot, 16) % self.partitions % self.workers == self.worker


ALONE = Owner()


def slot_of_command(command: Command) -> str | None:
    """Return the slot of the alert that a command names; None for shields, and for what is no name of an alert.

    The id of an alert shows its slot behind its second.
    """
    if command.command not in ON_ALERTS:
        return None
    slot = (command.dedupe_md5 or slot_of_alert(command.alert_id or ""))[:2].lower()
    return slot if len(slot) == 2 and HEX.issuperset(slot) else None  # noqa: PLR2004 - two hex digits


def slot_of_alert(alert_id: str) -> str:
    """Return the slot that an alert's id shows (operators/model/identity.py)."""
    return alert_id[10:12]


HEX = frozenset("0123456789abcdef")
