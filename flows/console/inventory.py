"""What the inventory and the rules know of where an alert stands: its host, who runs it, the topology above, names of ids."""

import msgspec

from operators.model.alert import Alert
from operators.rules.ask.hosts import host_of
from operators.rules.book import RuleBook
from sinks.render.inventory import nodes_by_kind


class Inventory(msgspec.Struct, frozen=True):
    """Empty where nothing is known."""

    host_id: str
    host_name: str
    host_state: str
    """Of monitoring: no_monitoring, no_notice, or empty."""
    operators: tuple[str, ...]
    backups: tuple[str, ...]
    """People who stand in for them."""
    above: dict[str, tuple[str, ...]]
    """Kind of a topology node -> the names of those above it, each once."""
    business: str
    strategy: str


def inventory_of(alert: Alert, book: RuleBook) -> Inventory:
    """Return what is known now, whatever was known when the alert was made."""
    host = host_of(alert, book)
    business = book.businesses.get(str(alert.bk_biz_id))
    strategy = book.strategies.get(alert.strategy_id) if alert.strategy_id else None
    kinds = nodes_by_kind(alert, book)
    return Inventory(
        host_id=host.bk_host_id if host else "",
        host_name=host.bk_host_name if host else "",
        host_state=host.state if host else "",
        operators=host.operator if host else (),
        backups=host.bk_bak_operator if host else (),
        above={kind: tuple(dict.fromkeys(names)) for kind, names in kinds.items() if kind != "biz"},
        business=business.name if business else "",
        strategy=strategy.name if strategy else "",
    )
