"""CPU of the core with rules in force: strategies, inventory, 100 shields, 100 dispatch rules, and twice and ten times as many."""

import gc
import json
import time
from collections.abc import Iterator
from typing import Any

from bench.core import calibration, fold
from flows.settings import Settings
from flows.words import renderer
from operators.rules.documents import Sourced
from operators.rules.load import build
from operators.worker import Worker

T0 = 1_700_000_000
HOSTS = 2_000
STRATEGIES = 200


def documents(rules: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (kind, document): a book with `rules` shields and dispatch rules."""
    yield "businesses", {"id": 2, "name": "shop"}
    yield "user_groups", {"id": "ops", "name": "Ops", "users": ["alice", "bob"], "ways": ["mail"]}
    for number in range(HOSTS):
        yield "hosts", {"bk_host_id": number + 1, "ip": address(number), "bk_biz_id": 2, "topo": ["module|28", "biz|2"]}
    for number in range(STRATEGIES):
        item = {"id": 1, "query_configs": [{"metric_id": f"m{number}", "agg_dimension": ["ip"]}]}
        detect = {"level": 2, "trigger_config": {"count": 1, "check_window": 5}}
        yield "strategies", {
            "id": number, "name": f"strategy {number}", "bk_biz_id": 2, "items": [item], "detects": [detect],
            "notice": {"user_groups": ["ops"]},
        }  # fmt: skip
    for number in range(rules):
        yield "shields", {
            "id": number, "bk_biz_id": 2, "category": "strategy", "begin_time": T0 - 10, "end_time": T0 + 10**6,
            "dimension_config": {"strategy_id": [STRATEGIES + number]},
        }  # fmt: skip
    conditions = [
        [{"field": "alert.strategy_id", "method": "eq", "value": [str(STRATEGIES + n)]}] for n in range(rules)
    ]
    yield "dispatch", {
        "id": 1, "name": "teams", "bk_biz_id": 2,
        "rules": [
            {"id": n, "conditions": one, "user_groups": ["ops"], "actions": [{"action_type": "notice"}]}
            for n, one in enumerate(conditions)
        ],
    }  # fmt: skip


def address(number: int) -> str:
    return f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"


def events(count: int) -> list[bytes]:
    """Return events of strategies: each of 2,000 series opens, then repeats every 20 s of event time, then recovers by event."""
    made = []
    for number in range(count):
        host, turn = number % HOSTS, number // HOSTS
        status = "RECOVERED" if turn and turn % 10 == 0 else "ABNORMAL"
        made.append(json.dumps({
            "event_id": f"e{number}", "plugin_id": "bkmonitor", "strategy_id": host % STRATEGIES + 1 - 1 or 1,
            "alert_name": "CPU usage", "severity": 2, "status": status, "target_type": "HOST", "target": address(host),
            "bk_biz_id": 2, "time": T0 + number // 100, "metric": ["cpu"], "data_type": "time_series",
            "tags": [{"key": "device", "value": "cpu0"}], "dedupe_keys": ["tags.device"],
        }).encode())  # fmt: skip
    return made


def measure(rules: int, raws: list[bytes]) -> float:
    settings = Settings()
    book, errors = build(
        [Sourced(kind, document, "bench", f"{kind}[{n}]") for n, (kind, document) in enumerate(documents(rules))]
    )
    assert book is not None, errors[:3]
    host = Worker(settings, book, renderer(settings))
    gc.collect()
    gc.freeze()
    begin = time.process_time()
    fold(host, raws)
    return (time.process_time() - begin) / len(raws) * 1e6


def main() -> None:
    raws = events(60_000)
    print(f"calibration: sum(range(1000)) takes {calibration():.1f} us")
    for rules in (0, 100, 200, 1000):
        print(f"{rules:>5} shields and {rules:>5} dispatch rules: {measure(rules, raws):.1f} us CPU an event")


if __name__ == "__main__":
    main()
