"""What one job hands to the next: named events and checks, and planned actions with their alerts (design.md 5)."""

from typing import Protocol

import msgspec

from operators.converge.model import Outcome
from operators.model.alert import Alert
from operators.model.records import Action
from operators.model.settings import CoreSettings
from operators.model.slot import slot_of_business


class Planned(msgspec.Struct, frozen=True, gc=False):
    """A planned action and its alert as it stood then; without an action: an alert as it now stands."""

    alert: Alert
    action: Action | None = None

    @property
    def slot(self) -> str:
        """Return where its groups are kept: the slot of its business, as `converge.route` says."""
        business = self.alert.bk_biz_id if self.action is None else self.action.bk_biz_id
        return slot_of_business(str(business))


class Clock(msgspec.Struct, frozen=True, gc=False):
    """How far a job has come: everything before this second is written. The time of the job that reads it."""

    clock: int
    writer: int = 0
    writers: int = 1


class Merging(Protocol):
    """What becomes of planned actions: merged here (Converge), or handed on (Handover)."""

    def fold(self, action: Action, now: int) -> Outcome:
        """Take an action over; return it as it stands then, and what is told at once."""
        ...

    def fire(self, now: int) -> Outcome:
        """Return what is due."""
        ...

    def next_due(self) -> int | None:
        """Return the second at which `fire` has something to do next."""
        ...

    def snapshot(self) -> bytes:
        """Return the whole state as bytes."""
        ...

    @classmethod
    def restore(cls, data: bytes, settings: CoreSettings) -> "Merging":
        """Return what wrote `data`."""
        ...


class Handover:
    """Merges nothing: actions stay `received`, for the job of notices."""

    def fold(self, action: Action, now: int) -> Outcome:  # noqa: ARG002 - see Merging
        """Return the action as it came."""
        return Outcome((), (action,))

    def fire(self, now: int) -> Outcome:  # noqa: ARG002 - see Merging
        """Return nothing."""
        return Outcome()

    def next_due(self) -> int | None:
        """Nothing is ever due."""
        return None

    def snapshot(self) -> bytes:
        """Nothing is kept."""
        return b""

    @classmethod
    def restore(cls, data: bytes, settings: CoreSettings) -> "Handover":  # noqa: ARG003 - see Merging
        """Nothing was kept."""
        return cls()


def may_be_summed_up(alert: Alert, settings: CoreSettings) -> bool:
    """Tell whether a summary may yet name an alert, so that the job of notices must see it change (design.md 7.25)."""
    extra = alert.extra_info
    last = max(
        (
            *(record.last_time for record in extra.cycle_handle_record.values()),
            *(record.last_upgrade_time for record in extra.upgrades().values()),
        ),
        default=0,
    )
    return alert.update_time <= last + settings.converge.window + settings.converge.delay + settings.check_interval
