"""What a source hands to the dataflow: the records of one poll as it read them."""

from collections.abc import Sequence

import msgspec

from operators.model.bounds import MOST

OURS = "tocsin"
"""The format of our own records."""


class Raw(msgspec.Struct, frozen=True, gc=False):
    """One record as a source read it. `at` None: it arrives when it says so, at `latest` then (design.md 7.65)."""

    at: int | None
    source: str
    position: str
    raw: bytes
    kind: str = "event"
    """event, check, command, or what our own jobs write: what its source carries (operators/intake/decode.py)."""
    latest: int = MOST
    format: str = OURS
    """Of an event: as what it is read (operators/intake/formats), `json:NAME` by the rule of that source."""


class Polled(msgspec.Struct, frozen=True, gc=False):
    """What one poll brought, in order of arrival."""

    raws: Sequence[Raw] = ()
    clock: int | None = None
    """The stream's clock after these records; None: it stands where the last record left it."""
    is_end: bool = False
    """Nothing more will ever come."""
