"""What people do to the outbox is no command of the job: it is written down here, for the page Audit."""

import secrets
from collections.abc import Sequence
from contextlib import closing

from operators.model.command import CommandDocument
from sinks.store.interface import Batch
from sinks.store.place import open_store

LONGEST_DETAIL = 500


def done_to_outbox(
    deed: str, ids: Sequence[str], count: int, *, who: str, origin: str, now: float, message: str = ""
) -> CommandDocument:
    """Return what was done to notices: to how many of those that were named, by whom, and where."""
    return CommandDocument(
        id=secrets.token_hex(16),
        time=int(now),
        command=deed,
        operator=who,
        message=message,
        detail=f"{count} of {len(ids)} notice{'' if len(ids) == 1 else 's'}: {', '.join(ids)}"[:LONGEST_DETAIL],
        origin=origin,
    )


def note(dsn: str, document: CommandDocument) -> None:
    """Write down a deed that is done, beside the job that writes to the same store. Raises StoreError."""
    with closing(open_store(dsn, must_exist=True)) as store:
        store.write(Batch(commands=[document]))
