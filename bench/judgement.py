"""CPU of the core with rules in force: strategies, inventory, 100 shields, 100 dispatch rules, and twice and ten times as many.

With a number: what so many open alerts cost while no event comes, by checker.
"""

import gc
import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

from bench.core import Core, round_of
from bench.figure import Round, calibration, figure, rounds_of
from operators.check.verdict import Verdict
from operators.intake.name import InForce
from operators.lifecycle import checkers
from operators.rules.ask.look import Look
from operators.rules.book import RuleBook
from operators.rules.read.documents import Sourced
from operators.rules.read.load import build
from operators.state.turn import Turn

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


def book_of(rules: int, *, extra: str = "") -> RuleBook:
    """Return the book; `extra` names a group that makes it another version and changes nothing."""
    found = list(documents(rules))
    if extra:
        found.append(("user_groups", {"id": extra, "name": extra, "users": ["zoe"], "ways": ["mail"]}))
    book, errors = build([Sourced(kind, document, "bench", f"{kind}[{n}]") for n, (kind, document) in enumerate(found)])
    assert book is not None, errors[:3]
    return book


def measure(rules: int, raws: list[bytes]) -> Round:
    return round_of(Core(book_of(rules)), raws)


MINUTES = 10


def identity(key: int) -> dict[str, Any]:
    """Return what names one of many series, spread over strategies and hosts."""
    return {
        "plugin_id": "bkmonitor", "strategy_id": key % STRATEGIES or 1, "alert_name": "CPU usage", "target_type": "HOST",
        "target": address(key % HOSTS), "bk_biz_id": 2, "data_type": "time_series", "metric": ["cpu"],
        "tags": [{"key": "series", "value": str(key)}], "dedupe_keys": ["tags.series"],
    }  # fmt: skip


def opened(count: int) -> Core:
    """Return a worker with `count` open alerts of strategies, all opened within a minute and looked at since."""
    host = Core(book_of(100))
    lines = (
        json.dumps(identity(key) | {"event_id": f"e{key}", "severity": 2, "time": T0 + key * 60 // count}).encode()
        for key in range(count)
    )
    host.fold(lines)
    host.advance(T0 + 180)
    return host


class Timed:
    """One checker of the chain, with its calls and seconds: judge and what follows of it."""

    def __init__(self, checker: checkers.Checker) -> None:
        self.checker = checker
        self.calls, self.seconds = 0, 0.0

    def judge(self, look: Look) -> Verdict:
        begin = time.process_time()
        verdict = self.checker.judge(look)
        self.seconds += time.process_time() - begin
        self.calls += 1
        return verdict

    def carry_out(self, turn: Turn, verdict: Verdict) -> None:
        begin = time.process_time()
        self.checker.carry_out(turn, verdict)
        self.seconds += time.process_time() - begin

    @property
    def row(self) -> checkers.Checker:
        return self.checker._replace(judge=self.judge, carry_out=self.carry_out)


def minutes_of(host: Core, count: int, title: str, minutes: int, each: Callable[[Core, int], None]) -> None:
    """Let time move and print CPU and looks an open alert and minute."""
    gc.collect()
    gc.freeze()
    watched = checkers.CHECKERS
    timed = [Timed(checker) for checker in watched]
    checkers.CHECKERS = tuple(one.row for one in timed)
    start, begin = host.worker.clock, time.process_time()
    for minute in range(1, minutes + 1):
        each(host, start + 60 * (minute - 1))
        for second in range(60):
            host.advance(start + 60 * (minute - 1) + second + 1)
    spent = time.process_time() - begin
    checkers.CHECKERS = watched
    per = count * minutes
    assert sum(1 for _ in host.worker.states.open()) == count
    print(
        f"{count:>7,} open, {title}: {spent / per * 1e6:.2f} us and {timed[0].calls / per:.2f} looks an alert and minute"
    )
    if timed[0].calls:
        looks = timed[0].calls
        parts = ", ".join(f"{one.checker.name} {one.seconds / looks * 1e6:.1f}" for one in timed)
        print(f"        us a look: {parts}")


def nothing(_: Core, __: int) -> None:
    """Time alone: what is not due costs nothing."""


def new_rules() -> Callable[[Core, int], None]:
    """Books that change nothing in turn: every open alert is looked at once within the minute."""
    books = cycle([book_of(100, extra="even"), book_of(100, extra="odd")])
    return lambda host, _: host.worker.take_book(InForce(next(books)))


def anomalous_checks(count: int) -> Callable[[Core, int], None]:
    """A check of every series that says again what its event said: the window stays hot."""

    def each(host: Core, at: int) -> None:
        said = {"kind": "check", "time": at, "at": at, "anomaly": True, "level": 2, "item_id": 1, "value": 1.5}
        host.fold(json.dumps(identity(key) | said).encode() for key in range(count))

    return each


def open_alerts(count: int) -> None:
    """Print what open alerts cost while no event comes."""
    host = opened(count)
    minutes_of(host, count, "nothing happens", MINUTES, nothing)
    minutes_of(host, count, "rules change every minute", MINUTES if count <= FEW else 2, new_rules())
    if count <= FEW:
        minutes_of(host, count, "a check of each every minute", MINUTES, anomalous_checks(count))


FEW = 10_000
"""Alerts for which a check of each is worth the wait."""


def main() -> None:
    if len(sys.argv) > 1:
        print(f"calibration: sum(range(1000)) takes {calibration():.1f} us")
        open_alerts(int(sys.argv[1]))
        return
    raws = events(60_000)
    for rules in (0, 100, 200, 1000):
        rounds = rounds_of(lambda rules=rules: measure(rules, raws))
        print(f"{rules:>5} shields and {rules:>5} dispatch rules: {figure(rounds)}", flush=True)


if __name__ == "__main__":
    main()
