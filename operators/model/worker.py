"""A worker of the job as it says itself how it stands: once in a while, in its newest form."""

import msgspec


class WorkerDocument(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The newest word of one; the later `time` counts."""

    id: str
    time: int
    """When it said so; Unix seconds."""
    job: str
    worker: int
    workers: int = 1
    """Of its job, itself among them."""
    rules_version: str = ""
    """Of the rules that it reads; what commands and the stream changed of them does not count."""
    rules_since: int = 0
    """When it was first seen to work by them."""
    rules_trouble: str = ""
    """Why newer ones are not in force there."""
    clock: int = 0
    """The second of the stream that it has come to."""
    waits: int | None = None
    """What it has yet to read, in `unit`; None: it cannot say."""
    unit: str = ""
    """records or bytes."""
