"""What is done here and is no command of the job, written down for the page Audit."""

from contextlib import closing

from operators.model.command import CommandDocument
from sinks.store.interface import Batch
from sinks.store.place import open_store


def note(dsn: str, document: CommandDocument) -> None:
    """Write down a deed that is done, beside the job that writes to the same store. Raises StoreError."""
    with closing(open_store(dsn, must_exist=True)) as store:
        store.write(Batch(commands=[document]))
