"""Which series an event or check belongs to, as noise reduction counts them (spec/notices.md 8, design.md 7.27)."""

from typing import Any

from operators.model.event import Event
from operators.rules.shapes.model import Strategy

Combination = tuple[str | None, ...]
"""The values of some dimensions of one series, as text; None where it has none."""

FIELDS = {
    **{name: name for name in ("ip", "ipv6", "bk_cloud_id", "bk_host_id", "bk_service_instance_id", "bk_biz_id")},
    **{name: name for name in ("target", "target_type")},
    "bk_target_ip": "ip",
    "bk_target_cloud_id": "bk_cloud_id",
    "bk_target_service_instance_id": "bk_service_instance_id",
}
"""Dimension -> the field in which an event keeps it once it is its target (spec/lifecycle.md 1.6)."""

TARGET_PARTS = {"ip": 0, "bk_cloud_id": 1}
"""Place in the target of a host, `ip|cloud`."""


def noise_dimensions(strategy: Strategy) -> tuple[str, ...] | None:
    """Return the names that noise reduction looks at, without `tags.`; None where the strategy does without."""
    if strategy.notice is None or not strategy.notice.options.noise_reduce_config.is_enabled:
        return None
    return tuple(name.removeprefix("tags.") for name in strategy.notice.options.noise_reduce_config.dimensions)


def combination(event: Event, names: tuple[str, ...]) -> Combination:
    """Return the values an event (or a check in its shape) has for some dimensions."""
    tags = {tag.key: tag.value for tag in event.tags}
    return tuple(_text(tags[name] if name in tags else _field(event, name)) for name in names)


def _field(event: Event, name: str) -> Any:
    field = FIELDS.get(name)
    if field is None:
        return None
    value = getattr(event, field)
    return _part_of_target(event, field) if value is None else value


def _part_of_target(event: Event, name: str) -> str | None:
    if event.target_type != "HOST" or not event.target or name not in TARGET_PARTS:
        return None
    parts = event.target.split("|")
    return parts[TARGET_PARTS[name]] if TARGET_PARTS[name] < len(parts) else None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
