"""What one person was told in a span of time, and what not, and why: by the notices that left and the actions that were planned."""

from collections.abc import Container, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import TypeVar

import msgspec

from operators.explain.case import why_text
from operators.explain.who import named
from operators.model.notice import NoticeDocument, NoticeState
from operators.model.reason import Reason
from operators.model.records import Action, ReceiverResult
from operators.people.called import VOICE

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
    """Return what a person was told from `since` to `until`, and what not. Of what is given, in any order, only that span counts."""
    left = [one for one in notices if since <= one.time <= until]
    theirs = [one for one in left if person in one.receivers]
    lost = [one for one in theirs if not _reached(one, person)]
    found = _Found(person, theirs, {one.id for one in left}, {name for one in lost for name in one.action_ids})
    for action in actions:
        if action.plugin_type == "notice" and since <= action.time <= until:
            found.add(action)
    told = [_heard(one) for one in theirs if _reached(one, person)]
    failed = [_failed(one, person, found.names) for one in lost]
    return Hearing(
        person, since, until, _in_time((*told, *found.by_receipts.values())), _in_time((*failed, *found.untold)), found.elsewhere(),
    )  # fmt: skip


class _Found:
    """What actions say, taken one by one: of those that others are meant by, little is kept."""

    def __init__(
        self, person: str, theirs: Iterable[NoticeDocument], known: Container[str], asked: Container[str]
    ) -> None:
        self._person = person
        self._known = known
        self._asked = asked
        self._ways_told: dict[str, set[str]] = {}
        """Action -> ways by which a notice to the person tells of it."""
        self._summaries: dict[tuple[str, str], list[NoticeDocument]] = {}
        """Alert and signal -> notices to the person: of a merged end, the summary names the action of the problem."""
        for one in theirs:
            for name in one.action_ids:
                self._ways_told.setdefault(name, set()).add(one.way)
            for alert_id in one.alert_ids:
                self._summaries.setdefault((alert_id, one.signal), []).append(one)
        self.names: dict[str, str] = {}
        """Action that is asked for -> name of its alert."""
        self.untold: list[Unheard] = []
        self.by_receipts: dict[str, Heard] = {}
        """What reached the person by notices of which only the receipt is kept."""
        self._others: dict[str, Elsewhere] = {}
        self._concerned: set[str] = set()
        """Alerts that name the person somewhere."""

    def add(self, action: Action) -> None:
        if action.id in self._asked:
            self.names[action.id] = action.alert_name
        self._receipts(action)
        names = tuple(dict.fromkeys(name for _, name in _named(action)))
        if self._person in names:
            self._concerned.add(action.alert_ids[0])
            self.untold += _withheld(action, self._person, self._told(action))
        elif names:
            self._elsewhere(action, names)

    def _told(self, action: Action) -> set[str]:
        """Return the ways by which a notice to the person tells of an action."""
        ways = set(self._ways_told.get(action.id, ()))
        if action.reason == Reason.MERGED:
            told = self._summaries.get((action.alert_ids[0], action.signal), ())
            ways.update(one.way for one in told if one.time >= action.time)
        return ways

    def _receipts(self, action: Action) -> None:
        for name, one in action.deliveries.items():
            answer = _answer(one.results, self._person)
            if name not in self._known and answer is not None and answer.result:
                is_file = answer.message == Reason.WRITTEN_TO_FILE
                state = NoticeState.WRITTEN_TO_FILE if is_file else NoticeState.DELIVERED
                before = self.by_receipts[name].alert_ids if name in self.by_receipts else ()
                about = (*before, *action.alert_ids)
                self.by_receipts[name] = Heard(one.time, one.way, action.alert_name, about, name, state)

    def _elsewhere(self, action: Action, names: Iterable[str]) -> None:
        alert_id = action.alert_ids[0]
        found = Elsewhere(action.time, alert_id, action.alert_name, action.severity, tuple(names))
        if (known := self._others.get(alert_id)) is not None:
            first, then = sorted((known, found), key=_time)
            found = msgspec.structs.replace(first, people=tuple(dict.fromkeys((*first.people, *then.people))))
        self._others[alert_id] = found

    def elsewhere(self) -> tuple[Elsewhere, ...]:
        """Return the alerts whose notices name others only."""
        return _in_time(one for name, one in self._others.items() if name not in self._concerned)


_time = attrgetter("time")
_One = TypeVar("_One", Heard, Unheard, Elsewhere)


def _in_time(found: Iterable[_One]) -> tuple[_One, ...]:
    return tuple(sorted(found, key=_time))


def _heard(one: NoticeDocument) -> Heard:
    return Heard(one.time, one.way, one.title, one.alert_ids, one.id, one.state)


def _reached(one: NoticeDocument, person: str) -> bool:
    answer = _answer(one.results, person)
    return one.state in _TAKEN if answer is None else answer.result


def _answer(results: Mapping[str, ReceiverResult], person: str) -> ReceiverResult | None:
    """Return what a provider said of a person; of a call it says one thing of all whom it rang, joined by commas."""
    return next((one for names, one in results.items() if person in names.split(",")), None)


def _failed(one: NoticeDocument, person: str, names: Mapping[str, str]) -> Unheard:
    """Return a notice that left for the person and did not reach them."""
    name = next((names[each] for each in one.action_ids if each in names), one.title)
    answer = _answer(one.results, person)
    reason = _STANDS_FOR.get(NoticeState(one.state), Reason.NOT_DELIVERED)
    return Unheard(
        one.time, one.alert_ids[0] if one.alert_ids else "", name, one.severity,
        one.signal, (one.way,), reason, why_text(reason), answer.message if answer else one.reason,
    )  # fmt: skip


def _withheld(action: Action, person: str, told: set[str]) -> Iterator[Unheard]:
    """Yield an action that names the person by ways of which no notice to them tells."""
    meant = [way for way, name in _named(action) if name == person]
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
