"""What rules may ask about an alert: shields (spec/lifecycle.md 6.4), dispatch (7.3), circuit breaking (8.4).

Facts are lists of values, worked out when first asked for: most alerts meet few rules.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from operators.model.alert import Alert
from operators.model.event import Event
from operators.rules.ask.hosts import host_of, nodes_of

if TYPE_CHECKING:
    from operators.rules.book import RuleBook
    from operators.rules.shapes.model import Strategy

Values = Sequence[Any]
Plain = dict[str, Values]

SYNONYMS = (
    ("ip", "bk_target_ip"),
    ("bk_cloud_id", "bk_target_cloud_id"),
    ("service_instance_id", "bk_service_instance_id", "bk_target_service_instance_id"),
)
"""Names of one thing: who asks for one gets the other."""

TAG = "tags."


class Further(NamedTuple):
    """What facts hold beside those at hand: the plain part, single facts, families."""

    plain: Plain
    late: dict[str, Callable[[], Values]]
    families: dict[str, Callable[[], Plain]]


class LazyFacts(Mapping[str, Values]):
    """Facts by name: some at hand, a plain part built when they do not answer, single facts and families built by need.

    A family holds all names up to the first dot: `host` answers for `host.bk_os_type`.
    """

    def __init__(self, at_hand: Plain, further: "Callable[[], Further]") -> None:
        self._at_hand = at_hand
        self._further = further
        self._known: Plain | None = None
        self._late: dict[str, Callable[[], Values]] = {}
        self._families: dict[str, Callable[[], Plain]] = {}
        """What has been asked for is taken out of both."""

    def get(self, name: str, default: Any = None) -> Any:
        """Return the values of a fact, or the default if there are none."""
        at_hand = self._at_hand.get(name)
        if at_hand is not None:
            return at_hand or default
        if self._known is None:
            self._known, self._late, self._families = self._further()
        if name in self._late:
            self._known[name] = self._late.pop(name)()
        family = name.partition(".")[0]
        if family in self._families:
            self._known.update(self._families.pop(family)())
        return self._known.get(name) or default

    def __getitem__(self, name: str) -> Values:
        values: Values | None = self.get(name)
        if values is None:
            raise KeyError(name)
        return values

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> Plain:
        self.get("")
        for name in (*self._late, *self._families):
            self.get(name)
        return {name: values for name, values in ((self._known or {}) | self._at_hand).items() if values}


def rule_facts(
    alert: Alert, strategy: "Strategy | None", book: "RuleBook", people: Callable[[], Iterable[str]] | None = None
) -> LazyFacts:
    """Return what shields and dispatch rules may ask: one set (spec/lifecycle.md 6.4, 7.3; design.md 7.52).

    `people` gives the users of the strategy's groups; without it they are no facts.
    """

    def further() -> Further:
        late: dict[str, Callable[[], Values]] = {
            "metric_id": lambda: _metric_ids(strategy),
            "dynamic_group": lambda: _dynamic_groups(alert, book),
            **(_people_facts(people) if people is not None else {}),
        }
        families = {
            "host": lambda: _host_facts(alert, book),
            "set": lambda: _node_facts("set", alert, book),
            "module": lambda: _node_facts("module", alert, book),
        }
        return Further(_plain(alert, strategy), late, families)

    of_strategy, severity = (alert.strategy_id,) if alert.strategy_id else (), (alert.severity,)
    at_hand: Plain = {
        "strategy_id": of_strategy,
        "alert.strategy_id": of_strategy,
        "level": severity,
        "alert.severity": severity,
        "bk_biz_id": _one(alert.bk_biz_id),
    }
    return LazyFacts(at_hand, further)


def _people_facts(people: Callable[[], Iterable[str]]) -> dict[str, Callable[[], Values]]:
    named: list[str] = []

    def notice_users() -> Values:
        named[:] = named or list(people())
        return named

    return {
        "notice_users": notice_users,
        "is_empty_users": lambda: ("false" if notice_users() else "true",),
    }


def circuit_facts(alert: Alert, strategy: "Strategy | None", plugin_type: str | None = None) -> Plain:
    """Return what circuit breaking may ask (spec/lifecycle.md 8.4); the plugin type of actions only."""
    query = _first_query(strategy)
    source, kind = (query.data_source_label, query.data_type_label) if query else (None, None)
    return {
        "strategy_id": _one(alert.strategy_id or None),
        "bk_biz_id": _one(alert.bk_biz_id),
        "data_source_label": _one(source),
        "data_type_label": _one(kind),
        "strategy_source": _one(query and f"{source}:{kind}"),
        "plugin_type": _one(plugin_type),
    }


OWN_FIELDS = ("bk_cloud_id", "bk_host_id", "bk_service_instance_id", "bk_topo_node", "target", "target_type")
"""Fields of the event that rules may ask; no tag of that name stands in for one that the event has."""


def _plain(alert: Alert, strategy: "Strategy | None") -> Plain:
    """Return the dimensions, what the newest event says of its place, its tags, and the fields of the alert."""
    event = alert.event
    facts = {name: _values(value) for name, value in _origin_dimensions(alert).items()}
    facts.update({dimension.key: _values(dimension.value) for dimension in alert.dimensions})
    _complete_synonyms(facts)
    for name in OWN_FIELDS:
        if not facts.get(name):
            own = getattr(event, name)
            facts[name] = _values(None if own == "" else own)
    if not facts.get("ip"):
        facts["ip"] = _one(event.ip or event.ipv6)
    _complete_synonyms(facts)
    facts.update({f"{TAG}{tag.key}": _values(tag.value) for tag in reversed(event.tags)})
    _drop_prefix(facts)
    _complete_synonyms(facts)
    facts.update(_alert_facts(alert, strategy))
    return facts


ALERT_FIELDS = (
    "alert.id", "alert.strategy_id", "alert.severity", "alert.event_source", "alert.scenario", "alert.name", "alert.metric",
    "alert.labels",
)  # fmt: skip
"""What rules may ask of the alert itself; what else begins with `alert.` is nothing."""


def _alert_facts(alert: Alert, strategy: "Strategy | None") -> Plain:
    return {
        "alert.id": (alert.id,),
        "alert.event_source": (alert.event.plugin_id,),
        "alert.scenario": _one(strategy and strategy.scenario),
        "alert.name": (alert.alert_name,),
        "alert.metric": alert.event.metric,
        "alert.labels": _labels(alert, strategy),
        "labels": _labels(alert, strategy),
    }


def _labels(alert: Alert, strategy: "Strategy | None") -> Values:
    return alert.labels or (strategy.labels if strategy else ())


def _origin_dimensions(alert: Alert) -> dict[str, Any]:
    """Return `origin_alarm.data.dimensions`, which a producer may have filled with anything."""
    return (
        _dimensions_in(alert.extra_info.origin_alarm) if alert.extra_info.origin_alarm else raw_dimensions(alert.event)
    )


def raw_dimensions(event: Event) -> dict[str, Any]:
    """Return the raw dimensions that an event's origin gave it."""
    return _dimensions_in(event.extra_info.get("origin_alarm")) if event.extra_info else {}


def _dimensions_in(place: Any) -> dict[str, Any]:
    for name in ("data", "dimensions"):
        place = place.get(name) if isinstance(place, dict) else None
    return place if isinstance(place, dict) else {}


def _complete_synonyms(facts: Plain) -> None:
    for names in SYNONYMS:
        known = next((facts[name] for name in names if facts.get(name)), None)
        if known:
            facts.update({name: known for name in names if not facts.get(name)})


def _drop_prefix(facts: Plain) -> None:
    for name in [name for name in facts if name.startswith(TAG)]:
        bare = name.removeprefix(TAG)
        facts[bare] = facts.get(bare) or facts[name]


def _first_query(strategy: "Strategy | None") -> Any:
    queries = strategy.items[0].query_configs if strategy and strategy.items else ()
    return queries[0] if queries else None


def _metric_ids(strategy: "Strategy | None") -> Values:
    queries = strategy.items[0].query_configs if strategy and strategy.items else ()
    return tuple(query.metric_id for query in queries if query.metric_id)


def _dynamic_groups(alert: Alert, book: "RuleBook") -> Values:
    """Return the dynamic groups the alert's host is in: a group is a set of hosts, so asking the host is enough."""
    host = host_of(alert, book)
    host_id = host.bk_host_id if host else alert.event.bk_host_id
    return book.dynamic_groups_by_host.get(str(host_id), ())


def _host_facts(alert: Alert, book: "RuleBook") -> Plain:
    host = host_of(alert, book)
    if host is None:
        return {}
    own = {name: getattr(host, name) for name in host.__struct_fields__ if name not in ("attributes", "topo")}
    return {f"host.{name}": _values(value) for name, value in (own | host.attributes).items()}


def _node_facts(kind: str, alert: Alert, book: "RuleBook") -> Plain:
    facts: dict[str, list[Any]] = {}
    for node in nodes_of(alert, book):
        obj, _, inst = node.partition("|")
        if obj != kind:
            continue
        known = book.topology.get(node)
        named = {"name": known.name, f"bk_{kind}_name": known.name, **known.attributes} if known else {}
        for name, value in {"bk_inst_id": inst, f"bk_{kind}_id": inst, **named}.items():
            facts.setdefault(f"{kind}.{name}", []).extend(_values(value))
    return dict(facts)


def _one(value: Any) -> Values:
    return () if value is None else (value,)


def _values(value: Any) -> Values:
    if isinstance(value, list | tuple):
        return tuple(value)
    return _one(value)
