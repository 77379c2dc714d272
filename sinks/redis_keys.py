"""Every key that Tocsin writes in Redis, in one list; docs/redis-keys.md is made from it."""

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
    """Which setting names the server: `queue` = MESSAGE_QUEUE_DSN."""
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

KEYS = (NOTICE, READY, LANES, LATER, HELD, LIVE, DEAD, SETTLED, RECEIPTS)


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

Each key that is not global begins with `{KEY}:`, braces included, KEY being the last part of `MESSAGE_QUEUE_DSN`
(`redis://host:port/db/KEY`). A ttl of `-` means that Redis never expires it: run the server with
`maxmemory-policy noeviction`.

| name | template | kind | ttl (s) | backend | is_global | what |
| --- | --- | --- | --- | --- | --- | --- |"""

if __name__ == "__main__":
    import sys

    sys.stdout.write(document())
