"""Queues that strategies push to: a Redis list or a Kafka topic, by an address (rules.md, `actions`)."""

from typing import Annotated, Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import msgspec

from operators.model.bounds import whole
from operators.rules.shapes.channel import Secret, is_reference
from operators.rules.shapes.words import Reader, Reading, RefusedError, kind_of

FORMS = (
    "redis[s]://[user:password@]host[:port]/db/key[?ca=FILE] or "
    "kafka://[user:password@]host[:port]/topic[?tls=true&ca=FILE&sasl=PLAIN|SCRAM-SHA-256|SCRAM-SHA-512]"
)
_PORTS = {"redis": 6379, "rediss": 6379, "kafka": 9092}
_OPTIONS = {"redis": (), "rediss": ("ca",), "kafka": ("tls", "ca", "sasl")}
_SASL = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """One queue, taken apart."""

    scheme: str
    host: str
    port: int
    name: str
    """Of the list or topic."""
    db: int = 0
    username: str = ""
    password: str = ""
    tls: bool = False
    ca: str = ""
    """PEM file of who must have signed the server's certificate; empty = whom the system trusts."""
    sasl: str = "PLAIN"
    """How a login at Kafka goes."""

    @property
    def is_kafka(self) -> bool:
        """Whether it is a topic of Kafka."""
        return self.scheme == "kafka"

    @property
    def label(self) -> str:
        """The queue without login and options, for results."""
        place = f"/{self.name}" if self.is_kafka else f"/{self.db}/{self.name}"
        return f"{self.scheme}://{self.host}:{self.port}{place}"


def queue_of(address: str) -> Queue:
    """Take the address of a queue apart. Raises RefusedError, whose text does not repeat it."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise RefusedError("not the address of a queue") from None
    if parts.scheme not in _PORTS or not host or any(blank in address for blank in " \t\r\n"):
        raise RefusedError(f"not a queue ({FORMS})")
    options = _options(parts)
    db, name = _place(parts)
    return Queue(
        scheme=parts.scheme,
        host=host,
        port=port or _PORTS[parts.scheme],
        name=name,
        db=db,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=parts.scheme == "rediss" or options.get("tls") == "true" or "ca" in options,
        ca=options.get("ca", ""),
        sasl=options.get("sasl", "PLAIN"),
    )


def _place(parts: SplitResult) -> tuple[int, str]:
    """Return database number and key, or 0 and topic."""
    path = parts.path.lstrip("/")
    if parts.scheme == "kafka":
        if not path or "/" in path:
            raise RefusedError("kafka://host:port/topic needs one topic")
        return 0, path
    db, _, key = path.partition("/")
    number = whole(db)
    if number is None or not key:
        raise RefusedError("redis://host:port/db/key needs a database number and a key")
    return number, key


def _options(parts: SplitResult) -> dict[str, str]:
    """Return what stands behind the `?`; what is not known there is refused, or it would be dropped in silence."""
    known = _OPTIONS[parts.scheme]
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.fragment or any(name not in known for name in options):
        raise RefusedError(f"{parts.scheme}:// takes {' and '.join(known) or 'nothing'} behind the `?`")
    if options.get("tls", "true") not in ("true", "false") or options.get("sasl", "PLAIN") not in _SASL:
        raise RefusedError(f"tls is true or false, sasl one of {', '.join(_SASL)}")
    return options


def _queues(value: Any, _: Reading) -> tuple[str | Secret, ...]:
    values = value if isinstance(value, list) else [value]
    if not values:
        raise RefusedError("expected at least one queue")
    return tuple(map(_queue, values))


def _queue(value: Any) -> str | Secret:
    if is_reference(value) and all(value.values()):
        return Secret(**value)
    if not isinstance(value, str):
        raise RefusedError(f"expected text, {{env: NAME}} or {{file: PATH}}, got {kind_of(value)}")
    queue_of(value)
    return value


_ONE = {"type": ["string", "object"]}
Queues = Annotated[tuple[str | Secret, ...], Reader(_queues, {"type": ["string", "object", "array"], "items": _ONE})]
"""Addresses of queues or references to them, one or a list of at least one."""
