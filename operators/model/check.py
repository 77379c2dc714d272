"""One detection result as a detector reported it (replay.md, kind `check`)."""

from typing import Any

import msgspec

from operators.model.event import Event


class CheckResult(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One detection result as it came (replay.md, kind `check`). A key that was not given is None."""

    time: int
    anomaly: bool | None = None
    level: int | None = None
    value: Any = None
    item_id: str | None = None
    no_data: bool | None = None
    """True: the series still has no data; False: it has data again."""
    superseded: bool | None = None
    """A better-placed strategy now watches the same series (design.md 7.34)."""


class Check(msgspec.Struct, frozen=True, gc=False):
    """One detection result and the series it speaks of."""

    dedupe_md5: str
    result: CheckResult
    event: Event
    """The identity fields of the check in the shape of an event."""
