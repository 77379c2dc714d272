"""Conditions on facts, shared by dispatch, shields, inhibition and circuit breaking (spec/lifecycle.md 6.5)."""

from typing import Any, Literal

import msgspec

Method = Literal[
    "", "eq", "neq", "include", "exclude", "gt", "gte", "lt", "lte", "reg", "nreg", "issuperset"
]  # fmt: skip


HOST_FIELDS = ("ip", "bk_target_ip")
NODE_FIELDS = ("bk_topo_node", "host_topo_node", "service_topo_node")


class Condition(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One condition on one field; `or` starts a new group of AND-ed conditions. Files may say `key` for `field`."""

    field: str = ""
    method: Method = "eq"
    value: tuple[Any, ...] = ()
    """Texts once read: a host is `ip|cloud`, a topology node `obj|inst`."""
    condition: Literal["", "and", "or"] = "and"


def fact_text(value: Any) -> str:
    """Return the text by which a value compares: that of `str`, without blanks around it."""
    return (value if isinstance(value, str) else str(value)).strip()


def condition_text(field: str, value: Any) -> str:
    """Return the text of one value of a condition: a host object as `ip|cloud`, a node as `obj|inst`.

    Raises ValueError for an object that the field cannot hold.
    """
    if not isinstance(value, dict):
        return fact_text(value)
    if field in HOST_FIELDS:
        return _host_text(field, value)
    if field in NODE_FIELDS and value.keys() == {"bk_obj_id", "bk_inst_id"}:
        return f"{fact_text(value['bk_obj_id'])}|{fact_text(value['bk_inst_id'])}"
    raise ValueError(f"field {field!r} cannot be compared with a mapping of {', '.join(map(str, value)) or 'nothing'}")


def _host_text(field: str, value: dict[str, Any]) -> str:
    clouds = [value[key] for key in ("bk_cloud_id", "bk_target_cloud_id", "cloud") if key in value]
    address = value.get(field, value.get("ip"))
    if address is None or len(clouds) + 1 < len(value):
        raise ValueError("a host is {ip, bk_cloud_id}")
    return f"{fact_text(address)}|{fact_text(clouds[0]) if clouds else '0'}"
