"""5,000 alerts of one business within a minute: how many messages each person gets, with and without merging."""

import json
import sys
from collections import Counter
from collections.abc import Iterator

from flows.replay.replay import Line, Replay
from flows.rules.templates import renderer
from flows.settings.settings import Settings, settings_from
from operators.rules.read.documents import Sourced
from operators.rules.read.load import build

T0 = 1_700_000_000
ALERTS = 5_000
STRATEGIES = 20
RULES = [
    ("user_groups", {"id": "ops", "name": "Ops", "users": ["alice", "bob"], "ways": ["mail"]}),
    ("user_groups", {"id": "web", "name": "Web", "users": ["carol"], "ways": ["mail", "weixin"]}),
    *(
        (
            "strategies",
            {
                "id": n,
                "name": f"check {n}",
                "bk_biz_id": 2,
                "notice": {"user_groups": ["ops", "web"] if n % 2 else ["ops"]},
            },
        )
        for n in range(1, STRATEGIES + 1)
    ),
]


def lines() -> Iterator[Line]:
    """Yield the storm: one alert a line, 250 hosts by 20 strategies, spread over 60 seconds."""
    for number in range(ALERTS):
        strategy = number % STRATEGIES + 1
        yield Line("storm", number, json.dumps({
            "event_id": f"e{number}", "plugin_id": "bkmonitor", "strategy_id": strategy, "bk_biz_id": 2, "severity": 2,
            "alert_name": f"check {strategy}", "target_type": "HOST", "target": f"10.0.{number // 250}.{number % 250}",
            "time": T0 + number * 60 // ALERTS,
        }).encode())  # fmt: skip


def messages(settings: Settings) -> Counter[tuple[str, str]]:
    """Return messages by (person, way)."""
    words = renderer(settings)
    book, errors = build([Sourced(kind, document, "bench", kind) for kind, document in RULES])
    assert book is not None, errors
    outcome = Replay(settings, book, words).run(lines(), T0 + 600)
    return Counter((person, notice.way) for notice in outcome.notices.values() for person in notice.receivers)


def main() -> None:
    free = {"quota": {"alert": {"threshold": 0}, "action": {"threshold": 0}}}
    unmerged = messages(settings_from({**free, "converge": {"delay": 0, "business_threshold": 10**9}}, "bench"))
    merged = messages(settings_from(free, "bench"))
    guarded = messages(Settings())
    print(
        "| person | way | without merging | merged | merged, with the default quotas |",
        "| --- | --- | --- | --- | --- |",
        sep="\n",
    )
    for person, way in sorted(unmerged):
        print(f"| {person} | {way} | {unmerged[person, way]:,} | {merged[person, way]} | {guarded[person, way]} |")


if __name__ == "__main__":
    sys.exit(main())
