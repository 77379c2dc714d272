"""Voice calls: never merged, but one alert does not ring the same people twice in two minutes (design.md 7.11)."""

from collections.abc import Sequence
from hashlib import md5

import msgspec

QUIET = 120
"""Seconds for which a call, once answered or failed, silences the next one (spec/notices.md 4.3)."""

Calls = dict[str, int]
"""Hash of people and alerts -> second at which the same call may be made again."""


def call_key(people: Sequence[str], alert_ids: Sequence[str]) -> str:
    """Return the identity of a call: the people in their calling order, and what it is about."""
    return md5(msgspec.json.encode((people, alert_ids))).hexdigest()


class Voice:
    """The calls of the last two minutes.

    A call counts from the second in which it was answered or failed. The planner does not see that second, so `fold`
    presumes an immediate answer (a notice without a receipt counts as delivered) and `settle` corrects it when the
    receipt comes.
    A caller that does see the outcome (a courier) asks `free` before the call and tells `settle` after it.
    """

    def __init__(self, calls: Calls | None = None) -> None:
        self._calls: Calls = dict(calls or {})
        self._swept = 0

    @property
    def calls(self) -> Calls:
        """What a snapshot must keep."""
        return self._calls

    def free(self, people: Sequence[str], alert_ids: Sequence[str], now: int) -> bool:
        """Return True if these people may be called about these alerts; nothing is taken."""
        return self._calls.get(call_key(people, alert_ids), now) <= now

    def fold(self, people: Sequence[str], alert_ids: Sequence[str], now: int) -> bool:
        """Return True if the call is to be made, and then presume it settled at once."""
        if not self.free(people, alert_ids, now):
            return False
        self.settle(people, alert_ids, now)
        return True

    def settle(self, people: Sequence[str], alert_ids: Sequence[str], now: int) -> None:
        """Note that the call was answered or failed at `now`."""
        if now >= self._swept + QUIET:
            self._calls = {key: until for key, until in self._calls.items() if until > now}
            self._swept = now
        self._calls[call_key(people, alert_ids)] = now + QUIET
