"""Which alerts a person means: by a part of an id, and by what the store is not asked for."""

from collections.abc import Iterable

import msgspec

from operators.model.alert import Alert

SHORTEST = 4
"""Characters of an id that are enough to mean one, where only one has them."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions on an alert, all of which must hold; of several values of one, any. None and nothing ask nothing."""

    acked: bool | None = None
    shielded: bool | None = None
    names: tuple[str, ...] = ()
    """Parts of the alert's name, whatever the case."""
    people: tuple[str, ...] = ()
    """Who was told, is responsible, follows, or acknowledged."""

    def holds(self, alert: Alert) -> bool:
        """Return True if an alert is wanted."""
        name = alert.alert_name.lower()
        return (
            self.acked in (None, alert.is_ack)
            and self.shielded in (None, alert.is_shielded)
            and (not self.names or any(part.lower() in name for part in self.names))
            and (not self.people or not people_of(alert).isdisjoint(self.people))
        )

    @property
    def asks(self) -> bool:
        """True if it asks anything."""
        return self != Wanted()


def people_of(alert: Alert) -> set[str]:
    """Return everybody whom an alert has to do with."""
    names = {*alert.assignee, *alert.appointee, *alert.supervisor, *alert.follower}
    return names | {alert.ack_operator} if alert.ack_operator else names


def called(part: str, alerts: Iterable[Alert]) -> list[Alert]:
    """Return the alerts whose id begins or ends with a text: ids begin with a time that many share."""
    if len(part) < SHORTEST:
        return []
    return [one for one in alerts if one.id.startswith(part) or one.id.endswith(part)]
