"""What a shield would silence: which open alerts, and how many of their repeats until it ends."""

import pytest

from operators.explain.preview import preview
from operators.model.alert import CycleRecord, Extra
from operators.model.settings import CoreSettings
from tests.operators.rules.drawn import T0, alert, book

NOTICE = {"user_groups": ["ops"], "config": {"notify_interval": 60}}
OPS = {"id": "ops", "name": "Ops", "users": ["alice"], "ways": ["mail"]}
SHIELD = {"id": 9, "bk_biz_id": 2, "category": "strategy", "begin_time": T0, "dimension_config": {"strategy_id": [1]}}


def told(times=1, ago=0, relation="notice"):
    return Extra(cycle_handle_record={relation: CycleRecord(T0 - ago, False, T0, times)})


def previewed(*alerts, length=300, config=None, now=T0):
    notice = {**NOTICE, "config": {**NOTICE["config"], **(config or {})}}
    hook = {"id": 11, "signal": ["abnormal"], "config": {"url": "http://h", "need_poll": True, "notify_interval": 60}}
    strategies = [{"id": 1, "name": "CPU", "bk_biz_id": 2, "notice": notice, "actions": [hook]}]
    rules = book(strategies=strategies, user_groups=[OPS], shields=[{**SHIELD, "end_time": T0 + length}])
    found = preview(rules.shields["9"], alerts, rules, CoreSettings(), now)
    return [one.id for one in found.alerts], found.notices


@pytest.mark.parametrize(
    ("length", "count"),
    [(59, 0), (60, 1), (119, 1), (120, 2), (300, 5)],
    ids=["before", "at its second", "one", "two", "five"],
)
def test_repeats_are_counted_through_the_last_second_of_the_shield(length, count):
    assert previewed(alert(extra_info=told()), length=length) == (["1"], count)


@pytest.mark.parametrize(
    ("config", "times", "count"),
    [
        ({"interval_notify_mode": "increasing"}, 1, 2),
        ({"interval_notify_mode": "linear"}, 1, 2),
        ({"need_poll": False}, 1, 0),
        ({"notify_interval": 0}, 1, 0),
    ],
    ids=["60 and 120 s apart", "120 and 180 s apart", "never", "without an interval"],
)
def test_repeats_are_as_far_apart_as_their_mode_says(config, times, count):
    assert previewed(alert(extra_info=told(times)), config=config)[1] == count


def test_a_repeat_that_is_overdue_counts_from_now():
    assert previewed(alert(extra_info=told(ago=999)), length=60)[1] == 2


@pytest.mark.parametrize(
    "about",
    [
        {"is_ack": True},
        {"is_blocked": True},
        {"is_shielded": True},
        {"extra_info": Extra()},
        {"extra_info": told(relation="11")},
    ],
    ids=["acked", "blocked", "shielded already", "told to nobody yet", "a webhook alone"],
)
def test_what_does_not_repeat_to_people_is_covered_and_counts_nothing(about):
    assert previewed(alert(**({"extra_info": told()} | about))) == (["1"], 0)


@pytest.mark.parametrize(
    "about",
    [{"status": "CLOSED"}, {"strategy_id": "2"}, {"bk_biz_id": 3}],
    ids=["it has ended", "another strategy", "another business"],
)
def test_what_a_shield_does_not_cover_is_not_counted(about):
    assert previewed(alert(**({"extra_info": told()} | about))) == ([], 0)


def test_repeats_of_all_alerts_are_counted_together():
    both = [alert(id="1", extra_info=told()), alert(id="2", extra_info=told(ago=30))]
    assert previewed(*both, length=60) == (["1", "2"], 2)
