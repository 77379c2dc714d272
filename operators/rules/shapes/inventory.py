"""Inventory: hosts, service instances, topology, dynamic groups (rules.md). And the tests of a rule file."""

from typing import Any, Literal

import msgspec

from operators.rules.shapes.words import Amount, Id, Node, NodeOrEmpty


class Host(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A machine. A state other than "" shields its alerts."""

    bk_host_id: Id
    ip: str = ""
    ipv6: str = ""
    bk_cloud_id: Id = "0"
    bk_biz_id: Id = "0"
    bk_host_name: str = ""
    state: Literal["", "no_monitoring", "no_notice"] = ""
    operator: tuple[Id, ...] = ()
    bk_bak_operator: tuple[Id, ...] = ()
    topo: tuple[Node, ...] = ()
    """`obj|inst`, nearest first."""
    attributes: dict[str, Any] = {}


class ServiceInstance(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A service on a host."""

    id: Id
    name: str = ""
    bk_host_id: Id
    bk_biz_id: Id = "0"
    topo: tuple[Node, ...] = ()


class TopoNode(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A node of the topology tree; `parent` is `obj|inst` or ""."""

    bk_obj_id: Id
    bk_inst_id: Id
    name: str = ""
    parent: NodeOrEmpty = ""
    attributes: dict[str, Any] = {}

    @property
    def key(self) -> str:
        """`obj|inst`."""
        return f"{self.bk_obj_id}|{self.bk_inst_id}"


class DynamicGroup(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A named set of hosts."""

    id: Id
    bk_biz_id: Id = "0"
    host_ids: tuple[Id, ...] = ()


class RuleTest(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Behaviour as data: lines of a replay and what must come of them."""

    name: str
    events: tuple[dict[str, Any], ...] = ()
    """Replay lines; `at` and `time` count from 1700000000 unless they exceed 10^9."""
    until: Amount | None = None
    expect: dict[
        Literal["alerts", "logs", "signals", "actions", "notices", "dead_letters", "events"],
        tuple[dict[str, Any], ...],
    ] = {}
