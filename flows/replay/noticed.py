"""The notices of a replay so far, by id and by their place in the file: what receipts name."""

from typing import Any

import msgspec

from flows.replay.order import in_order
from operators.intake.decode import Refusal
from operators.model.reason import DeadReason
from operators.model.records import Notice, Receipt, ReceiverResult


class Noticed:
    """Every notice that was taken; one of an id that was there replaces it."""

    def __init__(self) -> None:
        self.by_id: dict[str, Notice] = {}
        self._placed: list[str] = []
        self._latest: list[Notice] = []
        """Those of the last second: their order may still change."""

    def take(self, notice: Notice) -> None:
        """Keep a notice."""
        self.by_id[notice.id] = notice
        if self._latest and self._latest[0].time < notice.time:
            self._placed += (one.id for one in in_order(self._latest))
            self._latest = []
        self._latest.append(notice)

    def receipt(self, fields: dict[str, Any], now: int) -> Receipt | Refusal:
        """Return the receipt that a line holds, or why it holds none. `notice` is a place in the notices so far."""
        named = fields.get("notice_id")
        if named is None and type(place := fields.get("notice")) is int:
            named = self._id_at(place)
        notice = self.by_id.get(named) if isinstance(named, str) else None
        if notice is None:
            return Refusal(DeadReason.UNKNOWN_NOTICE, f"no notice {fields.get('notice_id', fields.get('notice'))!r}")
        try:
            results = msgspec.convert(fields.get("results") or {}, dict[str, ReceiverResult])
        except msgspec.ValidationError as error:
            return Refusal(DeadReason.WRONG_TYPE, f"`results`: {error}")
        return Receipt(notice_id=notice.id, action_ids=notice.action_ids, way=notice.way, results=results, time=now)

    def _id_at(self, place: int) -> str | None:
        if 0 <= place < len(self._placed):
            return self._placed[place]
        latest = in_order(self._latest)
        at = place - len(self._placed)
        return latest[at].id if 0 <= at < len(latest) else None
