"""What one worker of several is: the slots it owns, and its part of what is meant for the whole job (design.md 5)."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from flows.settings.sections import KafkaSettings
from flows.settings.settings import Settings, SettingsError
from flows.sources.kafka_client import read_topics
from operators.model.settings import Quota
from operators.model.slot import ALONE, Owner
from sinks.kafka.keyed import ALLOWED

Q = TypeVar("Q", bound=Quota)


def owner_of(settings: KafkaSettings, counts: Mapping[str, int]) -> Owner:
    """Return which slots the worker of the settings owns. Raises SettingsError for topics that do not share them out alike."""
    if settings.workers == 1 or settings.job == "intake":  # what intake reads may have any key
        return ALONE
    sizes = {topic: counts[topic] for topic, kind in read_topics(settings).items() if kind != "command"}
    if len(set(sizes.values())) > 1 or not ALLOWED.issuperset(sizes.values()):
        found = ", ".join(f"{topic} {size}" for topic, size in sorted(sizes.items()))
        raise SettingsError(
            f"{settings.workers} workers need topics of equally many partitions, a power of two up to 256; found: {found}"
        )
    return Owner(settings.worker, settings.workers, next(iter(sizes.values()), 256))


def divided(settings: Settings) -> Settings:
    """Return the settings of one worker: quotas of the whole job are divided among its workers, rounded up."""
    put, workers, quota = msgspec.structs.replace, settings.kafka.workers, settings.quota
    return put(settings, quota=put(quota, alert=_part(quota.alert, workers), action=_part(quota.action, workers)))


def _part(quota: Q, workers: int) -> Q:
    return msgspec.structs.replace(quota, threshold=-(-quota.threshold // workers))
