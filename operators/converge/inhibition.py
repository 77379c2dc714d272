"""Inhibition in the stage by business: which alerts keep which silent, and who is yet to be told (design.md 7.66).

A second is judged as a whole, once it is over: no topic between jobs knows an order within it, so a source that opens in
the second of its target's notice inhibits it, whichever came first.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from operators.converge.owed import Owed, Untold, again
from operators.intake.handover import Party, Planned
from operators.model.alert import Alert
from operators.model.records import Action, Receivers
from operators.people.called import without
from operators.plan.addressed import joined
from operators.plan.judge import ENDS, OPENING
from operators.rules.ask.inhibition import Side

AT_ONCE, IN_TURN = -1, 0
"""Numbers of what fires before anything of merging in its second (operators/converge/model.py, Numbers)."""
WEEK = 7 * 86400
"""Seconds for which an end may wait for the hours in which it is told (operators/plan/later.py)."""
HOUR = 3600
"""Seconds for which it is known that a source ended: an older word of it that comes again changes nothing."""

replace = msgspec.structs.replace


class Source(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An alert that inhibits others, or lately did: then without sides."""

    alert_id: str
    name: str
    at: int
    sides: tuple[Side, ...] = ()


class By(NamedTuple):
    """What inhibits a notice: the rule, and an open alert that is its source."""

    rule: str
    source: Source

    def __str__(self) -> str:
        return f"by alert {self.source.alert_id} ({self.source.name}), rule {self.rule}"


class Kept(msgspec.Struct, frozen=True):
    """The snapshot."""

    sources: dict[str, Source] = {}
    """By fingerprint."""
    untold: dict[str, Untold] = {}
    waiting: tuple[Planned, ...] = ()
    """Notices of the second that is not over."""
    second: int = 0
    touched: tuple[str, ...] = ()
    """What an open alert no longer agrees with, and fingerprints that changed, since the last second was judged."""


class Judged(NamedTuple):
    """What becomes of a notice."""

    action: Action
    """An end goes to those alone who heard of the problem."""
    why: str | None = None
    """What keeps it back; None: nothing does."""
    waits: bool = False
    """It is a repeat that comes too soon behind a first notice that was told late."""


class Inhibition:
    """The open sources and the untold of one slot of businesses."""

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}
        self._by_agreement: dict[str, dict[str, Side]] = {}
        """What agrees -> fingerprint -> its side: the open sources."""
        self._untold: dict[str, Untold] = {}
        self._waiting: list[Planned] = []
        self._touched: dict[str, None] = {}
        self._second = 0
        self._due: int | None = None
        self._is_due_known = True
        """False: what is due has changed since it was looked for."""

    # --- what comes

    def concerns(self, planned: Planned) -> bool:
        """Return True if a notice is to wait until its second is over."""
        return bool(planned.target) or planned.alert.dedupe_md5 in self._untold

    def wait(self, planned: Planned, now: int) -> None:
        """Let a notice wait until its second is over."""
        self._second = now
        self._waiting.append(planned)

    def meet(self, news: Party, now: int) -> tuple[Owed, ...]:
        """Take notice of how a party stands; return what can never be told any more."""
        alert, md5 = news.party, news.party.dedupe_md5
        known, untold = self._sources.get(md5), self._untold.get(md5)
        if known is not None and news.at < known.at:
            return ()
        if known is not None or news.source:
            self._set(md5, Source(alert.id, alert.alert_name, news.at, news.source), now)
        if untold is None:
            return ()
        self._untold[md5] = kept = untold.now_known(alert, news.target, now + WEEK)
        self._is_due_known = False
        self._touch((md5,), now)
        return untold.owed if untold.owed and not kept.owed else ()

    def _set(self, md5: str, source: Source, now: int) -> None:
        before = self._sources.get(md5)
        for side in before.sides if before else ():
            del self._by_agreement[side.agrees][md5]
            if not self._by_agreement[side.agrees]:
                del self._by_agreement[side.agrees]
            self._touch((side.agrees,), now)
        self._sources[md5] = source
        self._index(md5, source)

    def _index(self, md5: str, source: Source) -> None:
        for side in source.sides:
            self._by_agreement.setdefault(side.agrees, {})[md5] = side

    def _touch(self, names: Iterable[str], now: int) -> None:
        self._second = now
        self._touched.update(dict.fromkeys(names))

    def recheck(self, at: int) -> None:
        """Look again at who is yet to be told, at a second or before: rules have changed."""
        for md5, one in self._untold.items():
            if one.owed and one.due is not None:
                self._untold[md5] = replace(one, due=min(one.due, at))
        self._is_due_known = False

    # --- when

    def next_place(self) -> tuple[int, int] | None:
        """Return second and number of what is next to be judged, in the row of merging."""
        if self._waiting or self._touched:
            return self._second + 1, AT_ONCE
        due = self._due if self._is_due_known else self._next_due()
        return None if due is None else (due, IN_TURN)

    def _next_due(self) -> int | None:
        if not self._is_due_known:
            dues = (one.due for one in self._untold.values() if one.owed and one.due is not None)
            self._due, self._is_due_known = min(dues, default=None), True
        return self._due

    def take_waiting(self) -> list[Planned]:
        """Return the notices whose second is over."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def free(self, now: int) -> list[Untold]:
        """Return whom nothing inhibits any more, or whose time has come, in the order in which they were held back."""
        touched, self._touched = self._touched, {}
        due = self._next_due()
        if not touched and (due is None or due > now):
            return []
        found = [one for one in self._untold.values() if one.owed and _is_asked(one, touched, now)]
        free = [one for one in found if self._inhibiting(one.target) is None]
        for one in found:
            self.keep(replace(one, due=None))  # of those that are inhibited again, the end of the source says when
        return sorted(free, key=lambda one: (one.owed[0].action.time, one.alert.id))

    # --- judging

    def judge(self, planned: Planned) -> Judged:
        """Return what becomes of a notice whose second is over, and keep who was not told because of it."""
        by = self._inhibiting(planned.target)
        if planned.action.signal in ENDS:
            return self._end(planned, by)
        untold = self._untold.get(planned.alert.dedupe_md5)
        if by is not None:
            if planned.action.signal in OPENING:
                self._hold(planned, untold)
            return Judged(planned.action, str(by))
        if untold is None or planned.action.signal not in OPENING:
            return Judged(planned.action)
        if again(planned.action) and untold.owes_first:
            self._touched[planned.alert.dedupe_md5] = None
            return Judged(planned.action, "its first notice is told in its place")
        if untold.is_too_soon(planned):
            if not untold.owed:
                owed = Owed(planned.action, planned.entry)
                self.keep(replace(untold, owed=(owed,), due=untold.repeats_from))
                return Judged(planned.action, waits=True)
            return Judged(planned.action, "a repeat waits already")
        self.keep(untold.told_by(planned.action))
        return Judged(planned.action)

    def _inhibiting(self, target: Sequence[Side]) -> By | None:
        """Return what keeps an alert on the target sides of rules silent, the same whatever the order of its coming."""
        for own in target:
            sources = self._by_agreement.get(own.agrees, {})
            open_ones = [md5 for md5, side in sources.items() if not (side.is_both and own.is_both)]
            if open_ones:
                return By(own.rule, min((self._sources[md5] for md5 in open_ones), key=lambda one: one.alert_id))
        return None

    def _hold(self, planned: Planned, untold: Untold | None) -> None:
        """Keep an inhibited notice, if it is the first of its alert or an escalation, and who did not hear it."""
        alert, told = planned.alert, planned.told
        kept = untold or Untold(alert)
        if kept.alert.id != alert.id:
            kept = kept.now_known(alert, planned.target, 0)
        self.keep(kept.holding(planned, is_first=told is None or told.alert_id != alert.id))

    def _end(self, planned: Planned, by: By | None) -> Judged:
        """Tell an end to those who heard of the problem; while it is inhibited, to nobody else (design.md 7.60)."""
        untold, action, told = self._untold.pop(planned.alert.dedupe_md5, None), planned.action, planned.told
        self._is_due_known = False
        main, followers = action.receivers, action.followers
        heard = joined(told.main, told.followers) if told is not None else {}
        unused = heard.keys() - main.keys() - followers.keys()  # ways by which ends are not told
        if by is not None:
            main, followers = _only(main, heard), _only(followers, heard)
        if untold is not None:
            main, followers = without(main, untold.missed), without(followers, untold.missed)
            late = {way: names for way, names in untold.reached.items() if way not in unused}
            main = joined(main, without(late, joined(main, followers)))
        if main or followers:
            return Judged(replace(action, receivers=main, followers=followers))
        return Judged(action, "nobody was told of the problem" if by is None else str(by))

    def keep(self, untold: Untold) -> None:
        """Keep who is yet to be told of an alert, or forget it where nothing is left to remember."""
        md5 = untold.alert.dedupe_md5
        if untold.matters:
            self._untold[md5] = untold
        else:
            self._untold.pop(md5, None)
        self._is_due_known = False

    # --- state

    def alerts(self) -> Iterator[Alert]:
        """Yield the alerts of which something is yet to be told."""
        return (one.alert for one in self._untold.values() if one.owed)

    def named(self) -> Iterator[str]:
        """Yield the ids of the alerts that notices of the second tell of."""
        return (planned.alert.id for planned in self._waiting)

    def sweep(self, now: int) -> None:
        """Let go of what can no longer matter."""
        self._sources = {md5: one for md5, one in self._sources.items() if one.sides or one.at > now - HOUR}
        self._untold = {md5: one for md5, one in self._untold.items() if one.until is None or one.until > now}
        self._is_due_known = False

    def snapshot(self) -> Kept:
        """Return everything."""
        return Kept(self._sources, self._untold, tuple(self._waiting), self._second, tuple(self._touched))

    @classmethod
    def restore(cls, kept: Kept) -> "Inhibition":
        """Return what was kept."""
        made = cls()
        made._sources, made._untold, made._second = dict(kept.sources), dict(kept.untold), kept.second
        made._waiting, made._touched = list(kept.waiting), dict.fromkeys(kept.touched)
        for md5, source in made._sources.items():
            made._index(md5, source)
        made._is_due_known = False
        return made


def _is_asked(one: Untold, touched: Container[str], now: int) -> bool:
    """Return True if it is time to look whether people can be told; a repeat that came too soon waits for its time."""
    if one.due is not None and one.due <= now:
        return True
    if one.due is not None and all(owed.entry is not None for owed in one.owed):
        return False
    return one.alert.dedupe_md5 in touched or any(side.agrees in touched for side in one.target)


def _only(ways: Receivers, known: Receivers) -> Receivers:
    """Return the receivers that are among the known ones."""
    return without(ways, without(ways, known))
