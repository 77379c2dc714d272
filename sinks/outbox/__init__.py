"""The outbox: notices between the job that plans them and the courier that delivers them."""

from sinks.outbox.memory import MemoryOutbox
from sinks.outbox.outbox import Depth, Entry, Logged, Outbox, OutboxUnavailableError, Room, State, Terms
from sinks.outbox.place import open_outbox

__all__ = [
    "Depth",
    "Entry",
    "Logged",
    "MemoryOutbox",
    "Outbox",
    "OutboxUnavailableError",
    "Room",
    "State",
    "Terms",
    "open_outbox",
]
