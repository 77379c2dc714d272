"""Putting a courier together: channels of the rules, outbox, the store that keeps receipts."""

from collections.abc import Iterable
from pathlib import Path

from flows.courier import Courier, settings_of
from flows.observer import Observer
from flows.writeback import WriteBack
from operators.rules.model import Channel as ChannelRule
from sinks.channels.build import build_all
from sinks.channels.plain import Console, File
from sinks.channels.result import Channel
from sinks.outbox import Outbox
from sinks.store.interface import Batch, Store


def courier_of(
    outbox: Outbox,
    rules: Iterable[ChannelRule],
    store: Store | None,
    *,
    fallback: Channel | None = None,
    observer: Observer | None = None,
    grace: float = 30.0,
) -> Courier:
    """Return a courier ready to start. Raises MissingSecretError for channels whose secret is not there."""
    rules = tuple(rules)
    return Courier(
        outbox,
        build_all(rules, fallback),
        settings=settings_of(rules, grace),
        write_back=None if store is None else receipts_into(store),
        observer=observer,
    )


def receipts_into(store: Store) -> WriteBack:
    """Return what writes receipts into a store."""
    return lambda receipts: store.write(Batch(receipts=receipts))


def fallback_of(notices: str | None, *, console: bool) -> Channel | None:
    """Return where the notices of a way without a channel go: a file, the console, or nowhere."""
    if notices:
        Path(notices).parent.mkdir(parents=True, exist_ok=True)
        return File(Path(notices))
    return Console() if console else None
