"""Throw junk at the stages: nothing may escape, and whatever was taken must fit into a snapshot and a document.

.venv/bin/python -m bench.fuzz --inputs 100000 --seed 1
"""

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from flows.replay.replay import Replay
from flows.rules.templates import renderer
from flows.settings.settings import settings_from
from operators.intake.decode import MIXED, Wire
from operators.intake.poll import Raw
from operators.rules.book import RuleBook
from operators.rules.read.documents import taken_apart
from operators.rules.read.load import build

T0 = 1_700_000_000
replace = msgspec.structs.replace

RULES: dict[str, list[Any]] = {
    "strategies": [
        {"id": 1, "name": "plain", "notice": {"user_groups": ["ops"]}},
        {
            "id": 2,
            "name": "watched",
            "bk_biz_id": 2,
            "items": [{"id": 1, "name": "cpu", "query_configs": [{"metric_id": "cpu", "agg_interval": 60}]}],
            "detects": [{"level": 2, "trigger_config": {"count": 2, "check_window": 5}}],
        },
    ],
    "user_groups": [{"id": "ops", "name": "Ops", "users": ["alice"], "ways": ["mail"]}],
    "hosts": [{"bk_host_id": 1, "ip": "10.0.0.1", "bk_cloud_id": 0, "bk_biz_id": 2, "topo": ["module|28"]}],
    "topology": [{"bk_obj_id": "module", "bk_inst_id": 28, "name": "web"}],
    "dispatch": [
        {"id": 1, "name": "all", "rules": [{"id": 1, "conditions": [], "user_groups": ["ops"], "actions": [{"action_type": "notice"}]}]}
    ],
}  # fmt: skip

WHOLE: list[dict[str, Any]] = [
    {
        "at": T0, "kind": "event", "event_id": "e", "plugin_id": "p", "alert_name": "a", "target_type": "HOST",
        "target": "10.0.0.1|0", "severity": 2, "status": "ABNORMAL", "time": T0, "tags": [{"key": "k", "value": "v"}],
        "dedupe_keys": ["alert_name", "tags.k"], "metric": ["m"], "category": "os", "extra_info": {"origin_alarm": {"data": {}}},
    },
    {"event_id": "e", "plugin_id": "p", "strategy_id": 2, "time": T0, "status": "RECOVERED", "target_type": "SERVICE", "target": "1"},
    {"kind": "check", "strategy_id": 2, "target_type": "HOST", "target": "1", "time": T0, "anomaly": True, "level": 2, "value": 1.5},
    {"kind": "command", "command": "ack", "dedupe_md5": "a" * 32, "operator": "bob", "message": "mine"},
    {"kind": "command", "command": "shield", "shield": {"id": 1, "begin_time": T0, "end_time": T0 + 9}, "operator": "bob"},
    {"kind": "rules", "put": {"shields": [{"id": 1, "begin_time": T0, "end_time": T0 + 9}]}, "delete": {"shields": [2]}},
    {"kind": "receipt", "notice": 0, "results": {"alice": {"result": False, "message": "no"}}},
    {"kind": "tick", "at": T0},
]  # fmt: skip

NAMES = [*Wire.__struct_fields__, "anomaly", "level", "value", "item_id", "no_data", "superseded", "command", "operator",
         "message", "alert_id", "appointee", "shield", "id", "put", "delete", "results", "notice", "notice_id"]  # fmt: skip

ODD: list[Any] = [
    None, True, False, 0, 1, -1, 2, 3, 4, 2**31, 2**63, 2**64, -(2**63) - 1, 10**30, 10**400, T0, T0 + 0.5, T0 * 1000, 1e308, -0.0,
    "", "0", " ", "1", "a", "A" * 5000, "\x00", "\u2028", "é", "💥", "1700000000", "٣", "1e5", "NaN", "HOST", "host", "SERVICE", "TOPO",
    "10.0.0.1", "10.0.0.1|0", "module|28", "a" * 32, "A" * 32, "g" * 32, "ABNORMAL", "recovered", "CLOSED", "event", "check",
    [], {}, [None], [[]], [{}], {"": None}, ["a", 1, None], [{"key": "k"}], [{"key": None, "value": 1}], [{"key": 1, "value": {}}],
    [{"key": "k", "value": [10**30, {"a": [1]}]}], [{"key": "__NO_DATA_DIMENSION__", "value": True}], {"k": "v"}, {"k": 10**30},
    {"origin_alarm": None}, {"origin_alarm": {"data": None}}, {"origin_alarm": {"data": {"access_time": 1e300}}},
    {"origin_alarm": {"data": {"values": {"extra_info": '{"alert_level_msg": {"alert_level": 1e400}}'}}}},
    {"origin_alarm": {"data": {"values": {"extra_info": '{"alert_level_msg": {"alert_level": 99999999999999999999}}'}}}},
    {"additional_dimensions": [1, {"key": 1}, {"key": "x", "value": [1]}]}, ["tags.k", "tags.missing", "time", "extra_info", "kind"],
    ["strategy_id", "__class__", "tags."], {"shields": [{"id": 10**30}]}, {"nothing": [1]}, {"strategies": {}}, {"hosts": ["1"]},
]  # fmt: skip


def junk(rng: random.Random) -> bytes:
    """Return the bytes of one record: pure noise, a damaged record, or a whole one with odd values."""
    draw = rng.random()
    if draw < 0.1:
        return rng.randbytes(rng.randrange(200))
    record = dict(rng.choice(WHOLE))
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        record[rng.choice(NAMES)] = rng.choice(ODD)
    for name in rng.sample(list(record), rng.randrange(2)):
        del record[name]
    raw = _text(record, rng).encode("utf-8", "surrogatepass")
    return _damaged(raw, rng) if draw < 0.4 else raw


def _text(record: dict[str, Any], rng: random.Random) -> str:
    text = json.dumps(record, ensure_ascii=rng.random() < 0.5)
    return (
        text
        if rng.random() < 0.95
        else rng.choice(['"\\ud800"', "[" * 100, text + text, "[" + text + "]", "\ufeff" + text])
    )


def _damaged(raw: bytes, rng: random.Random) -> bytes:
    """Return bytes with some changed, cut, doubled or put in."""
    out = bytearray(raw)
    for _ in range(rng.randrange(1, 4)):
        place = rng.randrange(len(out) + 1)
        match rng.randrange(4):
            case 0:
                out[place : place + 1] = rng.randbytes(1)
            case 1:
                del out[place : place + rng.randrange(1, 30)]
            case 2:
                out[place:place] = out[: rng.randrange(30)]
            case _:
                out[place:place] = rng.choice(
                    (b'"', b"{", b"[", b"\\", b"9" * 25, b"9" * 5000, b"\xff", b"null", b"e9", b",,", b"-")
                )
    return bytes(out)


def book() -> RuleBook:
    """Return the rules that the junk meets."""
    made, errors = build(*taken_apart(RULES, "rules"))
    if made is None:
        raise SystemExit("\n".join(map(str, errors)))
    return made


def attack(inputs: int, seed: int) -> Iterator[tuple[bytes, str]]:
    """Decode and fold junk; yield each input and what became of it. Whatever is raised is a bug."""
    rng = random.Random(seed)
    drivers = [_driver(fingerprint) for fingerprint in ("pairs", "bk")]
    for number in range(inputs):
        raw = junk(rng)
        driver = drivers[number % 2]
        kind = rng.choice((MIXED,) * 4 + ("event",) * 4 + ("check", "command"))
        clock = driver.worker.clock
        record = driver.intake.record(Raw(None, "fuzz", str(number), raw, kind), floor=clock)
        driver.worker.fold(replace(record, at=min(record.at, clock + 600) if clock else T0))
        msgspec.json.encode([driver.worker.drain().documents, driver.notices.advance(clock)])
        if number % 2000 == 0:
            _snapshots(driver)
        yield raw, type(record.body).__name__
    for driver in drivers:
        _snapshots(driver)


def _driver(fingerprint: str) -> Replay:
    settings = settings_from({"fingerprint": fingerprint}, "settings")
    words = renderer(settings)
    return Replay(settings, book(), words, words.check_template)


def _snapshots(driver: Replay) -> None:
    driver.intake.restore(driver.intake.snapshot())
    driver.worker.snapshot_shared()
    for slot in driver.worker.states.slots.values():
        type(slot).restore(slot.snapshot())
    for store in driver.notices.slots.values():
        store.restore(store.snapshot())


def main() -> None:
    """Attack, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    begin = time.perf_counter()
    raw = b""
    counts: Counter[str] = Counter()
    for raw, became in attack(given.inputs, given.seed):  # noqa: B007 - named in the error
        counts[became] += 1
    print(json.dumps({"inputs": given.inputs, "seconds": round(time.perf_counter() - begin, 1), **counts}))


if __name__ == "__main__":
    main()
