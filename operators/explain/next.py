"""What will happen to an open alert, and when, if nothing comes before."""

from collections.abc import Callable, Iterator, Mapping

from operators.check.action import repeats
from operators.check.close import close_verdict, silence_deadline
from operators.check.recover import silence_of
from operators.check.series import series_of
from operators.check.shield import shielding
from operators.check.upgrade import escalations, next_step
from operators.check.verdict import Verdict
from operators.explain.case import Case, Deadline, holds_by_document, look_of, shielded_until, why_text
from operators.explain.windows import Outlook, outlook
from operators.lifecycle import checkers
from operators.lifecycle.checkers import Checker
from operators.model.alert import ABNORMAL, RECOVERED, is_no_data
from operators.model.reason import Reason
from operators.rules.ask.look import Look
from operators.rules.shapes.model import Strategy
from operators.rules.times.windows import strategy_active

EDGES_AHEAD = 400
"""How many times at which an active time may end are looked at: a year of days that only calendars tell apart."""


def deadlines(case: Case) -> tuple[Deadline, ...]:
    """Return what is next of an open alert, soonest first; what waits for something else than time comes last."""
    if case.alert.status != ABNORMAL:
        return ()
    look = look_of(case)
    found = [*_noise(case), *_summary(case), *_inhibited(case)]
    for checker in checkers.CHECKERS:
        tell = TELLERS.get(checker.name)
        found += tell(case, look) if tell is not None else _by_judge(case, look, checker)
    return tuple(sorted(found, key=lambda deadline: (deadline.time is None, deadline.time or 0)))


def _by_judge(case: Case, look: Look | None, checker: Checker) -> Iterator[Deadline]:
    """Yield what a checker says of itself."""
    if look is None or not checker.concerns(look):
        return
    verdict = checker.judge(look)
    if verdict.reason is not None:
        yield _ends_soon(case, verdict)
    elif verdict.next_look is not None:
        yield Deadline(verdict.next_look, verdict.outlook or f"`{checker.name}` looks again", verdict.description)


def _ends_soon(case: Case, verdict: Verdict) -> Deadline:
    soon, why = case.now + case.settings.check_interval, verdict.description
    return Deadline(soon, "the alert is closed, at the latest", why or why_text(verdict.reason or ""))


def _transition(case: Case, _: Look | None) -> Iterator[Deadline]:
    alert = case.alert
    if alert.next_status is None:
        return
    if alert.next_status == RECOVERED and alert.next_status_time == alert.event.until:
        yield Deadline(alert.next_status_time, "the alert recovers", why_text(Reason.LEASE_OVER))
    elif alert.next_status == RECOVERED:
        yield Deadline(alert.next_status_time, "the alert recovers", "A reported recovery waits for a relapse.")
    else:
        newer = "A newer abnormal event puts it off"
        why = (
            f"{newer}, or once flow control lets it, opens a successor that is told."
            if alert.is_blocked
            else f"{newer}."
        )
        yield Deadline(alert.next_status_time, "the alert is closed", why)


def _quota(case: Case, _: Look | None) -> Iterator[Deadline]:
    if case.state is not None:
        if case.state.retry is not None:
            yield Deadline(case.state.retry.due, "the signal is tried again", why_text(Reason.ACTION_QUOTA))
        return
    held = [entry.time for entry in case.logs if entry.reason == Reason.ACTION_QUOTA]
    again = max(held, default=0) + case.settings.quota.action.window
    if held and again >= case.now:
        yield Deadline(again, "the signal is tried again, at the latest", why_text(Reason.ACTION_QUOTA))


def _noise(case: Case) -> Iterator[Deadline]:
    for action in case.actions:
        if action.status == "received" and action.reason == Reason.NOISE_HELD:
            due = action.time + case.settings.noise_reduce.window
            yield Deadline(due, "noise reduction decides on the notice, at the latest", why_text(Reason.NOISE_HELD))


def _summary(case: Case) -> Iterator[Deadline]:
    window = case.settings.converge.delay + case.settings.converge.window
    for action in case.actions:
        if action.reason == Reason.MERGED and not action.deliveries and action.time + window >= case.now:
            yield Deadline(action.time + window, "its summary has left, at the latest", why_text(Reason.MERGED))


def _inhibited(case: Case) -> Iterator[Deadline]:
    if case.inhibitors:
        which = ", ".join(dict.fromkeys(one.alert.id for one in case.inhibitors))
        yield Deadline(None, "who was not told is told", f"When the last of those that inhibit it has ended: {which}.")


def _close(case: Case, look: Look | None) -> Iterator[Deadline]:
    if look is None:
        return
    verdict = close_verdict(look)
    if verdict.reason is not None:
        yield _ends_soon(case, verdict)
    elif case.strategy is not None:
        yield from _silence(case, look, case.strategy)
        yield from _end_of_active_time(look, case.strategy)


def _silence(case: Case, look: Look, strategy: Strategy) -> Iterator[Deadline]:
    due = silence_deadline(look, strategy)
    if due is not None:
        what = "no newer event" if case.memory is None else "no newer check and no newer event"
        why = "If there is still no data then." if is_no_data(case.alert) else f"If {what} of its series comes before."
        yield Deadline(due, "the alert is closed", why)


def _end_of_active_time(look: Look, strategy: Strategy) -> Iterator[Deadline]:
    edge: int | None = look.now
    for _ in range(EDGES_AHEAD):
        is_active, following = strategy_active(strategy, look.book, look.zone, edge or 0)
        if not is_active:
            yield Deadline(edge, "the alert is closed", "The active time of its strategy ends.")
        if following is None or not is_active:
            return
        edge = following


def _recovery(case: Case, look: Look | None) -> Iterator[Deadline]:
    if look is None or case.strategy is None or (series := series_of(case.strategy, case.alert)) is None:
        return
    what = "the alert is closed" if series.is_closing else "the alert recovers"
    if is_no_data(case.alert):
        yield Deadline(None, "the alert recovers", "As soon as a check says that the series has data again.")
        return
    if (found := outlook(case)) is None:
        return
    earliest = found.quiet_at if found.due is None else None
    yield Deadline(found.due, what, _waits_for(found), found.windows, earliest)
    silence = silence_of(case.alert, look.memory, series)
    if silence is not None:
        yield Deadline(silence, what, "If no check and no event of its series comes before (`recovery-nodata`).")


def _waits_for(found: Outlook) -> str:
    series = found.series
    several = f"{series.recovery} windows in a row, each a period of {series.unit} s apart, have"
    windows = several if series.recovery > 1 else "the newest window has"
    few = "no anomaly" if series.count == 1 else f"fewer than {series.count} anomalies"
    counted = " An event counts for as many as trigger." if series.count > 1 else ""
    partly = " Counted from archived events: the job's memory of checks is not at hand." if found.is_partial else ""
    return (
        f"As soon as {windows} {few} in {series.trigger} periods;"
        f" {found.quiet} of {series.recovery} do.{counted}{partly}"
    )


def _shield(case: Case, look: Look | None) -> Iterator[Deadline]:
    until = shielded_until(case.alert)
    if look is None:
        return
    if holds_by_document(case) and until is not None:
        yield Deadline(
            until + 1, "a shield of the alert may end", f"Set by command: {', '.join(case.alert.shield_id)}."
        )
    found = shielding(look)
    if found.next_look is None:
        return
    if found.is_shielded:
        why = f"By the rules at hand: {', '.join(found.ids)}. If no other holds it, people are told then."
        yield Deadline(found.next_look, "a shield of the alert may end", why)
    else:
        yield Deadline(found.next_look, "a shield may begin", "A rule covers the alert, and its time comes then.")


def _ack(case: Case, _: Look | None) -> Iterator[Deadline]:
    until = case.alert.extra_info.ack_until
    if case.alert.is_ack and until is not None:
        why = f"Unless {case.alert.ack_operator or 'its operator'} renews it, or the alert ends before."
        yield Deadline(until, "the acknowledgement ends, and the alert is told again", why)


def _escalation(case: Case, look: Look | None) -> Iterator[Deadline]:
    alert = case.alert
    if look is None or alert.is_ack or alert.is_blocked:
        return
    for one in escalations(look):
        step = next_step(one.config, alert.extra_info.upgrades().get(one.key), alert)
        if step is None:
            continue
        what = f"group {step.group} is told as well"
        if step.due > case.now:
            yield Deadline(step.due, what, "Unless the alert is acknowledged or ends before.")
        else:
            yield Deadline(
                None,
                what,
                "It is due; a shield, the notice's hours or the quota hold it back, or nobody can be reached.",
            )


def _repeats(case: Case, look: Look | None) -> Iterator[Deadline]:
    alert = case.alert
    if look is None or alert.is_ack or alert.is_blocked:
        return
    for relation, record, due in repeats(look):
        what = f"`{relation.id}` repeats (cycle {record.execute_times + 1})"
        if alert.extra_info.is_recovering:
            yield Deadline(None, what, "When its interval is over and the recovery has been aborted.")
        elif record.latest_anomaly_time >= alert.latest_time:
            yield Deadline(None if due <= case.now else due, what, "With the next newer anomaly, not without one.")
        else:
            yield Deadline(max(due, case.now), what, "The alert is still open and there is a newer anomaly.")


TELLERS: Mapping[str, Callable[[Case, Look | None], Iterator[Deadline]]] = {
    "next": _transition,
    "close": _close,
    "recover": _recovery,
    "shield": _shield,
    "ack": _ack,
    "held": _quota,
    "upgrade": _escalation,
    "action": _repeats,
}
"""What is told of the checkers that have more to say than their verdicts; of any other, its `next_look` and `outlook`."""
