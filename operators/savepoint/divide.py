"""What no slot owns, joined from the workers that kept it and shared out to those that go on (design.md 5; docs/savepoints.md)."""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

import msgspec

from operators.intake import intake
from operators.intake.changes import Documents
from operators.limits.noise import VERSION as NOISE_VERSION
from operators.limits.noise import State as NoiseState
from operators.limits.quota import Counter
from operators.model import snapshot
from operators.model.slot import Owner
from operators.savepoint import divide_noise
from operators.savepoint.file import Head, IntakeState, KafkaPlace
from operators.savepoint.heard import heard_by
from operators.state.scene import VERSION, Kept, ShieldNews

replace = msgspec.structs.replace
Counters = Mapping[str, Counter]


def intake_for(states: Sequence[IntakeState], head: Head, places: Sequence[KafkaPlace]) -> bytes | None:
    """Return what every worker gets of what several kept of the rules; the clock is that of the one that lags most."""
    if len(states) < 2:  # noqa: PLR2004 - nothing to join
        return states[0].data if states else None
    by_worker = {one.worker: snapshot.unpack("intake", intake.VERSION, one.data, intake.Kept) for one in states}
    kept = sorted(by_worker.values(), key=lambda one: one.clock)
    clock = next((one.clock for one in kept if one.clock), 0)
    changes: Documents = reduce(_laid_over, (one.changes for one in kept), {})
    heard = heard_by(head, places, {worker: one.heard for worker, one in by_worker.items()}) if places else {}
    return snapshot.pack(intake.VERSION, intake.Kept(clock, changes, heard))


def shared_out(shared: Sequence[bytes], owner: Owner) -> bytes:
    """Return what one worker gets of what several kept. One for one is as it was. Raises SnapshotError."""
    if len(shared) == 1 and owner.workers == 1:
        return shared[0]
    kept = sorted((snapshot.unpack("shared state", VERSION, data, Kept) for data in shared), key=_clock)
    return snapshot.pack(VERSION, _part(joined(kept), owner))


def _clock(kept: Kept) -> int:
    return kept.clock


def joined(parts: Sequence[Kept]) -> Kept:
    """Return the whole of what workers kept, the one that lags most first.

    The clock is its clock: what was due to the others by then has fired, so nothing fires twice and nothing is left out.
    """
    versions = {kept.rules_version for kept in parts}
    return Kept(
        clock=next((kept.clock for kept in parts if kept.clock), 0),
        alert_quota=_sum([(kept.clock, kept.alert_quota) for kept in parts]),
        action_quota=_sum([(kept.clock, kept.action_quota) for kept in parts]),
        noise=_noise(divide_noise.joined([_held(kept) for kept in parts])),
        retired={key: strategy for kept in parts for key, strategy in kept.retired.items()},
        news=_news([kept.news for kept in parts]),
        rules_version=versions.pop() if len(versions) == 1 else "",
        awaited={name: until for kept in parts for name, until in kept.awaited.items()},
    )


def _part(whole: Kept, owner: Owner) -> Kept:
    return replace(
        whole,
        alert_quota=_share(whole.alert_quota, owner),
        action_quota=_share(whole.action_quota, owner),
        noise=_noise(divide_noise.part(_held(whole), owner)),
    )


def _sum(parts: Iterable[tuple[int, Counters]]) -> dict[str, Counter]:
    """Return the hits of the windows that are open; a window ends with the last of its parts."""
    total: dict[str, Counter] = {}
    for clock, counters in parts:
        for key, counter in counters.items():
            if counter.end > clock:
                known = total.get(key, Counter(0, 0))
                total[key] = Counter(max(known.end, counter.end), known.count + counter.count)
    return total


def _share(counters: Counters, owner: Owner) -> dict[str, Counter]:
    """Return an even part of the hits, as each worker has an even part of the threshold; the first ones take what is over."""
    return {
        key: Counter(counter.end, (counter.count + owner.workers - 1 - owner.worker) // owner.workers)
        for key, counter in counters.items()
    }


def _held(kept: Kept) -> NoiseState:
    return snapshot.unpack("noise reduction", NOISE_VERSION, kept.noise, NoiseState)


def _noise(state: NoiseState) -> bytes:
    return snapshot.pack(NOISE_VERSION, state)


def _news(parts: Sequence[ShieldNews]) -> ShieldNews:
    """Return what was told of shields by any worker; where they differ, the one that is further knows."""
    told = {name: edge for news in parts for name, edge in news.told.items()}
    versions = {news.rules_version for news in parts}
    times = [news.next_time for news in parts if news.next_time is not None]
    return ShieldNews(told, versions.pop() if len(versions) == 1 else None, min(times, default=None))


def _laid_over(below: Documents, above: Documents) -> Documents:
    return {kind: {**below.get(kind, {}), **above.get(kind, {})} for kind in {**below, **above}}
