"""Every setting of the contract has an effect, and the default that the contract names (replay.md)."""

import pytest

from flows.settings.settings import SettingsError, settings_from
from operators.model.settings import CoreSettings
from tests.replay.driver import RULES, T0, command, event, replay, strategy_event

NO_DATA = {"tags": [{"key": "__NO_DATA_DIMENSION__", "value": True}]}
THIRD = {
    "user_groups": RULES["user_groups"],
    "dispatch": [
        {
            "id": 1,
            "rules": [{"id": 1, "conditions": [], "user_groups": ["ops"], "actions": [{"action_type": "notice"}]}],
        }
    ],
}
ITEMS = [{"id": 1, "query_configs": [{"metric_id": "cpu"}]}]
WATCHED = {**RULES, "strategies": [{**RULES["strategies"][0], "items": ITEMS}]}
NOISY = {
    **RULES,
    "strategies": [
        {
            "id": 1,
            "name": "CPU",
            "notice": {
                "user_groups": ["ops"],
                "options": {"noise_reduce_config": {"is_enabled": True, "dimensions": ["ip"]}},
            },
        }
    ],
}
MD5 = "0123456789abcdef" * 2
SILENCED = {**RULES, "shields": [{"id": 1, "category": "scope", "scope_type": "biz", "begin_time": T0 + 30}]}
LATE = {"event_id": "late", "target": "10.0.0.9"}


def many(count):
    return [strategy_event(0, target=f"10.0.{n // 200}.{n % 200}", event_id=f"m{n}") for n in range(count)]


def flaps(count):
    """Openings and ends in turn, ten seconds apart."""
    return [strategy_event(10 * n, "RECOVERED" if n % 2 else "ABNORMAL", event_id=f"f{n}") for n in range(count)]


def kinds(count):
    rules = [{"id": n, "name": f"s{n}", "notice": {"user_groups": ["ops"]}} for n in range(1, count + 1)]
    return {**RULES, "strategies": rules}, [
        strategy_event(n, strategy_id=n, event_id=f"k{n}") for n in range(1, count + 1)
    ]


EFFECTS = {
    "time_zone": ("UTC", "Asia/Tokyo", RULES, [strategy_event(0)], 0),
    "language": ("en", "zh", RULES, [strategy_event(0)], 0),
    "fingerprint": ("pairs", "bk", RULES, [strategy_event(0)], 0),
    "default_business": (0, 9, RULES, [strategy_event(0)], 0),
    "default_notice": (None, {"config": {"notify_interval": 600}}, THIRD, [event(0), event(60)], 700),
    "check_interval": (
        60,
        7,
        RULES,
        [strategy_event(0), {"kind": "rules", "at": T0 + 1, "delete": {"strategies": [1]}, "put": {"strategies": []}}],
        100,
    ),
    "event_expiry": (86400, 10, RULES, [strategy_event(0), strategy_event(50, time=T0 + 30, **LATE)], 60),
    "recover_delay": (0, 30, RULES, [strategy_event(0), strategy_event(10, "RECOVERED")], 60),
    "flap.changes": (6, 2, RULES, flaps(2), 60),
    "flap.window": (600, 5, RULES, flaps(6), 60),
    "flap.quiet": (600, 100, RULES, flaps(7), 300),
    "tell_ends_under_shield": (True, False, SILENCED, [strategy_event(0), strategy_event(60, "RECOVERED")], 60),
    "timeout": (3600, 100, THIRD, [event(0)], 200),
    "ended_retention": (
        3600,
        5,
        RULES,
        [
            strategy_event(0, dedupe_md5=MD5),
            strategy_event(1, "RECOVERED", dedupe_md5=MD5),
            command(20, "ack", dedupe_md5=MD5),
        ],
        30,
    ),
    "clock_skew": (300, 60, THIRD, [event(0, time=T0 + 61)], 0),
    "late": (600, 5, THIRD, [event(10, "RECOVERED"), event(20, time=T0 + 5)], 30),
    "plugins": ({}, {"p": {"timeout": 100}}, THIRD, [event(0)], 200),
    "quota.alert.threshold": (200, 1, RULES, many(3), 0),
    "quota.alert.window": (60, 1, RULES, [*many(201), strategy_event(2, **LATE)], 3),
    "quota.action.threshold": (100, 1, RULES, many(3), 0),
    "quota.action.window": (60, 1, RULES, many(102), 3),
    "no_data_expiry": (86400, 100, WATCHED, [strategy_event(0, **NO_DATA)], 200),
    "third_party_whitelist": ([], [7], THIRD, [event(0)], 0),
    "global_shield": (False, True, RULES, [strategy_event(0)], 0),
    "converge.window": (120, 2, *kinds(3), 100),
    "converge.delay": (60, 5, RULES, many(2), 20),
    "converge.business_threshold": (2, 9, *kinds(3), 100),
    "noise_reduce.window": (300, 30, NOISY, [strategy_event(0)], 60),
    "notice.max_length": ({}, {"mail": 100}, RULES, [strategy_event(0)], 0),
    "product.name": ("Tocsin", "Bell", RULES, [strategy_event(0)], 0),
    "links.alert": ("", "https://example.org/{{ alert.id }}", RULES, [strategy_event(0)], 0),
}


def tree(path, value):
    *outer, last = path.split(".")
    made = {last: value}
    for name in reversed(outer):
        made = {name: made}
    return made


@pytest.mark.parametrize("path", EFFECTS)
def test_a_setting_has_its_default_and_an_effect(path):
    default, other, rules, lines, until = EFFECTS[path]
    plain, same, changed = (
        replay(rules, lines, until, settings) for settings in (None, tree(path, default), tree(path, other))
    )
    assert plain.bytes == same.bytes
    assert plain.bytes != changed.bytes


def test_every_setting_of_the_core_is_among_them():
    named = {path.split(".")[0] for path in EFFECTS}
    assert named == set(CoreSettings.__struct_fields__)


def test_no_default_business_drops_events_whose_business_stays_unknown():
    out = replay(RULES, [strategy_event(0)], settings={"default_business": None})
    assert (out.summary["dropped"], out.alerts) == (1, [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"quota": {"action": {"treshold": 1}}},
        {"unknown": 1},
        {"time_zone": "Mars/Base"},
        {"fingerprint": "sha1"},
        {"default_notice": {"signal": ["abnorml"]}},
        {"default_notice": {"config": {"template": [{"signal": "abnormal", "title_tmpl": "{{"}]}}},
        {"check_interval": "soon"},
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_with_its_place(wrong):
    with pytest.raises(SettingsError, match=r"tocsin\.yaml: "):
        settings_from(wrong, "tocsin.yaml")
