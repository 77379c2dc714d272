"""Dispatch rules that matched, who was told, and actions, with one thing about them said at a time."""

from typing import Any

from operators.model.memory import Told
from operators.model.records import Action
from operators.people.dispatch import Dispatch

ALICE, BOB = {"mail": ["alice"]}, {"mail": ["bob"]}


def dispatched(**changes: Any) -> Dispatch:
    """What a dispatch rule that says nothing says."""
    given = {"severity": 2, "severity_source": "", "main": (), "follower": (), "additional_tags": ()}
    named = {"rule_ids": ("1",), "group_id": "1", "group_name": "teams", "upgrades": ()}
    return Dispatch(**(given | named | changes))


def told(main: Any = None, followers: Any = None, **changes: Any) -> Told:
    return Told(
        **({"alert_id": "1", "notice_type": "normal", "main": main or {}, "followers": followers or {}} | changes)
    )


def action(**changes: Any) -> Action:
    """A first notice on its way."""
    given = {
        "id": "a", "time": 5, "alert_ids": ("1",), "strategy_id": "1", "relation_id": "notice", "plugin_type": "notice",
        "signal": "abnormal", "notice_type": "normal", "execute_times": 1, "status": "received",
    }  # fmt: skip
    return Action(**(given | changes))
