"""What will happen to an open alert, and when, if nothing comes before."""

from collections.abc import Callable, Iterator, Sequence

from operators.check.action import repeat_due
from operators.check.close import close_verdict, silence_deadline
from operators.check.recover import silence_of
from operators.check.results import EMPTY
from operators.check.series import series_of
from operators.check.shield import shielding
from operators.check.upgrade import next_step
from operators.explain.case import Case, Deadline, holds_by_document, shielded_until, why_text
from operators.explain.windows import Outlook, outlook
from operators.model.alert import ABNORMAL, RECOVERED, is_no_data
from operators.model.reason import Reason
from operators.plan.dispatch import ONLY_NOTICE, Dispatch, dispatch
from operators.rules.book import RuleBook
from operators.rules.shapes.model import ActionRelation, NoticeRelation, Strategy, UpgradeConfig
from operators.rules.times.windows import strategy_active
from operators.state.scene import default_notice

EDGES_AHEAD = 400
"""How many times at which an active time may end are looked at: a year of days that only calendars tell apart."""


def deadlines(case: Case) -> tuple[Deadline, ...]:
    """Return what is next of an open alert, soonest first; what waits for something else than time comes last."""
    if case.alert.status != ABNORMAL:
        return ()
    found = [deadline for link in _BY_DOCUMENT for deadline in link(case)]
    if case.book is not None:
        found += [deadline for rule_link in _BY_RULES for deadline in rule_link(case, case.book)]
    return tuple(sorted(found, key=lambda deadline: (deadline.time is None, deadline.time or 0)))


def _transition(case: Case) -> Iterator[Deadline]:
    alert = case.alert
    if alert.next_status is None:
        return
    if alert.next_status == RECOVERED:
        yield Deadline(alert.next_status_time, "the alert recovers", "A reported recovery waits for a relapse.")
    else:
        newer = "A newer abnormal event puts it off"
        why = (
            f"{newer}, or once flow control lets it, opens a successor that is told."
            if alert.is_blocked
            else f"{newer}."
        )
        yield Deadline(alert.next_status_time, "the alert is closed", why)


def _quota(case: Case) -> Iterator[Deadline]:
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


_BY_DOCUMENT: tuple[Callable[[Case], Iterator[Deadline]], ...] = (_transition, _quota, _noise, _summary)


def _close(case: Case, book: RuleBook) -> Iterator[Deadline]:
    snapshot = case.state.snapshot if case.state else None
    verdict = close_verdict(case.alert, case.memory, snapshot, case.strategy, book, case.settings, case.now)
    if verdict.reason is not None:
        soon = case.now + case.settings.check_interval
        yield Deadline(soon, "the alert is closed, at the latest", verdict.description or why_text(verdict.reason))
    elif case.strategy is not None:
        yield from _silence(case, case.strategy)
        yield from _end_of_active_time(case, case.strategy, book)


def _silence(case: Case, strategy: Strategy) -> Iterator[Deadline]:
    due = silence_deadline(case.alert, case.memory or EMPTY, strategy, case.settings)
    if due is not None:
        what = "no newer event" if case.memory is None else "no newer check and no newer event"
        why = "If there is still no data then." if is_no_data(case.alert) else f"If {what} of its series comes before."
        yield Deadline(due, "the alert is closed", why)


def _end_of_active_time(case: Case, strategy: Strategy, book: RuleBook) -> Iterator[Deadline]:
    zone = book.zone_of(case.alert.bk_biz_id, case.settings)
    edge: int | None = case.now
    for _ in range(EDGES_AHEAD):
        is_active, following = strategy_active(strategy, book, zone, edge or 0)
        if not is_active:
            yield Deadline(edge, "the alert is closed", "The active time of its strategy ends.")
        if following is None or not is_active:
            return
        edge = following


def _recovery(case: Case, book: RuleBook) -> Iterator[Deadline]:
    del book
    if case.strategy is None or (series := series_of(case.strategy, case.alert)) is None:
        return
    what = "the alert is closed" if series.is_closing else "the alert recovers"
    if is_no_data(case.alert):
        yield Deadline(None, "the alert recovers", "As soon as a check says that the series has data again.")
        return
    if (found := outlook(case)) is None:
        return
    earliest = found.quiet_at if found.due is None else None
    yield Deadline(found.due, what, _waits_for(found), found.windows, earliest)
    silence = silence_of(case.alert, case.memory or EMPTY, series)
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


def _shield(case: Case, book: RuleBook) -> Iterator[Deadline]:
    until = shielded_until(case.alert)
    if holds_by_document(case) and until is not None:
        yield Deadline(
            until + 1, "a shield of the alert may end", f"Set by command: {', '.join(case.alert.shield_id)}."
        )
    found = shielding(case.alert, book, case.settings, case.now)
    if found.next_edge is None:
        return
    if found.is_shielded:
        why = f"By the rules at hand: {', '.join(found.ids)}. If no other holds it, people are told then."
        yield Deadline(found.next_edge, "a shield of the alert may end", why)
    else:
        yield Deadline(found.next_edge, "a shield may begin", "A rule covers the alert, and its time comes then.")


def _repeats(case: Case, book: RuleBook) -> Iterator[Deadline]:
    alert = case.alert
    if alert.is_ack or alert.is_blocked:
        return
    for relation in _relations(case, _dispatched(case, book)):
        record = alert.extra_info.cycle_handle_record.get(relation.id)
        due = repeat_due(relation.config, record) if record else None
        if record is None or due is None:
            continue
        what = f"`{relation.id}` repeats (cycle {record.execute_times + 1})"
        if alert.extra_info.is_recovering:
            yield Deadline(None, what, "When its interval is over and the recovery has been aborted.")
        elif record.latest_anomaly_time >= alert.latest_time:
            yield Deadline(None if due <= case.now else due, what, "With the next newer anomaly, not without one.")
        else:
            yield Deadline(max(due, case.now), what, "The alert is still open and there is a newer anomaly.")


def _escalation(case: Case, book: RuleBook) -> Iterator[Deadline]:
    alert = case.alert
    if alert.is_ack or alert.is_blocked:
        return
    for key, config in _escalations(case, _dispatched(case, book)):
        step = next_step(config, alert.extra_info.upgrades().get(key), alert.create_time)
        if step is None:
            continue
        what = f"group {step.group} is told as well"
        if step.due > case.now:
            yield Deadline(step.due, what, "Unless the alert is acknowledged or ends before.")
        else:
            yield Deadline(None, what, "It is due; a shield, the notice's hours or the quota hold it back.")


_BY_RULES: tuple[Callable[[Case, RuleBook], Iterator[Deadline]], ...] = (
    _close,
    _recovery,
    _shield,
    _repeats,
    _escalation,
)


def _dispatched(case: Case, book: RuleBook) -> Dispatch | None:
    return dispatch(case.alert, case.strategy, book, case.settings, case.now)


def _relations(case: Case, found: Dispatch | None) -> Sequence[NoticeRelation | ActionRelation]:
    """Return what follows signals of the alert: its strategy's notice and actions, or the default notice."""
    if not case.alert.strategy_id:
        return [default_notice(case.settings)] if found is not None else []
    strategy = case.strategy
    return [] if strategy is None else [*([strategy.notice] if strategy.notice else []), *strategy.actions]


def _escalations(case: Case, found: Dispatch | None) -> list[tuple[str, UpgradeConfig]]:
    if found is not None:
        return [(rule_id, config) for rule_id, _, config in found.upgrades]
    notice = next((one for one in _relations(case, found) if isinstance(one, NoticeRelation)), None)
    if notice is None or ONLY_NOTICE not in notice.options.assign_mode:
        return []
    return [("", notice.options.upgrade_config)]
