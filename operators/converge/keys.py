"""Identities: which notices fall together, and where their state lives."""

from functools import lru_cache
from hashlib import md5

import msgspec

from operators.converge.model import Child
from operators.model.slot import slot_of_business

UPGRADE = "upgrade"

_encode = msgspec.json.Encoder().encode


def group_key(child: Child) -> str:
    """Return the hash of a level-1 group (spec/notices.md 2.4).

    Strategy (or alert name when there is none), level, signal, non-target dimensions, business, way (apart for
    followers), receiver. Escalations have groups of their own (design.md 7.22); un-shield notices and repeats share the
    group of first notices.
    """
    action = child.action
    subject = (
        action.strategy_id,
        "" if action.strategy_id else action.alert_name,
        action.dimension_hash,
        child.followed,
    )
    return _hash(_common(child), subject)


def gate_key(child: Child) -> str:
    """Return the hash of a level-2 gate (spec/notices.md 2.7).

    Business, receiver, way, level, signal; main or follower alike, escalations apart.
    """
    return _hash(_common(child), ())


def _common(child: Child) -> tuple[str, str, str, int, str, bool]:
    """Return what both keys name, the business first."""
    action = child.action
    business = str(action.bk_biz_id)
    return business, child.receiver, child.way, action.severity, action.signal, action.notice_type == UPGRADE


@lru_cache(maxsize=8192)
def _hash(common: tuple[str, str, str, int, str, bool], subject: tuple[object, ...]) -> str:
    """Return the hash of a group or gate: a receiver has few of them, and hears of each again and again."""
    return slot_of_business(common[0]) + md5(_encode((common, subject))).hexdigest()[2:]
