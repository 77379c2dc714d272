"""Whose problem a summary is yet to tell to whom: the end of such an alert is told by that summary (design.md 7.55)."""

from collections.abc import Iterable, Mapping

from operators.converge.model import Addressee, Member

PROBLEMS = frozenset({"abnormal", "no_data"})
ENDS = frozenset({"recovered", "closed"})
"""Signals that tell of a problem, and of its end."""


class Pending:
    """Alerts whose problem waits in a merge window, by way and receiver."""

    def __init__(self) -> None:
        self._waits: dict[str, dict[tuple[str, str], int]] = {}
        """Alert -> way and receiver -> how often the problem waits for them."""

    def add(self, signal: str, way: str, receiver: str, alert_ids: Iterable[str]) -> None:
        """Take notice of alerts of which something was withheld from a receiver: of their problem, if it tells one."""
        whom = way, receiver
        for alert_id in alert_ids if signal in PROBLEMS else ():
            waits = self._waits.setdefault(alert_id, {})
            waits[whom] = waits.get(whom, 0) + 1

    def told(self, addressee: Addressee, members: Iterable[Member]) -> None:
        """Take notice of members that a summary tells."""
        whom = addressee.way, addressee.receiver
        for alert_id in (name for member in members for name in member.alert_ids):
            if (waits := self._waits.get(alert_id)) is not None:
                waits[whom] = waits.get(whom, 0) - 1
                if max(waits.values()) <= 0:
                    del self._waits[alert_id]

    def has(self, way: str, receiver: str, alert_ids: Iterable[str]) -> bool:
        """Return True if a summary is yet to tell a receiver of all these alerts."""
        for alert_id in alert_ids:
            waits = self._waits.get(alert_id)
            if waits is None or waits.get((way, receiver), 0) <= 0:
                return False
        return True


def pending_of(addressees: Mapping[int, Addressee], withheld: Mapping[int, Iterable[Member]]) -> Pending:
    """Return who waits for what, given whom each teller tells and what it has withheld."""
    pending = Pending()
    for number, members in withheld.items():
        one = addressees[number]
        for member in members:
            pending.add(one.signal, one.way, one.receiver, member.alert_ids)
    return pending
