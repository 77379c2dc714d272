"""The courier: takes notices from the outbox, hands them to channels, records what came of it."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import msgspec
import structlog

from flows.courier.attempt import Attempts
from flows.courier.gate import Gate, VoiceGate
from flows.courier.gather import Digests, Gatherer
from flows.courier.lanes import Hold, Lane, LaneSettings
from flows.courier.observer import Observer, Silent
from flows.courier.recorder import Recorder
from flows.courier.writeback import WriteBack, keep_writing
from operators.deliver.delivery import Bury, Decision, Outcome, Release, Retry, Taken
from operators.deliver.lane import way
from operators.rules.shapes.channel import Channel as ChannelRule
from sinks.channels.result import Channel
from sinks.outbox import Outbox, OutboxUnavailableError

TROUBLE = 1.0
"""Seconds to the next look at an outbox that did not answer."""

log = structlog.get_logger()


class CourierSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a courier works. Seconds."""

    ways: dict[str, LaneSettings] = {}
    """A way that is missing has the defaults."""
    grace: float = 30.0
    """How long a stop waits for what is being sent."""
    poll: float = 0.1
    """To the next look at an outbox that had nothing, or that no lane had room for."""
    count_every: float = 5.0
    """Between counts of what waits."""


NO_DIGESTS = Digests()


class Fleet(msgspec.Struct, frozen=True):
    """The channels by way, and how the notices of each way are delivered."""

    channels: Mapping[str, Channel]
    ways: dict[str, LaneSettings]


News = Callable[[], Fleet | None]
"""Returns the fleet to use from now on; None while it is the one in use. Quick: asked several times a second."""


def settings_of(channels: Iterable[ChannelRule], grace: float = 30.0) -> CourierSettings:
    """Return the settings that the channels of a rule book ask for."""
    ways = {one.way: LaneSettings(concurrency=max(1, one.concurrency), rate=float(one.rate)) for one in channels}
    return CourierSettings(ways=ways, grace=grace)


class Courier:
    """One dispatcher, one pool of threads a lane, one writer of receipts.

    The dispatcher takes only what a lane has room for, so the rest waits in the outbox and memory stays flat, and it
    extends the holds of what is in this process. Only here and in the flows/ modules it is made of is the clock read.
    """

    def __init__(
        self,
        outbox: Outbox,
        channels: Mapping[str, Channel],
        *,
        settings: CourierSettings | None = None,
        write_back: WriteBack | None = None,
        observer: Observer | None = None,
        gate: Gate | None = None,
        news: News = lambda: None,
        digests: Digests = NO_DIGESTS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._outbox, self._clock, self._news = outbox, clock, news
        self._settings, self._observer = settings or CourierSettings(), observer or Silent()
        self._attempts = Attempts(channels, gate or VoiceGate(), clock)
        self._stopping, self._wake = threading.Event(), threading.Event()
        self._give_up, self._last_receipts = threading.Event(), threading.Event()
        self._recorder = Recorder(outbox, clock, self._give_up)
        self._lanes: dict[str, Lane] = {}
        self._late = Gatherer(outbox, digests)
        self._extended = self._counted = clock()
        self._dispatcher = threading.Thread(target=self._dispatch, name="courier", daemon=True)
        receipts = (outbox, write_back, self._last_receipts)
        self._writer = threading.Thread(target=keep_writing, args=receipts, name="receipts", daemon=True)

    def start(self) -> None:
        """Begin to deliver, beside whatever else the process does."""
        self._dispatcher.start()
        self._writer.start()

    @property
    def alive(self) -> bool:
        """Whether its threads run; if one met a bug, the process should end and be started anew."""
        return self._dispatcher.is_alive() and self._writer.is_alive()

    def stop(self, grace: float | None = None) -> bool:
        """Finish what is being sent, give back the rest; return whether it ended within `grace` seconds."""
        if self._dispatcher.ident is None:
            return True
        deadline = time.monotonic() + (self._settings.grace if grace is None else grace)
        self._stopping.set()
        self._wake.set()
        self._dispatcher.join(_left(deadline))
        lanes = list(self._lanes.values())
        self._give_back([*self._late.give_back(), *(taken for lane in lanes for taken in lane.close())])
        finished = all(lane.finished(_left(deadline)) for lane in lanes)
        self._give_up.set()
        self._last_receipts.set()
        self._writer.join(max(1.0, _left(deadline)))
        log.info("courier stopped", finished=finished)
        return finished

    def _dispatch(self) -> None:
        while not self._stopping.is_set():
            wait = self._settings.poll
            try:
                self._round()
            except OutboxUnavailableError as error:
                log.warning("outbox does not answer", error=str(error))
                wait = TROUBLE
            self._wake.wait(wait)
            self._wake.clear()

    def _round(self) -> None:
        now = self._clock()
        fleet = self._news()
        if fleet is not None:
            self._adopt(fleet)
        self._extend(now)
        for taken in self._outbox.take(lambda name: self._lane(name).room(now), now):
            if not self._late.takes(taken, now):
                self._lane(taken.lane).give(taken)
        if self._late.settle(now):
            self._wake.set()
        if not 0 <= now - self._counted < self._settings.count_every:
            self._counted = now
            self._observer.on_depth(self._outbox.depth(now))

    def _adopt(self, fleet: Fleet) -> None:
        self._settings = msgspec.structs.replace(self._settings, ways=fleet.ways)
        self._attempts.adopt(fleet.channels)
        for name, lane in self._lanes.items():
            lane.adopt(self._settings_of(name))

    def _settings_of(self, name: str) -> LaneSettings:
        return self._settings.ways.get(way(name), LaneSettings())

    def _extend(self, now: float) -> None:
        """Keep what is held: three times in a visibility time-out. A hold that ran out (a stopped process) is left."""
        visibility = self._outbox.terms.visibility
        if 0 <= now - self._extended < visibility / 3:
            return
        holds = [hold for lane in self._lanes.values() for hold in lane.holds() if now < hold.until]
        self._outbox.extend([hold.taken for hold in holds], now)
        for hold in holds:
            hold.until = now + visibility
        self._extended = now

    def _lane(self, name: str) -> Lane:
        if name not in self._lanes:
            self._lanes[name] = Lane(self._settings_of(name), self._work, self._wake.set, self._clock())
        return self._lanes[name]

    def _work(self, lane: Lane, hold: Hold) -> None:
        begun = self._clock()
        if begun >= hold.until:
            log.warning("hold lost", notice=hold.taken.notice.id)
        elif lane.rests(begun):
            self._recorder.record(Outcome(hold.taken, Release()))
        else:
            self._attempt(lane, hold.taken)

    def _attempt(self, lane: Lane, taken: Taken) -> None:
        begun = time.monotonic()
        decision, answer = self._attempts.make(taken, lane.settings.policy)
        seconds = time.monotonic() - begun
        if answer:
            lane.note(answer, self._clock())
            self._observer.on_result(taken.notice.way, ok=all(one.ok for one in answer.values()), seconds=seconds)
        self._recorder.record(Outcome(taken, decision))
        self._tell(taken, decision)

    def _tell(self, taken: Taken, decision: Decision) -> None:
        about = {"notice": taken.notice.id, "way": taken.notice.way, "attempt": taken.attempt}
        if isinstance(decision, Bury):
            self._observer.on_buried(taken.notice.way, decision.reason)
            log.error("notice given up", **about, reason=decision.reason.value, error=decision.error)
        elif isinstance(decision, Retry):
            log.warning("notice not delivered yet", **about, due=decision.due, error=decision.error)

    def _give_back(self, taken: list[Taken]) -> None:
        try:
            self._outbox.record([Outcome(one, Release()) for one in taken], self._clock())
        except OutboxUnavailableError as error:
            log.warning("notices not given back; their holds run out", count=len(taken), error=str(error))


class Wish(Protocol):
    """The wish to stop."""

    def wait(self, seconds: float, /) -> bool:
        """Wait for the wish; return whether it came."""
        ...


def run_courier(courier: Courier, stop: Wish) -> bool:
    """Deliver until a stop is wished; return whether it ended well: no thread met a bug, nothing was cut off."""
    courier.start()
    while courier.alive and not stop.wait(1.0):
        pass
    ran = courier.alive
    return courier.stop() and ran


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())
