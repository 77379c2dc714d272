"""Flapping: a fingerprint whose alerts open and end again and again is told of once (design.md 7.54).

Its alerts go on as they come; its notices wait until it has been in one state for a while.
"""

from typing import Protocol

import msgspec

from operators.model.memory import CALM, Flapping
from operators.model.settings import FlapSettings

replace = msgspec.structs.replace


class FlapOption(Protocol):
    """What a notice or a dispatch rule says of flapping; None = as the next wider one says."""

    @property
    def changes(self) -> int | None: ...  # noqa: D102 - see FlapSettings

    @property
    def window(self) -> int | None: ...  # noqa: D102 - see FlapSettings

    @property
    def quiet(self) -> int | None: ...  # noqa: D102 - see FlapSettings


def limit_of(settings: FlapSettings, *options: FlapOption | None) -> FlapSettings:
    """Return the limit that holds: of each number, the first option that names it, else the setting's."""
    if not any(options):
        return settings
    known = [one for one in options if one is not None]
    changes, window, quiet = settings.changes, settings.window, settings.quiet
    for option in reversed(known):
        changes = changes if option.changes is None else option.changes
        window = window if option.window is None else option.window
        quiet = quiet if option.quiet is None else option.quiet
    return FlapSettings(changes, window, quiet)


def changed(known: Flapping, limit: FlapSettings, now: int) -> Flapping:
    """Return what is known after an alert of the fingerprint opened or ended; exactly `window` apart is within."""
    if known.is_on:
        return replace(known, times=(known.times[0], now), count=known.count + 1)
    if not limit.changes:
        return CALM
    times = (*known.times, now)[-limit.changes :]
    while now - times[0] > limit.window:
        times = times[1:]
    return Flapping(times, limit.changes if len(times) == limit.changes else 0)


def quiet_at(known: Flapping, limit: FlapSettings) -> int | None:
    """Return the second at which what flaps has been in one state for long enough; at once where the limit is off."""
    if not known.is_on:
        return None
    return known.times[-1] + (limit.quiet if limit.changes else 0)


def told_of(known: Flapping, severity: int) -> Flapping:
    """Return what is known once people were told of an alert of a severity while it flaps."""
    return replace(known, told=min(known.told or severity, severity)) if known.is_on else known
