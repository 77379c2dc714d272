"""Identities: which notices fall together, and where their state lives."""

from hashlib import md5

import msgspec

from operators.converge.model import Child
from operators.model.slot import slot_of_business

UPGRADE = "upgrade"


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
    return _hash(child, subject)


def gate_key(child: Child) -> str:
    """Return the hash of a level-2 gate (spec/notices.md 2.7).

    Business, receiver, way, level, signal; main or follower alike, escalations apart.
    """
    return _hash(child, ())


def _hash(child: Child, subject: tuple[object, ...]) -> str:
    action = child.action
    business = str(action.bk_biz_id)
    common = (business, child.receiver, child.way, action.severity, action.signal, action.notice_type == UPGRADE)
    return slot_of_business(business) + md5(msgspec.json.encode((common, subject))).hexdigest()[2:]
