"""Recovery against an oracle written from the sentence of spec/lifecycle.md 4.8, by brute force.

"Recover when no window of length T ending at L, L - U, ... L - (R - 1) U holds N anomalies", with design.md 7.8 for events.
"""

from typing import NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from operators.check.recover import recover_verdict
from operators.check.results import fold_check, fold_event
from operators.model.alert import Extra
from operators.model.memory import EMPTY
from tests.operators.check.made import T0, alert, anomaly, detect, event, item, look_at, normal, strategy

LEVEL, OTHER = 2, 3


class Case(NamedTuple):
    unit: int
    trigger: int
    count: int
    recovery: int
    inputs: list
    """Of (kind, time, level): what was folded, in order of arrival."""
    wait: int
    was_recovering: bool

    def by(self, data_type="time_series", source="bk_monitor"):
        windows = detect(LEVEL, count=self.count, window=self.trigger, recovery=self.recovery)
        return strategy(items=(item(data_type=data_type, source=source, unit=self.unit),), detects=(windows,))

    def latest(self):
        """The alert's latest time: its opening event is at T0, later ones of its level move it."""
        return max(
            time for kind, time, level in [("event", T0, LEVEL), *self.inputs] if (kind, level) == ("event", LEVEL)
        )

    def alert(self, is_recovering=None):
        flag = self.was_recovering if is_recovering is None else is_recovering
        return alert(T0, latest_time=self.latest(), extra_info=Extra(is_recovering=flag))

    def memory(self, by):
        memory = fold_event(EMPTY, event(T0, severity=LEVEL), by)
        for kind, time, level in self.inputs:
            if kind == "event":
                memory = fold_event(memory, event(time, severity=level), by)
            else:
                make = anomaly if kind == "anomaly" else normal
                memory = fold_check(memory, make(time, level), by)
        return memory


def cases(max_unit=5):
    times = st.integers(T0 - 60, T0 + 60)
    inputs = st.lists(
        st.tuples(st.sampled_from(["event", "anomaly", "normal"]), times, st.sampled_from([LEVEL, LEVEL, OTHER])),
        max_size=12,
    )
    small = st.integers(1, 5)
    return st.builds(Case, st.integers(1, max_unit), small, small, small, inputs, st.integers(0, 90), st.booleans())


def oracle(case, end):
    """Return what the sentence says, with the newest window ending at `end`."""
    length = case.trigger * case.unit
    results = {}
    for kind, time, level in [("event", T0, LEVEL), *case.inputs]:
        if level == LEVEL and kind != "normal":
            results[time] = results.get(time, False) or kind == "event"
    anomalies = []
    for time in sorted(results):
        anomalies.append(time)
        while results[time] and sum(time - length < one <= time for one in anomalies) < case.count:
            anomalies.append(time)  # the event stands for one that is missing

    def hot(last):
        return sum(last - length < one <= last for one in anomalies) >= case.count

    if hot(end):
        return "aborted" if case.was_recovering else "none"
    if not any(hot(end - i * case.unit) for i in range(case.recovery)):
        return "recovered"
    return "none" if case.was_recovering else "recovering"


@settings(max_examples=500)
@given(cases())
@example(Case(1, 5, 3, 1, [("event", T0 + 1, LEVEL), ("event", T0 + 2, LEVEL), ("normal", T0 + 5, LEVEL)], 0, False))
def test_recovery_agrees_with_the_sentence(case):
    by = case.by()
    last = max([case.latest(), *(time for _, time, level in case.inputs if level == LEVEL)])
    verdict = recover_verdict(look_at(case.alert(), case.memory(by), by, last + case.wait))
    assert verdict.kind == oracle(case, last)
    assert verdict.next_look is None


@settings(max_examples=300)
@given(cases(), st.sampled_from(["bk_monitor", "custom"]))
def test_recovery_of_event_data_agrees_with_the_sentence(case, source):
    by = case.by("event", source)
    now = T0 + case.wait
    last = max(now if source == "bk_monitor" else now - case.unit, case.latest())
    assert recover_verdict(look_at(case.alert(), case.memory(by), by, now)).kind == oracle(case, last)


@settings(max_examples=300)
@given(cases(), st.sampled_from(["bk_monitor", "custom"]))
def test_no_change_of_event_data_comes_before_the_next_look(case, source):
    by = case.by("event", source)
    memory, now = case.memory(by), T0 + case.wait
    verdict = recover_verdict(look_at(case.alert(), memory, by, now))
    applied = case.alert(verdict.is_recovering)
    until = verdict.next_look or now + 400
    assert until > now
    if verdict.kind != "recovered":
        kinds = {recover_verdict(look_at(applied, memory, by, second)).kind for second in range(now, until)}
        assert kinds == {"none"}
        assert verdict.next_look is None or recover_verdict(look_at(applied, memory, by, until)).kind != "none"


@settings(max_examples=200)
@given(cases(max_unit=3))
def test_no_change_of_a_silent_series_comes_before_the_next_look(case):
    by = case.by()
    by = strategy(
        items=by.items,
        detects=(detect(count=case.count, window=case.trigger, recovery=case.recovery, setter="recovery-nodata"),),
    )
    memory, now = case.memory(by), T0 + case.wait
    verdict = recover_verdict(look_at(case.alert(), memory, by, now))
    if verdict.kind == "recovered":
        return
    applied = case.alert(verdict.is_recovering)
    assert {recover_verdict(look_at(applied, memory, by, second)).kind for second in range(now, verdict.next_look)} == {
        "none"
    }
    assert recover_verdict(look_at(applied, memory, by, verdict.next_look)).kind == "recovered"


@settings(max_examples=200)
@given(cases(), st.permutations(range(12)))
def test_the_order_of_arrival_does_not_matter(case, order):
    shuffled = case._replace(inputs=[case.inputs[n] for n in order if n < len(case.inputs)])
    by = case.by("event")
    verdicts = [recover_verdict(look_at(one.alert(), one.memory(by), by, T0 + case.wait)) for one in (case, shuffled)]
    assert verdicts[0].kind == verdicts[1].kind
    assert verdicts[0].next_look == verdicts[1].next_look
