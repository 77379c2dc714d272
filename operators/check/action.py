"""Action: when a notice repeats (spec/lifecycle.md 4.14; design.md 7.9, 7.15, 7.23)."""

from operators.model.alert import CycleRecord
from operators.rules.shapes.model import ActionConfig, NoticeConfig


def interval(config: NoticeConfig | ActionConfig, planned: int) -> int:
    """Return the seconds from the n-th notice to the next; 0 = never. `planned` is n."""
    if not config.need_poll:
        return 0
    base = config.notify_interval
    mode = config.interval_notify_mode if isinstance(config, NoticeConfig) else "standard"
    if mode == "increasing":
        return int(base * 2 ** min(planned - 1, 40))
    if mode == "linear":
        return base * (planned + 1)
    return base


def repeat_due(config: NoticeConfig | ActionConfig, record: CycleRecord) -> int | None:
    """Return when the next repeat is due; None = never."""
    seconds = interval(config, record.execute_times)
    return record.last_time + seconds if seconds > 0 else None
