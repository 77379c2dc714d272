"""Upgrade: when the next group of an escalation is told (spec/lifecycle.md 7.6; design.md 7.6, 7.22)."""

import msgspec

from operators.model.alert import UpgradeRecord
from operators.rules.shapes.model import UpgradeConfig

MINUTE = 60


class Step(msgspec.Struct, frozen=True, gc=False):
    """The next step of an escalation."""

    due: int
    index: int
    group: str


def next_step(config: UpgradeConfig, record: UpgradeRecord | None, create_time: int) -> Step | None:
    """Return the next step; None when it is off or exhausted."""
    index = record.last_group_index + 1 if record else 0
    if not config.is_enabled or index >= len(config.user_groups):
        return None
    since = record.last_upgrade_time if record else create_time
    return Step(since + config.upgrade_interval * MINUTE, index, config.user_groups[index])
