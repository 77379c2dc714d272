"""A strategy with a webhook and a notice, an alert of it, and what is planned of a signal."""

from typing import Any

from operators.model.memory import StrategySnapshot
from operators.people.dispatch import Dispatch
from operators.plan.plan import plan
from tests.operators.check.made import T0
from tests.operators.rules.books import book_of
from tests.operators.state.staged import Stage, kept

GROUPS = [
    {"id": "ops", "name": "Ops", "users": ["alice"], "ways": ["mail"]},
    {"id": "boss", "name": "Boss", "users": ["bob"], "ways": ["mail"]},
    {"id": "call", "name": "Call", "users": ["alice", "carl"], "ways": ["voice"]},
    {"id": "chat", "name": "Chat", "alert_notice": [{"notify_config": [{"level": 2, "notice_ways": [{"name": "slack", "receivers": ["c1"]}]}]}]},
    {"id": "none", "name": "Nobody"},
]  # fmt: skip
EVERY = ["abnormal", "no_data", "recovered", "closed", "ack"]
NIGHT = {"start_time": "03:00:00", "end_time": "03:00:01"}
"""Hours in which T0 does not lie."""
HOOK = {"id": 11, "signal": ["abnormal"], "plugin_type": "webhook", "config": {"url": "http://h"}}
SHIELD = {
    "id": 9,
    "bk_biz_id": 2,
    "category": "strategy",
    "begin_time": 0,
    "end_time": T0 + 99,
    "dimension_config": {"strategy_id": [1]},
}


def stage(
    about: Any = None,
    *,
    groups: Any = ("ops",),
    signal: Any = EVERY,
    options: Any = None,
    actions: Any = (HOOK,),
    shields: Any = (),
    settings: Any = None,
    **known: Any,
) -> Stage:
    notice = {"user_groups": list(groups), "signal": list(signal), "options": options or {}}
    strategy = {"id": 1, "name": "CPU", "bk_biz_id": 2, "notice": notice, "actions": list(actions)}
    rules = book_of(strategies=[strategy], user_groups=GROUPS, shields=list(shields))
    return Stage(kept(**(about or {})), rules=rules, settings=settings, snapshot=StrategySnapshot(), **known)


def planned(
    made: Stage,
    signal: str = "abnormal",
    kind: str = "normal",
    found: Dispatch | None = None,
    later: int = 5,
    **asked: Any,
) -> list[Any]:
    """Plan a signal some seconds after T0; return kind, signal, status, reason and number of each action."""
    plan(made.turn(later), signal, kind, found, **asked)
    return [(one.plugin_type, one.status, str(one.reason), one.execute_times) for one in made.actions]


def extra(**records: Any) -> dict[str, Any]:
    """Return the cycles that an alert keeps."""
    return {"extra": {"cycle_handle_record": records}}
