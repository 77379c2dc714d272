"""What one person was told in a span of time, and what not, and why: by the notices that left and the actions that were planned."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from operators.explain.case import why_text
from operators.explain.who import named
from operators.model.notice import NoticeDocument, NoticeState
from operators.model.reason import Reason
from operators.model.records import Action, ReceiverResult
from operators.people.receivers import VOICE

ON_ITS_WAY = "on_its_way"
"""No reason of the closed list: nothing holds it back, and nothing is known of it yet."""
UNKNOWN = "Nothing holds it back; whether it reached anybody is not known."
_TOLD = frozenset({"success", "failure", "partial_failure"})
"""Statuses of an action of which a notice left."""
_TAKEN = frozenset({NoticeState.DELIVERED, NoticeState.WRITTEN_TO_FILE, NoticeState.GATHERED})
_STANDS_FOR = {
    NoticeState.GATHERED: Reason.DIGESTED,
    NoticeState.WITHHELD: Reason.STALE,
    NoticeState.PARTLY_DELIVERED: Reason.PARTLY_DELIVERED,
}


class Heard(msgspec.Struct, frozen=True, gc=False):
    """A message that reached the person, or whose way has nothing but a file. Time in Unix seconds."""

    time: int
    way: str
    title: str
    alert_ids: tuple[str, ...]
    notice_id: str
    state: str


class Unheard(msgspec.Struct, frozen=True, gc=False):
    """What was meant for the person and did not reach them. Time in Unix seconds."""

    time: int
    alert_id: str
    name: str
    severity: int
    signal: str
    ways: tuple[str, ...]
    reason: str
    why: str
    detail: str = ""


class Elsewhere(msgspec.Struct, frozen=True, gc=False):
    """An alert that the rules told others of, and never the person. Time in Unix seconds: of the first notice."""

    time: int
    alert_id: str
    name: str
    severity: int
    people: tuple[str, ...]
    """Whom they named."""


class Hearing(msgspec.Struct, frozen=True):
    """The answer, each list oldest first."""

    person: str
    since: int
    until: int
    told: tuple[Heard, ...]
    untold: tuple[Unheard, ...]
    elsewhere: tuple[Elsewhere, ...]


def hearing(
    person: str, since: int, until: int, actions: Iterable[Action], notices: Iterable[NoticeDocument]
) -> Hearing:
    """Return what a person was told from `since` to `until`, and what not. Of what is given, only that span counts."""
    left = [one for one in notices if since <= one.time <= until]
    planned = [one for one in actions if one.plugin_type == "notice" and since <= one.time <= until]
    theirs = [one for one in left if person in one.receivers]
    told = [_heard(one) for one in theirs if _reached(one, person)]
    told += _by_receipts(planned, person, {one.id for one in left})
    failed = [_failed(one, person, planned) for one in theirs if not _reached(one, person)]
    untold = [one for action in planned for one in _withheld(action, person, theirs)]
    return Hearing(
        person, since, until, tuple(sorted(told, key=lambda one: one.time)),
        tuple(sorted((*failed, *untold), key=lambda one: one.time)), tuple(_elsewhere(person, planned)),
    )  # fmt: skip


def _heard(one: NoticeDocument) -> Heard:
    return Heard(one.time, one.way, one.title, one.alert_ids, one.id, one.state)


def _by_receipts(planned: Sequence[Action], person: str, known: set[str]) -> list[Heard]:
    """Return what reached the person by notices of which only the receipt is kept."""
    found: dict[str, Heard] = {}
    for action in planned:
        for name, one in action.deliveries.items():
            answer = _answer(one.results, person)
            if name not in known and answer is not None and answer.result:
                state = (
                    NoticeState.WRITTEN_TO_FILE if answer.message == Reason.WRITTEN_TO_FILE else NoticeState.DELIVERED
                )
                before = found[name].alert_ids if name in found else ()
                found[name] = Heard(one.time, one.way, action.alert_name, (*before, *action.alert_ids), name, state)
    return list(found.values())


def _reached(one: NoticeDocument, person: str) -> bool:
    answer = _answer(one.results, person)
    return one.state in _TAKEN if answer is None else answer.result


def _answer(results: Mapping[str, ReceiverResult], person: str) -> ReceiverResult | None:
    """Return what a provider said of a person; of a call it says one thing of all whom it rang, joined by commas."""
    return next((one for names, one in results.items() if person in names.split(",")), None)


def _failed(one: NoticeDocument, person: str, planned: Sequence[Action]) -> Unheard:
    """Return a notice that left for the person and did not reach them."""
    action = next((each for each in planned if each.id in one.action_ids), None)
    answer = _answer(one.results, person)
    reason = _STANDS_FOR.get(NoticeState(one.state), Reason.NOT_DELIVERED)
    return Unheard(
        one.time, one.alert_ids[0] if one.alert_ids else "", action.alert_name if action else one.title, one.severity,
        one.signal, (one.way,), reason, why_text(reason), answer.message if answer else one.reason,
    )  # fmt: skip


def _withheld(action: Action, person: str, theirs: Sequence[NoticeDocument]) -> Iterator[Unheard]:
    """Yield an action that names the person by ways of which no notice to them tells."""
    meant = [way for way, name in _named(action) if name == person]
    told = {one.way for one in theirs if action.id in one.action_ids}
    told |= {one.way for one in action.deliveries.values() if _answer(one.results, person) is not None}
    by_reason: dict[str, list[str]] = {}
    for way in dict.fromkeys(way for way in meant if way not in told):
        by_reason.setdefault(_reason(action, way), []).append(way)
    for reason, ways in by_reason.items():
        why = why_text(reason) if reason in set(Reason) else UNKNOWN
        yield Unheard(
            action.time,
            action.alert_ids[0],
            action.alert_name,
            action.severity,
            action.signal,
            tuple(ways),
            reason,
            why,
        )


def _reason(action: Action, way: str) -> str:
    """Return why a way of an action told nobody: of an action that was told by others, a call was left out."""
    if action.status in _TOLD:
        return Reason.VOICE_DUPLICATE if way == VOICE else ON_ITS_WAY
    return action.reason or ON_ITS_WAY


def _named(action: Action) -> Iterator[tuple[str, str]]:
    yield from named(action.receivers)
    yield from named(action.followers)


def _elsewhere(person: str, planned: Sequence[Action]) -> Iterator[Elsewhere]:
    """Yield the alerts whose notices name others only."""
    by_alert: dict[str, list[Action]] = {}
    for action in planned:
        by_alert.setdefault(action.alert_ids[0], []).append(action)
    for alert_id, actions in by_alert.items():
        names = tuple(dict.fromkeys(name for action in actions for _, name in _named(action)))
        if names and person not in names:
            first = actions[0]
            yield Elsewhere(first.time, alert_id, first.alert_name, first.severity, names)
