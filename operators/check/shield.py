"""The shield checker's decision: is an alert to be kept silent now (spec/lifecycle.md 6.2)."""

from typing import TYPE_CHECKING

import msgspec

from operators.model.alert import Alert
from operators.model.reason import Reason
from operators.model.settings import CoreSettings
from operators.rules.ask.hosts import dimension_values, host_at
from operators.rules.ask.shields import shields_covering

if TYPE_CHECKING:
    from operators.rules.book import RuleBook
    from operators.rules.shapes.model import Host

CLUSTER = "bcs_cluster_id"


class Shielding(msgspec.Struct, frozen=True, gc=False):
    """Whether an alert is shielded, by which shields (longest left first), how many seconds more, and why.

    `next_edge` is the earliest second at which this may change by time alone; None = never.
    """

    is_shielded: bool
    ids: tuple[str, ...]
    left: int
    reason: Reason
    next_edge: int | None


OPEN = Shielding(is_shielded=False, ids=(), left=0, reason=Reason.UNSHIELDED, next_edge=None)
"""What is said of most alerts."""


def shielding(alert: Alert, book: "RuleBook", settings: CoreSettings, now: int) -> Shielding:
    """Decide whether an alert is shielded: by the global switch, its host's state or the shields that cover it."""
    if settings.global_shield:
        return Shielding(is_shielded=True, ids=(), left=0, reason=Reason.SHIELDED_GLOBALLY, next_edge=None)
    host = _watched_host(alert, book) if book.hosts else None
    if host is not None and host.state:
        return Shielding(is_shielded=True, ids=(), left=0, reason=Reason.SHIELDED_BY_HOST_STATE, next_edge=None)
    return _by_rules(alert, book, settings, now) if book.shields else OPEN


def _watched_host(alert: Alert, book: "RuleBook") -> "Host | None":
    """Return the host whose state speaks for the alert: its target, or the node of its container cluster."""
    event = alert.event
    if event.target_type == "HOST":
        return host_at(event.ip or event.ipv6, event.bk_cloud_id, book) or book.hosts.get(str(event.bk_host_id))
    if CLUSTER not in alert.extra_info.agg_dimensions:
        return None
    named = dimension_values(alert)
    # a producer may tell the node as tags
    address, cloud = (named.get(key, named.get(f"tags.{key}")) for key in ("ip", "bk_cloud_id"))
    return None if address is None or cloud is None else host_at(address, cloud, book)


def _by_rules(alert: Alert, book: "RuleBook", settings: CoreSettings, now: int) -> Shielding:
    covering = shields_covering(alert, book)
    if not covering:
        return OPEN
    zone = book.zone_of(alert.bk_biz_id, settings)
    windows = [(timed.shield.id, timed.window(zone, now)) for timed in covering]
    holding = sorted(((shield_id, window.left) for shield_id, window in windows if window.active), key=_longest_first)
    return Shielding(
        is_shielded=bool(holding),
        ids=tuple(shield_id for shield_id, _ in holding),
        left=holding[0][1] if holding else 0,
        reason=Reason.SHIELDED_BY_RULE if holding else Reason.UNSHIELDED,
        next_edge=min((window.next_edge for _, window in windows if window.next_edge is not None), default=None),
    )


def _longest_first(held: tuple[str, int]) -> int:
    return -held[1]
