"""Whether a job can have another number of workers, before anything is touched."""

from collections.abc import Callable
from typing import Any

import msgspec

from flows.rescale.fleet import FleetError
from flows.rescale.lag import Reached
from flows.settings.sections import KafkaSettings
from flows.settings.settings import SettingsError
from flows.sources.shares import owner_of

put = msgspec.structs.replace


class Plan(msgspec.Struct, frozen=True):
    """From how many workers to how many, and what was found out on the way."""

    job: str
    fleet: str
    origin: int
    target: int
    topics: dict[str, int] = {}
    lag: int = 0
    is_under_way: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to do."""
        return self.origin == self.target and not self.is_under_way

    @property
    def sentence(self) -> str:
        """The plan in words."""
        if self.is_nothing:
            return f"{self.fleet}: the job has {self.target} workers already"
        if self.is_under_way:
            return f"{self.fleet}: going on with a rescale from {self.origin} workers, to {self.target}"
        topics = ", ".join(f"{topic} has {count} partitions" for topic, count in sorted(self.topics.items()))
        return f"{self.fleet}: from {self.origin} workers to {self.target}; {topics}; {self.lag:,} records wait"

    def told(self, outcome: str) -> dict[str, Any]:
        """Return the plan for programs."""
        return {
            "outcome": outcome, "job": self.job, "fleet": self.fleet, "from": self.origin, "to": self.target,
            "topics": self.topics, "lag": self.lag,
        }  # fmt: skip


def check(plan: Plan, kafka: KafkaSettings, found: Callable[[], Reached], max_lag: int) -> Plan:
    """Return the plan with what Kafka says. Raises SettingsError, FleetError, and what `found` raises."""
    target = plan.target
    if target & (target - 1):
        raise SettingsError(f"--to {target}: the number of workers is a power of two")
    if not kafka.brokers:
        raise SettingsError("kafka.brokers: missing; a job that reads files has one worker")
    now = found()
    topics = {topic: count for topic, (count, _) in now.items()}
    owner_of(put(kafka, workers=target, worker=0), topics)
    if small := sorted(topic for topic, count in topics.items() if count < target):
        raise SettingsError(f"--to {target}: {', '.join(small)} has fewer partitions, some workers would have no work")
    if now.lag > max_lag:
        raise FleetError(
            f"{now.lag:,} records wait, more than --max-lag {max_lag:,}: let the job catch up, or allow more"
        )
    return put(plan, topics=topics, lag=now.lag)
