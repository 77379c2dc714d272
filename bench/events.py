"""Events to measure with: keys that open, repeat, recover and change severity. The same arguments give the same bytes."""

import json
import random
from collections.abc import Iterator

T0 = 1_700_000_000


def event(number: int, key: int, severity: int, status: str, noise: int, rate: int) -> bytes:
    """Return one event of about 600 bytes."""
    return json.dumps(
        {
            "event_id": f"ev-{number:08d}",
            "plugin_id": f"plugin-{key % 20:02d}",
            "alert_name": f"alert-{key % 50:02d}",
            "description": f"value crossed threshold on host-{key:06d}",
            "severity": severity,
            "status": status,
            "target_type": "HOST",
            "target": f"host-{key:06d}",
            "tags": [
                {"key": "metric", "value": f"system.metric_{key % 37}"},
                {"key": "cluster", "value": f"c{key % 8}"},
                {"key": "value", "value": str(noise)},
            ],
            "dedupe_keys": ["alert_name", "target_type", "target", "tags.metric"],
            "time": T0 + number // rate,
        }
    ).encode()


def mixed(events: int, keys: int, seed: int = 7, rate: int = 100) -> Iterator[bytes]:
    """Yield `events` of which each key opens once, a tenth are recoveries, a twentieth change severity."""
    rng = random.Random(seed)
    kinds = ["open"] * keys + ["recover"] * (events // 10) + ["severity"] * (events // 20)
    kinds += ["repeat"] * (events - len(kinds))
    rng.shuffle(kinds)
    severities: dict[int, int] = {}
    for number, kind in enumerate(kinds):
        if kind == "open" or not severities:
            key = len(severities)
            severities[key] = rng.choice((1, 2, 2, 3, 3, 3))
        else:
            key = rng.randrange(len(severities))
        if kind == "severity":
            severities[key] = rng.choice([one for one in (1, 2, 3) if one != severities[key]])
        status = "RECOVERED" if kind == "recover" else "ABNORMAL"
        yield event(number, key, severities[key], status, rng.randrange(1000), rate)


def openings(keys: int) -> Iterator[bytes]:
    """Yield one opening event a key, all within a minute of event time."""
    for key in range(keys):
        yield event(key, key, 2, "ABNORMAL", 0, max(keys // 60, 1))


def repeats(events: int, keys: int, begin: int, rate: int, seed: int = 3) -> Iterator[bytes]:
    """Yield repeats of open keys, numbered from `begin`."""
    rng = random.Random(seed)
    for number in range(begin, begin + events):
        yield event(number, rng.randrange(keys), 2, "ABNORMAL", rng.randrange(1000), rate)


def month(events: int, days: int = 30, seed: int = 11, begin: int = T0) -> Iterator[bytes]:
    """Yield `events` spread evenly over days: 500 problems at a time that repeat, a thousandth gets worse, one in fifty ends.

    Problems come back to their hosts, so a fingerprint has several alerts. What changes from event to event stands in
    the description, where producers that know their trade put it.
    """
    rng = random.Random(seed)
    pick, chance = rng.randrange, rng.random
    open_now = [(pick(20_000), pick(1, 4)) for _ in range(500)]
    span = days * 86400
    for number in range(events):
        at = pick(500)
        key, severity = open_now[at]
        luck = chance()
        status = b"RECOVERED" if luck < 0.02 else b"ABNORMAL"
        if luck < 0.02:
            open_now[at] = pick(20_000), pick(1, 4)
        elif luck < 0.021 and severity > 1:
            severity -= 1
            open_now[at] = key, severity
        yield MONTHLY % (
            number, key % 20, key % 50, pick(1000), key, severity, status, key, key % 37, key % 8, key % 5 + 2,
            begin + number * span // events,
        )  # fmt: skip


MONTHLY = (
    b'{"event_id":"ev-%08d","plugin_id":"plugin-%02d","alert_name":"alert-%02d","description":"value %d crossed threshold on'
    b' host-%06d","severity":%d,"status":"%b","target_type":"HOST","target":"host-%06d","tags":[{"key":"metric","value":'
    b'"system.metric_%d"},{"key":"cluster","value":"c%d"}],"dedupe_keys":["alert_name",'
    b'"target_type","target","tags.metric"],"bk_biz_id":%d,"time":%d}'
)
