"""Every key that Tocsin writes or reads in Redis, in one list; docs/redis-keys.md is made from it."""

import msgspec


class RedisKey(msgspec.Struct, frozen=True, kw_only=True):
    """A family of keys."""

    name: str
    template: str
    """What follows the prefix; `{...}` are filled in."""
    kind: str
    ttl: int | None
    """Seconds; None = no expiry by Redis: it is removed by us, or is small and stays."""
    backend: str
    """Which setting names the server: `queue` = MESSAGE_QUEUE_DSN, `inventory` = the inventory's address."""
    is_global: bool
    """Shared by all jobs on that server: no prefix."""
    about: str

    def key(self, prefix: str, **parts: str) -> str:
        """Return the full key; the braces around the prefix put all keys of one outbox in one slot of a cluster."""
        filled = self.template.format(**parts)
        return filled if self.is_global else f"{{{prefix}}}:{filled}"


def _queue(name: str, template: str, kind: str, about: str) -> RedisKey:
    return RedisKey(name=name, template=template, kind=kind, ttl=None, backend="queue", is_global=False, about=about)


NOTICE = _queue("NOTICE", "notice:{id}", "hash", "a notice that waits, flies or is dead; removed when it is settled")
READY = _queue(
    "READY", "ready:{lane}", "stream", "ids to send now, read by the group `couriers`; removed when recorded"
)
LANES = _queue("LANES", "lanes", "set", "lanes that were ever used")
LATER = _queue("LATER", "later", "sorted set", "ids to try again; score = when")
HELD = _queue("HELD", "held", "sorted set", "ids a courier holds; score = when the hold ends")
LIVE = _queue("LIVE", "live", "sorted set", "ids neither settled nor dead; score = when they came")
DEAD = _queue("DEAD", "dead", "sorted set", "ids given up, until revived or dropped; score = since when")
SETTLED = _queue("SETTLED", "settled", "sorted set", "ids done with, for the retention; score = since when")
RECEIPTS = _queue("RECEIPTS", "receipts", "stream", "receipts not yet written back to action documents")


def _inventory(name: str, template: str, kind: str, about: str) -> RedisKey:
    return RedisKey(
        name=name, template=template, kind=kind, ttl=None, backend="inventory", is_global=False, about=about
    )


HOSTS = _inventory("HOSTS", "inventory:hosts", "hash", "read only: bk_host_id -> JSON document of a host")
SERVICE_INSTANCES = _inventory(
    "SERVICE_INSTANCES", "inventory:service_instances", "hash", "read only: id -> JSON document of a service instance"
)
TOPOLOGY = _inventory(
    "TOPOLOGY", "inventory:topology", "hash", "read only: `obj\\|inst` -> JSON document of a topology node"
)
DYNAMIC_GROUPS = _inventory(
    "DYNAMIC_GROUPS", "inventory:dynamic_groups", "hash", "read only: id -> JSON document of a dynamic group"
)
INVENTORY_VERSION = _inventory(
    "INVENTORY_VERSION", "inventory:version", "string",
    "read only, optional: a text that changes with the inventory; while it stands, nothing is read again",
)  # fmt: skip

KEYS = (
    NOTICE, READY, LANES, LATER, HELD, LIVE, DEAD, SETTLED, RECEIPTS,
    HOSTS, SERVICE_INSTANCES, TOPOLOGY, DYNAMIC_GROUPS, INVENTORY_VERSION,
)  # fmt: skip


def document() -> str:
    """Return docs/redis-keys.md."""
    rows = [f"| {_cells(one)} |" for one in KEYS]
    return "\n".join([_HEAD, *rows, ""])


def _cells(one: RedisKey) -> str:
    ttl = "-" if one.ttl is None else str(one.ttl)
    cells = (f"`{one.name}`", f"`{one.template}`", one.kind, ttl, one.backend, str(one.is_global).lower(), one.about)
    return " | ".join(cells)


_HEAD = """\
# Redis keys

Made from `sinks/redis_keys.py` by `python -m sinks.redis_keys`; a test compares.

Each key that is not global begins with `{KEY}:`, braces included, KEY being the last part of the server's address
(`redis://host:port/db/KEY`): `MESSAGE_QUEUE_DSN` for the queue, the address of the inventory for the inventory.
A ttl of `-` means that Redis never expires it: run the server with `maxmemory-policy noeviction`.

| name | template | kind | ttl (s) | backend | is_global | what |
| --- | --- | --- | --- | --- | --- | --- |"""

if __name__ == "__main__":
    import sys

    sys.stdout.write(document())
