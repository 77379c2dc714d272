"""The shield checker's decision: is an alert to be kept silent now (spec/lifecycle.md 6.2)."""

from typing import TYPE_CHECKING

from operators.check.verdict import Verdict
from operators.model.alert import Alert
from operators.model.reason import Reason
from operators.model.settings import CoreSettings
from operators.rules.ask.hosts import dimension_values, host_at
from operators.rules.ask.look import Look
from operators.rules.ask.shields import shields_covering

if TYPE_CHECKING:
    from operators.rules.book import RuleBook
    from operators.rules.shapes.model import Host

CLUSTER = "bcs_cluster_id"


class Shielding(Verdict, frozen=True, gc=False, kw_only=True):
    """Whether an alert is shielded, by which shields (longest left first), how many seconds more, and why."""

    is_shielded: bool = False
    ids: tuple[str, ...] = ()
    left: int = 0
    why: Reason = Reason.UNSHIELDED


OPEN = Shielding()
"""What is said of most alerts."""


def shielding(look: Look) -> Shielding:
    """Judge whether an alert is shielded: by the global switch, its host's state or the shields that cover it."""
    return look.once(_shielding)


def may_shield(settings: CoreSettings, book: "RuleBook") -> bool:
    """Return True unless nothing could shield any alert."""
    return bool(settings.global_shield or book.hosts or book.shields)


def _shielding(look: Look) -> Shielding:
    if look.settings.global_shield:
        return Shielding(is_shielded=True, why=Reason.SHIELDED_GLOBALLY)
    book = look.book
    host = _watched_host(look.alert, book) if book.hosts else None
    if host is not None and host.state:
        return Shielding(is_shielded=True, why=Reason.SHIELDED_BY_HOST_STATE)
    return _by_rules(look) if book.shields else OPEN


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


def _by_rules(look: Look) -> Shielding:
    covering = shields_covering(look.alert, look.book)
    if not covering:
        return OPEN
    zone, now = look.zone, look.now
    windows = [(timed.shield.id, timed.window(zone, now)) for timed in covering]
    holding = sorted(((shield_id, window.left) for shield_id, window in windows if window.active), key=_longest_first)
    return Shielding(
        is_shielded=bool(holding),
        ids=tuple(shield_id for shield_id, _ in holding),
        left=holding[0][1] if holding else 0,
        why=Reason.SHIELDED_BY_RULE if holding else Reason.UNSHIELDED,
        next_look=min((window.next_edge for _, window in windows if window.next_edge is not None), default=None),
    )


def _longest_first(held: tuple[str, int]) -> int:
    return -held[1]
