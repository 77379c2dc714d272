"""The settings that decisions depend on, with the defaults of the replay contract (replay.md)."""

from typing import Annotated, Any

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[int, msgspec.Meta(ge=0)]
MOST_CHANGES = 100
"""The most changes that flapping may be measured by: their times are kept with each fingerprint."""


class Quota(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fixed window: at most `threshold` hits in `window` seconds; 0 disables."""

    threshold: Count = 200
    window: Seconds = 60


class ActionQuota(Quota, frozen=True, forbid_unknown_fields=True):
    """The same for actions."""

    threshold: Count = 100


class Quotas(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Flow control of alerts and of actions (spec/lifecycle.md 8)."""

    alert: Quota = Quota()
    action: ActionQuota = ActionQuota()


class ConvergeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Merging of notices; seconds and number of groups (replay.md)."""

    window: Seconds = 120
    delay: Seconds = 60
    business_threshold: Count = 2


class NoiseReduceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a noise-reduced notice is held, in seconds."""

    window: Seconds = 300


class FlapSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a fingerprint flaps: `changes` (0 = never) within `window` seconds, until `quiet` seconds bring no other."""

    changes: Annotated[int, msgspec.Meta(ge=0, le=MOST_CHANGES)] = 6
    window: Seconds = 600
    quiet: Seconds = 600


class NoticeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of a rendered text by way; 0 or absent = no limit."""

    max_length: dict[str, Count] = {}


class ProductSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the product calls itself in a notice."""

    name: str = "Tocsin"


class PluginSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for third-party alerts of one source; null = as for every source."""

    timeout: Seconds | None = None
    """Seconds; 0 = never."""


class LinkSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Templates of links; `alert` may name `alert` (its document)."""

    alert: str = ""


class CoreSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a decision may depend on beside its input, the rules and now. Seconds throughout."""

    time_zone: str = "UTC"
    language: str = "en"
    fingerprint: str = "pairs"
    default_business: str | int | None = 0
    default_notice: dict[str, Any] | None = None
    check_interval: Annotated[int, msgspec.Meta(ge=1)] = 60
    event_expiry: Seconds = 86400
    clock_skew: Seconds = 300
    recover_delay: Seconds = 0
    flap: FlapSettings = FlapSettings()
    tell_ends_under_shield: bool = True
    timeout: Seconds = 3600
    """Of third-party and blocked alerts; 0 = never."""
    plugins: dict[str, PluginSettings] = {}
    """By `plugin_id`."""
    late: Seconds = 600
    """How long a recovery or closing that found no open alert is remembered."""
    ended_retention: Seconds = 3600
    quota: Quotas = Quotas()
    no_data_expiry: Seconds = 86400
    third_party_whitelist: list[str | int] = []
    global_shield: bool = False
    converge: ConvergeSettings = ConvergeSettings()
    noise_reduce: NoiseReduceSettings = NoiseReduceSettings()
    notice: NoticeSettings = NoticeSettings()
    product: ProductSettings = ProductSettings()
    links: LinkSettings = LinkSettings()
