"""Names for things: fingerprint, event uid, alert, action and notice ids (design.md 6, spec/lifecycle.md 1.3, 1.4)."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from operators.model.event import Event, Tag
from operators.model.slot import slot_of

if TYPE_CHECKING:
    from hashlib import md5
else:
    try:
        from _md5 import md5  # Python's own: for texts as short as ours faster than OpenSSL's by a third
    except ImportError:
        from hashlib import md5

DEFAULT_KEYS = ("target_type", "target", "bk_biz_id")
KUBERNETES_AND_APM = frozenset({"K8S-POD", "K8S-NODE", "K8S-SERVICE", "K8S-WORKLOAD", "APM-SERVICE"})

FIELDS = frozenset(Event.__struct_fields__) - {"id", "dedupe_md5", "at", "create_time", "kind"}
"""What may be a dedupe key: what the producer said, not what was worked out of it."""
TAG = "tags."

_encode = msgspec.json.Encoder().encode


def field_value(event: Event, key: str) -> Any:
    """Return the value an event holds under a dedupe key that is no tag; None for one that nothing has."""
    if key == "bk_biz_id" and event.bk_biz_id is not None:
        return str(event.bk_biz_id)
    return getattr(event, key) if key in FIELDS else None


def first_tag(event: Event, name: str) -> Tag | None:
    """Return the first tag of a name."""
    for tag in event.tags:
        if tag.key == name:
            return tag
    return None


class DedupeKeys(NamedTuple):
    """Every key by which some events are told apart, sorted, and how their values are read in one go."""

    keys: tuple[str, ...]
    fields: Callable[[Event], tuple[Any, ...]]
    """Reads the keys that are fields, in their order."""
    others: tuple[tuple[int, str | None], ...]
    """Place and tag of the keys that are tags; the tag is None for a key that nothing has."""
    business: int
    """Place of `bk_biz_id` among the fields: it is compared as text."""
    chosen: tuple[str, ...]
    """The `dedupe_keys`, one object for all events that name them: an open alert keeps its event."""


@lru_cache(maxsize=256)
def dedupe_keys(of_strategy: bool, chosen: tuple[str, ...]) -> DedupeKeys:  # noqa: FBT001 - cached
    """Return the keys of events with these `dedupe_keys`: a producer has few such."""
    keys = tuple(sorted({"strategy_id" if of_strategy else "alert_name", *DEFAULT_KEYS, *chosen}))
    fields = [key for key in keys if key in FIELDS]
    others = tuple((at, _tag_of(key)) for at, key in enumerate(keys) if key not in FIELDS)
    return DedupeKeys(keys, attrgetter(*fields), others, fields.index("bk_biz_id"), chosen)


def _tag_of(key: str) -> str | None:
    return key.removeprefix(TAG) if key.startswith(TAG) else None


LONGEST_SHARED = 128
"""Letters of a text that is remembered to be shared: long ones are many megabytes, and seldom said twice."""


def same_text(text: str) -> str:
    """Return a text that many events hold as one object for all of them."""
    return _same_name(text) if len(text) <= LONGEST_SHARED else text


def same_value(value: Any) -> Any:
    """Return the value of a tag as `same_text` does, if it is text; values without end drive out no name."""
    return _same_value(value) if type(value) is str and len(value) <= LONGEST_SHARED else value


def _itself(text: str) -> str:
    return text


_same_name, _same_value = lru_cache(maxsize=4096)(_itself), lru_cache(maxsize=16384)(_itself)


def fingerprint(event: Event, dedupe: DedupeKeys, algorithm: str) -> str:
    """Return the `dedupe_md5` of an event: the one it brings, or `pairs`, or `bk`."""
    if event.dedupe_md5:
        return event.dedupe_md5
    keys, read, others, business, _ = dedupe
    values = [*read(event)]
    if event.bk_biz_id is not None:
        values[business] = str(event.bk_biz_id)
    for at, name in others:
        for tag in event.tags:
            if tag.key == name:
                values.insert(at, tag.value)
                break
        else:
            values.insert(at, None)
    pairs = list(zip(keys, values))  # noqa: B905 - asked for strictly it takes as long as the hash
    if algorithm == "bk":
        return bk_hash([_bk_value(event, key, value) for key, value in pairs])
    return md5(_encode(pairs)).hexdigest()


def _bk_value(event: Event, key: str, value: Any) -> Any:
    if event.target_type in KUBERNETES_AND_APM and key in ("target", "target_type"):
        return None if key == "target" else ""
    return value


def event_uid(event: Event, algorithm: str) -> str:
    """Return the `id` of an event: two events equal in all of these are duplicates.

    `pairs` counts the severity too: a problem that got worse is another event (design.md 7.41).
    """
    if algorithm == "bk":
        return bk_hash([event.plugin_id, event.event_id, event.status, event.time])
    pairs = (
        ("event_id", event.event_id),
        ("plugin_id", event.plugin_id),
        ("severity", event.severity),
        ("status", event.status),
        ("time", event.time),
    )
    return md5(_encode(pairs)).hexdigest()


def bk_hash(value: Any) -> str:
    """Return the reference system's order-insensitive hash of a value (spec/lifecycle.md 1.3 step 3)."""
    if isinstance(value, dict):
        value = [[str(key), bk_hash(member)] for key, member in sorted(value.items())]
    if isinstance(value, (list, tuple)):
        digests = sorted(bk_hash(member) for member in value)
        return md5(str(digests).encode()).hexdigest()
    return md5(str(value).encode()).hexdigest()


def alert_id(dedupe_md5: str, opening: Event) -> str:
    """Return an alert's id: ten digits of the opening event's second, twelve hex digits of a hash.

    The hash begins with the slot, so a command that names nothing but an alert finds the worker that owns it.
    """
    return f"{opening.time:010d}{slot_of(dedupe_md5)}{digest(dedupe_md5, opening.id)[:10]}"


def action_id(alert: str, relation: str, signal: str, notice_type: str, cycle: int) -> str:
    """Return an action's id."""
    return digest(alert, relation, signal, notice_type, cycle)


def notice_id(action_ids: Iterable[str], way: str, receivers: Sequence[str], *rest: Any) -> str:
    """Return a notice's id: the idempotency key at its channel."""
    return digest(sorted(action_ids), way, receivers, *rest)


def digest(*parts: Any) -> str:
    """Return the md5 of the compact JSON text of the parts."""
    return md5(_encode(parts)).hexdigest()
