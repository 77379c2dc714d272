"""Noise reduction (spec/notices.md 8, design.md 7.27)."""

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from operators.limits.combination import combination, noise_dimensions
from operators.limits.noise import Noise, is_reducible
from operators.model.alert import Alert
from operators.model.event import Event, Tag
from operators.model.settings import CoreSettings, NoiseReduceSettings
from operators.model.snapshot import SnapshotError
from operators.rules.shapes.model import NoiseReduceConfig, NoticeOptions, NoticeRelation, Strategy
from tests.operators.converge.planned import notice

DAY = 86400


def strategy(*dimensions, count=10, strategy_id="1", enabled=True):
    reduce = NoiseReduceConfig(enabled, dimensions or ("device",), count)
    return Strategy(strategy_id, "cpu", notice=NoticeRelation(options=NoticeOptions(noise_reduce_config=reduce)))


def event(device=None, **fields):
    tags = (Tag("device", device),) if device is not None else ()
    values = {
        "event_id": "e", "plugin_id": "p", "alert_name": "cpu", "severity": 2, "data_type": "event", "status": "ABNORMAL",
        "category": "os", "time": 0, "anomaly_time": 0, "tags": tags,
    }  # fmt: skip
    return Event(**{**values, **fields})


def alert(name, device):
    return Alert(
        id=name, seq_id=name, dedupe_md5=name, alert_name="cpu", status="ABNORMAL", severity=2, event=event(device),
        create_time=0, update_time=0, begin_time=0, latest_time=0, first_anomaly_time=0,
    )  # fmt: skip


def hold(noise, name, device, now, rule=None, **fields):
    return noise.hold(notice(name, **fields), rule or strategy(), alert(name, device), now)


def watch(noise, count, now=0, rule=None):
    noise.seen(rule or strategy(), [(f"d{n}",) for n in range(count)], now)


def reducing(**settings):
    return Noise(CoreSettings(noise_reduce=NoiseReduceSettings(**settings)))


def verdict(judged):
    return [(j.time, j.abnormal, j.total, [a.id for a in j.released], [a.id for a in j.suppressed]) for j in judged]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"notice_type": "unshielded"}, True),
        ({"signal": "no_data"}, False),
        ({"signal": "recovered"}, False),
        ({"execute_times": 2}, False),
        ({"notice_type": "upgrade"}, False),
        ({"plugin_type": "webhook"}, False),
    ],
)
def test_only_the_first_abnormal_notice_is_held(change, expected):
    assert is_reducible(notice("a", **change), strategy()) is expected


@pytest.mark.parametrize(
    "rule", [Strategy("1", "cpu"), Strategy("1", "cpu", notice=NoticeRelation()), strategy(enabled=False)]
)
def test_a_strategy_may_do_without(rule):
    assert noise_dimensions(rule) is None
    assert not is_reducible(notice("a"), rule)


def test_dimensions_are_named_without_their_prefix():
    assert noise_dimensions(strategy("tags.device", "ip")) == ("device", "ip")


@pytest.mark.parametrize(
    ("fields", "name", "value"),
    [
        ({"device": "sda"}, "device", "sda"),
        ({"device": 7}, "device", "7"),
        ({}, "device", None),
        ({"ip": "10.0.0.1"}, "ip", "10.0.0.1"),
        ({"ip": "10.0.0.1"}, "bk_target_ip", "10.0.0.1"),
        ({"bk_cloud_id": 0}, "bk_target_cloud_id", "0"),
        ({"tags": (Tag("ip", "10.9.9.9"),), "ip": "10.0.0.1"}, "ip", "10.9.9.9"),
        ({"target_type": "HOST", "target": "10.0.0.1|3"}, "ip", "10.0.0.1"),
        ({"target_type": "HOST", "target": "10.0.0.1|3"}, "bk_cloud_id", "3"),
        ({"target_type": "HOST", "target": "10.0.0.1"}, "bk_cloud_id", None),
        ({"target_type": "HOST"}, "ip", None),
        ({"target_type": "SERVICE", "target": "7"}, "ip", None),
        ({"target_type": "SERVICE", "target": "7"}, "target", "7"),
        ({}, "status", None),
    ],
)
def test_a_combination_is_of_tags_first_and_of_target_fields_else(fields, name, value):
    assert combination(event(**fields), (name,)) == (value,)


def test_a_held_notice_stays_received_and_says_why():
    held = hold(Noise(CoreSettings()), "a", "d0", 0)
    assert (held.status, held.reason, held.revision) == ("received", "noise_held", 2)


@pytest.mark.parametrize(("now", "judged"), [(399, 0), (400, 1)])
def test_a_window_is_judged_five_minutes_after_its_first_notice(now, judged):
    noise = Noise(CoreSettings())
    hold(noise, "a", "d0", 100)
    hold(noise, "b", "d1", 399)
    assert noise.next_due() == 400
    assert len(noise.fire(now)) == judged


@pytest.mark.parametrize(
    ("abnormal", "total", "count", "goes"),
    [
        (1, 10, 10, True),
        (1, 11, 10, False),
        (2, 19, 10, True),
        (2, 20, 10, True),
        (2, 21, 10, False),
        (1, 100, 1, True),
        (1, 101, 1, False),
        (2, 3, 66, True),
        (2, 3, 67, False),
        (3, 3, 100, True),
        (1, 1, 0, True),
    ],
)
def test_the_floor_of_the_percentage_must_reach_the_count(abnormal, total, count, goes):
    noise, rule = Noise(CoreSettings()), strategy(count=count)
    watch(noise, total, rule=rule)
    for n in range(abnormal):
        hold(noise, f"a{n}", f"d{n}", 0, rule)
    (judged,) = noise.fire(300)
    assert (judged.abnormal, judged.total, judged.percent) == (abnormal, total, count)
    assert [len(judged.released), len(judged.suppressed)] == ([abnormal, 0] if goes else [0, abnormal])


def test_a_released_notice_is_still_received_and_a_suppressed_one_skipped():
    noise = Noise(CoreSettings())
    hold(noise, "a", "d0", 0)
    (released,) = noise.fire(300)[0].released
    assert (released.status, released.reason, released.time) == ("received", "noise_released", 0)
    watch(noise, 50, now=300)
    hold(noise, "b", "d1", 300)
    (suppressed,) = noise.fire(600)[0].suppressed
    assert (suppressed.status, suppressed.reason) == ("skipped", "noise_suppressed")


def test_distinct_combinations_count_not_alerts():
    noise = Noise(CoreSettings())
    watch(noise, 20)
    for n in range(5):
        hold(noise, f"a{n}", "d0", n)
    assert verdict(noise.fire(300)) == [(300, 1, 20, [], [f"act-a{n}" for n in range(5)])]


def test_an_abnormal_series_never_seen_before_counts_in_the_total():
    noise = Noise(CoreSettings())
    hold(noise, "a", "new", 0)
    assert verdict(noise.fire(300)) == [(300, 1, 1, ["act-a"], [])]


@pytest.mark.parametrize(("seen_at", "total"), [(1299, 2), (1300, 2), (1301, 3)])
def test_the_total_is_of_the_last_day(seen_at, total):
    noise = Noise(CoreSettings())
    noise.seen(strategy(), [("old",)], seen_at)
    noise.seen(strategy(), [("fresh",)], 5000)
    hold(noise, "a", "d0", 1300 + DAY - 300)
    assert noise.fire(1300 + DAY)[0].total == total


def test_a_series_that_comes_again_stays_in_the_total():
    noise = Noise(CoreSettings())
    for now in (0, DAY):
        noise.seen(strategy(), [("d0",)], now)
    hold(noise, "a", "d1", DAY + 1000)
    assert noise.fire(DAY + 1300)[0].total == 2


def test_series_not_seen_for_a_day_are_forgotten():
    noise = Noise(CoreSettings())
    watch(noise, 100, rule=strategy(strategy_id="gone"))
    watch(noise, 1, now=DAY)
    assert len(noise.snapshot()) < 100


@pytest.mark.parametrize(
    ("change", "total"),
    [({"rule": strategy(strategy_id="2")}, 1), ({"rule": strategy("device", "ip")}, 1), ({"severity": 1}, 2)],
)
def test_strategies_dimension_lists_and_severities_have_windows_of_their_own(change, total):
    noise = Noise(CoreSettings())
    hold(noise, "a", "d0", 0)
    hold(noise, "b", "d1", 10, **change)
    assert verdict(noise.fire(400)) == [(300, 1, total, ["act-a"], []), (310, 1, total, ["act-b"], [])]


def test_another_window_opens_after_a_judgement():
    noise = Noise(CoreSettings())
    hold(noise, "a", "d0", 0)
    noise.fire(300)
    hold(noise, "b", "d0", 300)
    assert noise.next_due() == 600


def test_a_held_alert_that_ends_is_dropped():
    noise = Noise(CoreSettings())
    hold(noise, "a", "d0", 0)
    hold(noise, "b", "d1", 1)
    (dropped,) = noise.drop("a", 2)
    assert (dropped.id, dropped.status, dropped.reason) == ("act-a", "skipped", "signal_stale")
    assert verdict(noise.fire(300)) == [(300, 2, 2, ["act-b"], [])]


def test_dropping_what_is_not_held_does_nothing():
    noise = Noise(CoreSettings())
    hold(noise, "a", "d0", 0)
    noise.fire(300)
    assert noise.drop("a", 300) == noise.drop("b", 300) == ()


def test_a_window_whose_alerts_all_ended_tells_nobody():
    noise = Noise(CoreSettings())
    hold(noise, "a", "d0", 0)
    noise.drop("a", 1)
    assert verdict(noise.fire(300)) == [(300, 1, 1, [], [])]


def test_the_window_is_a_setting():
    noise = reducing(window=10)
    hold(noise, "a", "d0", 0)
    assert noise.next_due() == 10


def test_strategies_without_noise_reduction_cost_no_memory():
    noise = Noise(CoreSettings())
    noise.seen(strategy(enabled=False), [("d0",)], 0)
    assert noise.snapshot() == Noise(CoreSettings()).snapshot()


STEPS = st.lists(
    st.tuples(st.sampled_from([0, 1, 100, 300]), st.sampled_from(["seen", "hold", "hold", "drop"]), st.integers(0, 5), st.integers(1, 2)),
    max_size=30,
)  # fmt: skip


def play(noise, steps, now=0, restart=False):
    """Return what noise reduction says step by step; each restart goes through a snapshot."""
    said = []
    for place, (gap, what, n, severity) in enumerate(steps):
        now += gap
        said += noise.fire(now)
        if what == "seen":
            watch(noise, n * 4, now)
        elif what == "hold":
            said.append(hold(noise, f"a{n}", f"d{n}", now, strategy(count=40), id=f"act{place}", severity=severity))
        else:
            said += noise.drop(f"a{n}", now)
        noise = Noise.restore(noise.snapshot(), CoreSettings()) if restart else noise
    return [*said, *noise.fire(now + 300)], noise


@given(STEPS)
@example([(0, "hold", 0, 2), (0, "hold", 0, 1), (0, "hold", 0, 2), (0, "drop", 0, 1)])
def test_a_restored_snapshot_equals_the_run_that_never_stopped(steps):
    assert play(Noise(CoreSettings()), steps, restart=True)[0] == play(Noise(CoreSettings()), steps)[0]


@given(STEPS)
def test_every_held_notice_is_released_suppressed_or_dropped_exactly_once(steps):
    said, noise = play(Noise(CoreSettings()), steps)
    actions = [one for one in said if not hasattr(one, "released")]
    held = [a.id for a in actions if a.reason == "noise_held"]
    dropped = [a.id for a in actions if a.reason == "signal_stale"]
    judged = [a.id for one in said if hasattr(one, "released") for a in (*one.released, *one.suppressed)]
    assert sorted(held) == sorted(dropped + judged)
    assert noise.next_due() is None
    assert msgspec.msgpack.decode(noise.snapshot()[1:], strict=False, type=dict[str, object] | None)["held"] == {}


def test_a_snapshot_of_a_newer_program_is_refused():
    with pytest.raises(SnapshotError, match="noise reduction has format 9"):
        Noise.restore(b"\x09", CoreSettings())
