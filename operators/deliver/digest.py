"""What comes too late to be sent alone: gathered into one digest by receiver and way, or left out (design.md 7.64)."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from operators.deliver.delivery import Result, Settle, Taken, settled
from operators.model.alert import ENDED, Alert
from operators.model.identity import digest
from operators.model.records import Notice

DIGEST = "digest"
"""Notice type of a digest; it is never too late itself."""
DIGESTED, STALE = "digested", "stale"
"""What the receipt of a gathered notice says, and of one that is not told any more."""
ALONE = frozenset({"webhook", "message_queue"})
"""Ways that programs read: each of their notices goes by itself."""
VOICE, UPGRADE = "voice", "upgrade"


class Late(msgspec.Struct, frozen=True, gc=False):
    """What waits for somebody by one way: a person or chat, or the people of one call."""

    way: str
    receivers: tuple[str, ...]
    notices: tuple[Notice, ...]


def is_late(taken: Taken, now: float, stale: float) -> bool:
    """Return True if a notice that was never tried is more than `stale` seconds behind its moment; 0 = never."""
    notice = taken.notice
    if not stale or taken.results or not taken.readable or notice.notice_type == DIGEST:
        return False
    return now - notice.time > stale and notice.config is None and notice.way not in ALONE


def is_idle(notice: Notice, known: Mapping[str, Alert]) -> bool:
    """Return True for a call or an escalation about alerts that have all ended since."""
    if notice.way != VOICE and notice.notice_type != UPGRADE:
        return False
    alerts = [known.get(alert_id) for alert_id in notice.alert_ids]
    return bool(alerts) and all(alert is not None and alert.status in ENDED for alert in alerts)


def gathered(notices: Iterable[Notice]) -> list[Late]:
    """Return what waits, by way and receiver, each in order of time; a call keeps its people together."""
    found: dict[tuple[str, tuple[str, ...]], list[Notice]] = {}
    for notice in sorted(notices, key=lambda one: one.time):
        together = [notice.receivers] if notice.way == VOICE else [(name,) for name in notice.receivers]
        for receivers in together:
            found.setdefault((notice.way, receivers), []).append(notice)
    return [Late(way, receivers, tuple(those)) for (way, receivers), those in found.items()]


def digest_of(late: Late, title: str, content: str, now: float) -> Notice:
    """Return the digest as a notice of now; the same notices for the same people give the same id."""
    first = late.notices[0]
    return Notice(
        id=digest(DIGEST, late.way, late.receivers, *(notice.id for notice in late.notices)),
        time=int(now),
        way=late.way,
        receivers=late.receivers,
        followed=all(notice.followed for notice in late.notices),
        signal=late.notices[-1].signal,
        notice_type=DIGEST,
        collect_type="converge",
        alert_ids=alerts_of(late.notices),
        action_ids=(),
        title=title,
        content=content,
        bk_biz_id=first.bk_biz_id,
        severity=min(notice.severity for notice in late.notices),
    )


def alerts_of(notices: Sequence[Notice]) -> tuple[str, ...]:
    """Return the ids of all alerts that notices tell of, each once, in order."""
    return tuple(dict.fromkeys(alert_id for notice in notices for alert_id in notice.alert_ids))


def told_otherwise(taken: Taken, why: str, now: float) -> Settle:
    """Settle a notice that is not sent: as one that a digest tells, or that nobody needs any more."""
    names = taken.notice.receivers or (taken.notice.way,)
    return settled(taken, {name: Result(ok=why == DIGESTED, message=why) for name in names}, now)
