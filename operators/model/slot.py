"""Slots: the shares in which state is kept and moved; of a fingerprint, of an alert, of a business (design.md 5)."""

from functools import lru_cache
from hashlib import md5

import msgspec

from operators.model.command import ON_ALERTS, Command

SLOTS = tuple(f"{number:02x}" for number in range(256))
SHARED = "~"
"""Key of the state that no slot owns; it sorts behind every slot."""
KEYS = (*SLOTS, SHARED)
ONE_ORDER = "all"
"""Key of what is kept of the whole stream."""
HEX = frozenset("0123456789abcdef")


class Owner(msgspec.Struct, frozen=True):
    """One worker of `workers`, where the slots are spread over `partitions`: slot % partitions % workers."""

    worker: int = 0
    workers: int = 1
    partitions: int = 256

    @property
    def is_first(self) -> bool:
        """True for the worker that speaks for all where no slot is concerned."""
        return self.worker == 0

    def owns(self, slot: str) -> bool:
        """Return True if a slot's records come to this worker."""
        return int(slot, 16) % self.partitions % self.workers == self.worker


ALONE = Owner()


def slot_of(dedupe_md5: str) -> str:
    """Return the slot of a fingerprint: its first two hex digits."""
    return dedupe_md5[:2].lower()


def slot_of_alert(alert_id: str) -> str:
    """Return the slot that an alert's id shows behind its second (operators/model/identity.py)."""
    return alert_id[10:12]


@lru_cache(maxsize=4096)
def slot_of_business(business: str) -> str:
    """Return the slot of a business: two hex digits of its hash."""
    return md5(business.encode()).hexdigest()[:2]


def slot_of_command(command: Command) -> str | None:
    """Return the slot of the alert that a command names; None for shields, and for what is no name of an alert."""
    if command.command not in ON_ALERTS:
        return None
    slot = slot_of(command.dedupe_md5 or slot_of_alert(command.alert_id or ""))
    return slot if len(slot) == 2 and HEX.issuperset(slot) else None  # noqa: PLR2004 - two hex digits
