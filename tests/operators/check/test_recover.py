import pytest

from operators.check.recover import RecoverVerdict, recover_verdict, recovering_extra
from operators.check.results import fold_event
from operators.model.alert import Extra
from operators.model.check import CheckResult
from operators.model.memory import EMPTY
from operators.model.reason import Reason
from operators.rules.shapes.model import Algorithm
from tests.operators.check.made import T0, alert, anomaly, detect, event, item, look_at, normal, remembered, strategy

COLLECTOR = strategy(items=(item(data_type="event"),))
CUSTOM = strategy(items=(item(data_type="event", source="custom"),))
NODATA = strategy(detects=(detect(setter="recovery-nodata"),))


def minutes(*offsets):
    return [normal(T0 + 60 * offset) for offset in offsets]


def kind(memory, *, by=None, now=T0 + 10_000, **of_alert):
    return recover_verdict(look_at(alert(**of_alert), memory, by or strategy(), now)).kind


@pytest.mark.parametrize(
    ("last_check", "was_recovering", "expected"),
    [
        (0, False, "none"),
        (299, False, "none"),  # the window that ends there still begins with the event
        (300, False, "recovering"),
        (300, True, "none"),
        (539, False, "recovering"),
        (539, True, "none"),
        (540, True, "recovered"),  # the window of four periods before no longer reaches the event
        (540, False, "recovered"),
        (0, True, "aborted"),
        (299, True, "aborted"),
    ],
)
def test_an_alert_recovers_once_every_window_has_left_its_last_anomaly(last_check, was_recovering, expected):
    assert kind(remembered(normal(T0 + last_check)), is_recovering=was_recovering) == expected


def test_quiet_in_every_window_at_once_says_both():
    verdict = recover_verdict(look_at(alert(), remembered(normal(T0 + 540)), strategy(), T0 + 540))
    assert (verdict.reason, verdict.began, verdict.is_recovering) == (Reason.ALL_WINDOWS_QUIET, True, True)
    verdict = recover_verdict(look_at(alert(is_recovering=True), remembered(normal(T0 + 540)), strategy(), T0 + 540))
    assert (verdict.reason, verdict.began) == (Reason.ALL_WINDOWS_QUIET, False)


def test_a_newest_window_that_becomes_quiet_says_so_once():
    memory = remembered(normal(T0 + 300))
    verdict = recover_verdict(look_at(alert(), memory, strategy(), T0 + 300))
    assert (verdict.reason, verdict.began, verdict.is_recovering) == (Reason.WINDOW_QUIET, True, True)
    again = recover_verdict(look_at(alert(is_recovering=True), memory, strategy(), T0 + 300))
    assert again == RecoverVerdict(is_recovering=True)


def test_an_anomaly_while_recovering_aborts():
    memory = remembered(normal(T0 + 300), anomaly(T0 + 360))
    verdict = recover_verdict(look_at(alert(is_recovering=True), memory, strategy(), T0 + 360))
    assert (verdict.kind, verdict.reason, verdict.is_recovering) == ("aborted", Reason.WINDOW_BROKEN, False)


def test_an_old_anomaly_in_an_older_window_only_puts_off_the_end():
    memory = remembered(anomaly(T0 + 60), normal(T0 + 540))
    assert kind(memory, is_recovering=True) == "none"
    assert kind(remembered(normal(T0 + 600), memory=memory), is_recovering=True) == "recovered"


@pytest.mark.parametrize(
    ("known", "last_check", "expected"),
    [
        ((), 539, "recovering"),  # the event stands for all three: windows are hot until they leave it
        ((), 299, "none"),
        ((), 540, "recovered"),
        ((-60, -120), 180, "recovering"),  # with three known, the first one leaving is enough
        ((-60, -120), 179, "none"),
        ((-60, -120), 419, "recovering"),
        ((-60, -120), 420, "recovered"),
        ((-60,), 239, "none"),  # one known, the event stands for two: -60 leaving is enough
        ((-60,), 240, "recovering"),
        ((-300,), 299, "none"),  # outside of the event's trigger window: not known there
        ((-299,), 60, "recovering"),
    ],
)
def test_an_event_stands_for_the_anomalies_missing_in_its_trigger_window(known, last_check, expected):
    by = strategy(detects=(detect(count=3),))
    memory = fold_event(remembered(*(anomaly(T0 + offset) for offset in known), by=by), event(), by)
    assert kind(remembered(normal(T0 + last_check), memory=memory), by=by) == expected


def test_what_an_earlier_event_stands_for_is_not_missing_to_the_next():
    by = strategy(detects=(detect(count=3),))
    memory = EMPTY
    for offset in (0, 60, 120):
        memory = fold_event(memory, event(T0 + offset), by)
    quiet = remembered(normal(T0 + 300), memory=memory)  # the window holds the two at 60 and 120
    assert kind(quiet, by=by, latest_time=T0 + 120) == "recovering"


def test_an_event_nobody_folded_still_counts_at_the_alerts_latest_time():
    assert kind(EMPTY) == "none"
    assert kind(None) == "none"
    assert kind(remembered(normal(T0 - 60))) == "none"


def test_checks_of_other_levels_are_no_results():
    assert kind(remembered(normal(T0 + 3600, level=1))) == "none"
    assert kind(remembered(anomaly(T0 + 540, level=3), normal(T0 + 540))) == "recovered"


@pytest.mark.parametrize(
    ("detects", "top", "severity", "recovers_at"),
    [
        ((detect(2, recovery=3), detect(1, recovery=8)), 2, 2, 300 + 120),  # the level of the event
        ((detect(1, recovery=8),), 2, 1, 300 * 8 / 5 + 420),  # else that of the alert; trigger takes its size
        ((detect(3),), 2, 2, 540),  # else five periods, one anomaly
        ((), 2, 2, 540),
        ((detect(2, window=3, recovery=1),), 2, 2, 180),
    ],
)
def test_the_windows_are_those_of_the_level(detects, top, severity, recovers_at):
    by = strategy(detects=detects)
    of_alert = {"event": event(severity=top), "severity": severity, "is_recovering": True}
    assert kind(remembered(normal(T0 + int(recovers_at) - 1), by=by), by=by, **of_alert) != "recovered"
    assert kind(remembered(normal(T0 + int(recovers_at)), by=by), by=by, **of_alert) == "recovered"


def test_periods_are_the_shortest_interval_of_the_queries():
    queries = item(unit=60).query_configs + item(unit=20).query_configs
    by = strategy(items=(item(query_configs=queries),))
    assert kind(remembered(normal(T0 + 179)), by=by, is_recovering=True) == "none"
    assert kind(remembered(normal(T0 + 180)), by=by, is_recovering=True) == "recovered"


@pytest.mark.parametrize(
    ("algorithms", "count", "is_one_enough"),
    [
        (("Threshold",), 3, False),
        (("IntelligentDetect", "AbnormalCluster"), 3, True),
        (("IntelligentDetect", "Threshold"), 3, False),
        (("NewSeries",), 3, True),
        (("Threshold",), 1, True),
    ],
)
def test_algorithms_with_models_of_their_own_need_one_anomaly(algorithms, count, is_one_enough):
    by = strategy(
        items=(item(algorithms=tuple(Algorithm(type=name, level=2) for name in algorithms)),),
        detects=(detect(count=count),),
    )
    memory = remembered(anomaly(T0 + 540), by=by)  # a check alone, not an event
    assert (kind(memory, by=by) == "none") is is_one_enough


def test_models_of_their_own_have_a_trigger_window_of_five():
    by = strategy(items=(item(algorithms=(Algorithm("IntelligentDetect"),)),), detects=(detect(window=20),))
    assert kind(remembered(normal(T0 + 540), by=by), by=by) == "recovered"


def test_host_anomalies_use_the_first_level_whatever_their_severity():
    by = strategy(
        items=(item(algorithms=(Algorithm("HostAnomalyDetection"), Algorithm("Threshold"))),),
        detects=(detect(2, recovery=1), detect(1, recovery=9)),
    )
    memory = remembered(normal(T0 + 300), by=by)
    assert kind(memory, by=by, event=event(severity=1)) == "recovered"


def test_detection_of_automatic_level_uses_level_two():
    auto = Algorithm("IntelligentDetect", config={"alert_level_mode": "auto"})
    by = strategy(items=(item(algorithms=(auto,)),), detects=(detect(2, recovery=1),))
    assert kind(remembered(normal(T0 + 300), by=by), by=by, event=event(severity=1)) == "recovered"


@pytest.mark.parametrize(("setter", "expected"), [("recovery", "recovered"), ("close", "closed")])
def test_the_status_setter_says_how_an_alert_ends(setter, expected):
    by = strategy(detects=(detect(setter=setter),))
    assert kind(remembered(normal(T0 + 540)), by=by) == expected


@pytest.mark.parametrize(("after", "expected"), [(659, "none"), (660, "recovered"), (661, "recovered")])
def test_silence_ends_an_alert_whose_setter_says_so(after, expected):
    verdict = recover_verdict(look_at(alert(), EMPTY, NODATA, T0 + after))
    assert verdict.kind == expected
    assert verdict.reason == (Reason.NO_DATA_IN_WINDOW if expected == "recovered" else None)
    assert verdict.next_look == (T0 + 660 if expected == "none" else None)


def test_silence_begins_with_the_last_data_of_any_level():
    memory = remembered(normal(T0 + 240, level=1), CheckResult(time=T0 + 600, no_data=True))
    assert recover_verdict(look_at(alert(), memory, NODATA, T0 + 899)).next_look == T0 + 900
    assert kind(memory, by=NODATA, now=T0 + 900) == "recovered"


def test_silence_ends_nothing_otherwise():
    assert kind(EMPTY, now=T0 + 86400) == "none"
    assert recover_verdict(look_at(alert(), EMPTY, strategy(), T0)).next_look is None


@pytest.mark.parametrize(
    ("by", "after", "expected"),
    [
        (COLLECTOR, 299, "none"),
        (COLLECTOR, 300, "recovering"),
        (COLLECTOR, 539, "recovering"),
        (COLLECTOR, 540, "recovered"),
        (CUSTOM, 359, "none"),
        (CUSTOM, 360, "recovering"),
        (CUSTOM, 599, "recovering"),
        (CUSTOM, 600, "recovered"),
    ],
)
def test_event_data_recovers_by_time_alone(by, after, expected):
    assert kind(fold_event(EMPTY, event(), by), by=by, now=T0 + after) == expected


@pytest.mark.parametrize("by", [COLLECTOR, CUSTOM])
def test_an_event_from_the_near_future_does_not_end_its_own_alert(by):
    assert kind(EMPTY, by=by, now=T0 - 30) == "none"


@pytest.mark.parametrize(
    ("by", "after", "recovering", "look"),
    [
        (COLLECTOR, 0, False, 300),
        (COLLECTOR, 300, True, 540),
        (COLLECTOR, 400, True, 540),
        (CUSTOM, 0, False, 360),
        (CUSTOM, 360, True, 600),
    ],
)
def test_event_data_is_looked_at_when_a_window_turns(by, after, recovering, look):
    verdict = recover_verdict(look_at(alert(is_recovering=recovering), EMPTY, by, T0 + after))
    assert verdict.next_look == T0 + look


def test_event_data_without_checks_needs_as_many_events_as_any():
    by = strategy(items=(item(data_type="event"),), detects=(detect(count=2),))
    memory = fold_event(fold_event(EMPTY, event(), by), event(T0 + 240), by)
    verdict = recover_verdict(look_at(alert(latest_time=T0 + 240), memory, by, T0 + 240))
    assert verdict.next_look == T0 + 300  # one event in the window is no longer enough


@pytest.mark.parametrize(
    ("by", "of_alert"),
    [
        (strategy(items=()), {}),
        (None, {}),
        (strategy(items=(item(data_type="alert"),)), {}),
        (strategy(), {"event": event(strategy_id="")}),
    ],
)
def test_no_window_judges_what_has_no_series(by, of_alert):
    memory = remembered(normal(T0 + 540))
    assert recover_verdict(look_at(alert(**of_alert), memory, by, T0 + 540)) == RecoverVerdict()


def test_a_no_data_alert_recovers_when_data_is_back_and_by_nothing_else():
    assert kind(remembered(CheckResult(time=T0 + 60, no_data=True)), no_data=True) == "none"
    verdict = recover_verdict(look_at(alert(no_data=True), remembered(anomaly(T0 + 60)), strategy(), T0 + 60))
    assert (verdict.kind, verdict.reason) == ("recovered", Reason.DATA_BACK)


def test_a_no_data_alert_of_a_strategy_without_items_recovers_too():
    by = strategy(items=())
    assert kind(remembered(CheckResult(time=T0, no_data=False)), by=by, no_data=True) == "recovered"


@pytest.mark.parametrize(
    ("checks", "value"),
    [
        ((normal(T0 + 540, value=12.5),), 12.5),
        ((normal(T0 + 480, value=1), normal(T0 + 540, None, 2)), 2),
        ((normal(T0 + 540, value=None),), None),
    ],
)
def test_the_newest_normal_value_is_told(checks, value):
    verdict = recover_verdict(look_at(alert(), remembered(*checks), strategy(), T0 + 540))
    assert verdict.recovery_value == value
    assert verdict.description.endswith("current value 12.5%") is (value == 12.5)


@pytest.mark.parametrize(("offset", "value"), [(0, 5), (-1, None)])
def test_a_value_out_of_reach_of_the_windows_is_not_told(offset, value):
    now = T0 + 1000
    memory = remembered(normal(now - 599 + offset, value=5))
    verdict = recover_verdict(look_at(alert(T0 - 86400), memory, COLLECTOR, now))
    assert (verdict.kind, verdict.recovery_value) == ("recovered", value)


def test_the_value_of_host_anomalies_is_kept_but_not_told():
    by = strategy(items=(item(algorithms=(Algorithm("HostAnomalyDetection"),)),))
    verdict = recover_verdict(look_at(alert(), remembered(normal(T0 + 540, value=7), by=by), by, T0 + 540))
    assert verdict.recovery_value == 7
    assert "7" not in verdict.description


def test_an_aborted_recovery_asks_for_the_notice_it_held_back():
    extra = Extra(is_recovering=True, ignore_unshield_notice=True)
    after = recovering_extra(extra, RecoverVerdict(kind="aborted"))
    assert (after.is_recovering, after.ignore_unshield_notice, after.need_unshield_notice) == (False, False, True)


def test_an_aborted_recovery_that_held_nothing_back_asks_for_nothing():
    after = recovering_extra(Extra(is_recovering=True), RecoverVerdict(kind="aborted"))
    assert after == Extra()


@pytest.mark.parametrize(
    "verdict", [RecoverVerdict(is_recovering=True), RecoverVerdict(kind="recovering", is_recovering=True)]
)
def test_a_recovery_that_goes_on_keeps_holding_notices_back(verdict):
    extra = Extra(is_recovering=True, ignore_unshield_notice=True)
    assert recovering_extra(extra, verdict) == extra


def test_the_value_of_the_end_stays_with_the_alert():
    verdict = RecoverVerdict(kind="recovered", recovery_value=3)
    assert recovering_extra(Extra(), verdict).recovery_value == 3
