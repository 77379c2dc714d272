"""Why nobody was told, or an event did not matter: what holds an alert back now, and what held it back before."""

from collections.abc import Callable, Iterable, Iterator

from msgspec.structs import replace

from operators.check.shield import Shielding, shielding
from operators.explain.case import Case, Finding, holds_by_document, look_of, shielded_until, why_text
from operators.explain.events import is_expired
from operators.explain.windows import outlook
from operators.lifecycle.dedupe import access_time
from operators.lifecycle.ends import ENDED_GRACE, SAID_ENDS
from operators.model.alert import ABNORMAL, ENDED
from operators.model.event import Event
from operators.model.reason import OpType, Reason
from operators.model.records import LogEntry
from operators.people.dispatch import ONLY_NOTICE, assign_mode, dispatch
from operators.rules.book import RuleBook
from operators.rules.times.windows import day_range_edge, in_day_range, strategy_active

_DECISIONS = frozenset(
    {OpType.ACTION, OpType.UPGRADE, OpType.ACTION_QOS, OpType.ALERT_QOS, OpType.NOISE_REDUCE, OpType.EVENT_DROP}
)

_HELD_BACK: dict[Reason, str] = {
    Reason.MILDER: "events were dropped",
    Reason.ALERT_QUOTA: "the alert was blocked",
    Reason.CIRCUIT_BREAKING: "it was cut off",
    Reason.ACTION_QUOTA: "a signal was held back",
    Reason.SIGNAL_NOT_WANTED: "a signal was not told",
    Reason.SIGNAL_MUTED_BY_ACK: "a signal was not told",
    Reason.SIGNAL_STALE: "a notice was dropped",
    Reason.TOO_OLD: "a signal was not told",
    Reason.SHIELDED_BY_RULE: "a notice was shielded",
    Reason.SHIELDED_GLOBALLY: "a notice was shielded",
    Reason.SHIELDED_BY_HOST_STATE: "a notice was shielded",
    Reason.UNSHIELD_WITHHELD: "the un-shield notice was withheld",
    Reason.NOBODY: "a notice had nobody to go to",
    Reason.MERGED: "a notice was merged into a summary",
    Reason.OUTSIDE_NOTICE_TIME: "a notice came outside its time",
    Reason.NOISE_HELD: "a notice was held for a while",
    Reason.NOISE_SUPPRESSED: "a notice was suppressed",
    Reason.FLAPPING: "a notice waited for quiet",
    Reason.INHIBITED: "a notice was inhibited",
    Reason.VOICE_DUPLICATE: "a call was left out",
    Reason.PARTLY_DELIVERED: "a message did not reach everybody",
    Reason.NOT_DELIVERED: "a message reached nobody",
}


def holding_back(case: Case) -> tuple[Finding, ...]:
    """Return what holds the alert back now."""
    return tuple(found for check in _NOW for found in check(case)) if case.alert.status == ABNORMAL else ()


def held_back(case: Case) -> tuple[Finding, ...]:
    """Return what held it back before, oldest first."""
    return tuple(sorted([*_decided(case), *_expired(case)], key=lambda found: found.since or 0))


def _blocked(case: Case) -> Iterator[Finding]:
    if case.alert.is_blocked:
        entry = _last(case.logs, OpType.ALERT_QOS)
        yield _found("the alert is blocked and signals nothing", entry, Reason.ALERT_QUOTA, case.alert.next_status_time)


def _shielded(case: Case) -> Iterator[Finding]:
    alert, entry = case.alert, _last(case.logs, OpType.SHIELD)
    if case.book is not None and (look := look_of(case)) is not None:
        found = shielding(look)
        if found.is_shielded:
            yield _by_the_rules(case, case.book, found, entry)
            return
    if holds_by_document(case):
        yield _found(_which_shields(alert.shield_id), entry, Reason.SHIELDED_BY_RULE, shielded_until(alert))


def _by_the_rules(case: Case, book: RuleBook, found: Shielding, entry: LogEntry | None) -> Finding:
    named = (book.shields[name].description for name in found.ids if name in book.shields)
    return Finding(
        what=_which_shields(found.ids),
        why=why_text(found.why),
        reason=found.why,
        since=entry.time if entry else None,
        until=case.now + found.left if found.left else None,
        detail="; ".join(filter(None, named)),
    )


def _which_shields(ids: Iterable[str]) -> str:
    names = ", ".join(ids)
    return f"the alert is shielded by {names}" if names else "the alert is shielded"


def _inhibited(case: Case) -> Iterator[Finding]:
    since = min((entry.time for entry in case.logs if entry.reason == Reason.INHIBITED), default=None)
    for rule, other in case.inhibitors:
        what = f"the alert is inhibited by {other.id}: {other.alert_name}"
        said = case.book.inhibits[rule].description if case.book and rule in case.book.inhibits else ""
        detail = f"rule {rule}: {said}" if said else f"rule {rule}"
        yield Finding(what, why_text(Reason.INHIBITED), Reason.INHIBITED, since=since, detail=detail)


def _acked(case: Case) -> Iterator[Finding]:
    if case.alert.is_ack:
        what = f"the alert is acknowledged by {case.alert.ack_operator or 'an operator'}"
        yield _found(what, _last(case.logs, OpType.ACK), Reason.ACKED, case.alert.extra_info.ack_until)


def _recovering(case: Case) -> Iterator[Finding]:
    if not case.alert.extra_info.is_recovering:
        return
    found = _found("it does not repeat while it recovers", _last(case.logs, OpType.RECOVERING), Reason.WINDOW_QUIET)
    waits = outlook(case)
    if waits is not None:
        found = replace(found, detail=f"{waits.quiet} of {waits.series.recovery} windows are quiet")
    yield found


def _outside_time(case: Case) -> Iterator[Finding]:
    """Only with rules: the notice's hours, and the active time of the strategy."""
    strategy = case.strategy
    if case.book is None or strategy is None or strategy.notice is None:
        return
    options, zone = strategy.notice.options, case.book.zone_of(case.alert.bk_biz_id, case.settings)
    if not in_day_range(options.start_time, options.end_time, zone, case.now):
        yield Finding(
            what=f"notices leave from {options.start_time} to {options.end_time} only",
            why=why_text(Reason.OUTSIDE_NOTICE_TIME),
            reason=Reason.OUTSIDE_NOTICE_TIME,
            until=day_range_edge(options.start_time, options.end_time, zone, case.now),
        )
    is_active, edge = strategy_active(strategy, case.book, zone, case.now)
    if not is_active:
        why = why_text(Reason.OUT_OF_ACTIVE_TIME)
        yield Finding("the strategy is not active now", why, Reason.OUT_OF_ACTIVE_TIME, until=edge)


def _voiceless(case: Case) -> Iterator[Finding]:
    """Only with rules: nothing listens to the alert at all."""
    alert, strategy, look = case.alert, case.strategy, look_of(case)
    if look is None:
        return
    if alert.strategy_id and strategy is None:
        yield Finding("the strategy is not in the rules", why_text(Reason.STRATEGY_GONE), Reason.STRATEGY_GONE)
        return
    if strategy is not None and strategy.notice is None:
        yield Finding("nobody listens", f"Strategy {alert.strategy_id} has no notice.")
    if ONLY_NOTICE in assign_mode(strategy) or dispatch(look):
        return
    whose = "its notice leaves the people to" if strategy else "a third-party alert is told by"
    yield Finding("nobody listens", f"No dispatch rule matches now, and {whose} dispatch rules.")


_NOW: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    _blocked,
    _shielded,
    _inhibited,
    _acked,
    _recovering,
    _outside_time,
    _voiceless,
)


def _decided(case: Case) -> Iterator[Finding]:
    """Group what the log and the actions say by its reason."""
    logged: dict[Reason, list[LogEntry]] = {}
    for entry in case.logs:
        if entry.op_type in _DECISIONS and (reason := _untold(entry.reason)):
            logged.setdefault(reason, []).append(entry)
    for reason, entries in logged.items():
        count, last = sum(entry.count for entry in entries), entries[-1]
        since = min(entry.begin or entry.time for entry in entries)
        what, why = _HELD_BACK[reason], why_text(reason)
        yield Finding(what, why, reason, count, since, last.time, last.description)
    for reason, times in _of_actions(case).items():
        if reason not in logged:
            yield Finding(_HELD_BACK[reason], why_text(reason), reason, len(times), min(times), max(times))


def _of_actions(case: Case) -> dict[Reason, list[int]]:
    found: dict[Reason, list[int]] = {}
    for action in case.actions:
        if reason := _untold(action.reason):
            found.setdefault(reason, []).append(action.time)
    return found


def _untold(reason: str) -> Reason | None:
    return Reason(reason) if reason in _HELD_BACK else None


def _expired(case: Case) -> Iterator[Finding]:
    """Archived events that came too late to matter (spec/lifecycle.md 1.5)."""
    late = [event for event in case.events if event.status == ABNORMAL and event.at is not None]
    old = [event.at or 0 for event in late if is_expired(event, event.at or 0, case.settings)]
    if old:
        why = f"Their data was more than {case.settings.event_expiry} s old when they came (setting `event_expiry`)."
        yield Finding("events had expired", why, count=len(old), since=min(old), until=max(old))
    if (end := case.alert.end_time) is None:
        return
    ended = next((entry for entry in case.logs if entry.status in ENDED), None)
    since, by_event = (end, False) if ended is None else (ended.time, ended.reason in _ENDED_BY_EVENT)
    behind = [event for event in late if (event.at or 0) > max(since, end)]
    after = [event.at for event in behind if event.at and _is_of_the_past(event, end, by_event=by_event)]
    if after:
        why = "They came after the alert had ended and tell of the time before its end."
        yield Finding("events had expired", why, count=len(after), since=min(after), until=max(after))
    told = [event.at for event in case.events if event.status != ABNORMAL and event.at and event.at > since]
    if told:
        why = "No alert was open when they came; what is older than they and comes behind them is too late."
        yield Finding("reported ends found no alert", why, count=len(told), since=min(told), until=max(told))


_ENDED_BY_EVENT = SAID_ENDS - {Reason.DELAY_OVER}


def _is_of_the_past(event: Event, end: int, *, by_event: bool) -> bool:
    """Return True if an event tells of the time before an end (design.md 7.43)."""
    return access_time(event) < end - ENDED_GRACE or (by_event and event.time < end)


def _last(logs: Iterable[LogEntry], op_type: OpType) -> LogEntry | None:
    return max((entry for entry in logs if entry.op_type == op_type), key=lambda entry: entry.time, default=None)


def _found(what: str, entry: LogEntry | None, otherwise: Reason, until: int | None = None) -> Finding:
    """Return a finding with the reason and time of the log entry that began it."""
    if entry is None:
        return Finding(what, why_text(otherwise), otherwise, until=until)
    return Finding(what, why_text(entry.reason), entry.reason, since=entry.time, until=until, detail=entry.description)
