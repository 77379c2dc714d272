"""Conditions on facts, shared by dispatch, shields and circuit breaking (spec/lifecycle.md 6.5)."""

from typing import Any, Literal

import msgspec

Method = Literal[
    "", "eq", "neq", "include", "exclude", "gt", "gte", "lt", "lte", "reg", "nreg", "issuperset"
]  # fmt: skip


class Condition(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One condition on one field; `or` starts a new group of AND-ed conditions. Files may say `key` for `field`."""

    field: str = ""
    method: Method = "eq"
    value: tuple[Any, ...] = ()
    """Texts once read: a host is `ip|cloud`, a topology node `obj|inst`."""
    condition: Literal["", "and", "or"] = "and"
