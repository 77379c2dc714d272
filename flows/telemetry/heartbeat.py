"""A sign of life to an outside watcher: if it stays away, something that Tocsin itself cannot tell has happened."""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing

import structlog

from flows.settings.sections import HeartbeatSettings
from flows.settings.settings import Settings, SettingsError
from operators.model.identity import digest
from operators.model.records import Notice
from operators.rules.shapes.model import Secret
from sinks.channels.errors import DeliveryError
from sinks.channels.http import Http
from sinks.channels.secrets import reveal
from sinks.outbox import OutboxUnavailableError, open_outbox
from sinks.redis_client import PlaceError
from sinks.render.media import medium_of
from sinks.render.words import words

TIMEOUT = 10.0
"""Seconds for the watcher's answer."""
LOOK = 0.2
"""Seconds between two looks whether everything has begun."""
HEARTBEAT = "heartbeat"
"""Signal and notice type of a sign that goes as a notice."""

Sign = Callable[[], None]
"""Gives one sign. Raises DeliveryError or OutboxUnavailableError."""

log = structlog.get_logger()


class Heartbeat:
    """Gives signs every few minutes, from a thread of its own; not while something of the process is dead or hangs."""

    def __init__(self, signs: Sequence[Sign], seconds: float, trouble: Callable[[], str]) -> None:
        self._signs, self._seconds, self._trouble = signs, seconds, trouble
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Give a first sign as soon as everything has begun, and go on."""
        self._thread.start()

    def stop(self) -> None:
        """End; nothing more is sent."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(TIMEOUT)

    def beat(self) -> bool:
        """Give the signs if all is well; return True if all were taken."""
        if trouble := self._trouble():
            log.error("no heartbeat: something is wrong", why=trouble)
            return False
        taken = [_given(sign) for sign in self._signs]
        return all(taken)

    def _run(self) -> None:
        self._until_all_began()
        if self._stop.is_set():
            return
        self.beat()
        while not self._stop.wait(self._seconds):
            self.beat()

    def _until_all_began(self) -> None:
        """Wait for what has not begun yet, an interval at most: until then it is not dead."""
        latest = time.monotonic() + self._seconds
        while self._trouble() and time.monotonic() < latest and not self._stop.wait(LOOK):
            pass


def _given(sign: Sign) -> bool:
    try:
        sign()
    except (DeliveryError, OutboxUnavailableError) as error:
        log.warning("heartbeat not heard", error=str(error))
        return False
    return True


def heartbeat_of(
    settings: Settings, trouble: Callable[[], str], environment: Mapping[str, str] = os.environ
) -> Heartbeat | None:
    """Return the heartbeat of the settings; None if none is wanted. Raises MissingSecretError, SettingsError."""
    wanted = settings.heartbeat
    signs: list[Sign] = []
    if wanted.url:
        signs.append(_post(wanted, environment))
    if wanted.way:
        signs.append(_notice(settings))
    return Heartbeat(signs, wanted.minutes * 60, trouble) if signs else None


def _post(wanted: HeartbeatSettings, environment: Mapping[str, str]) -> Sign:
    given = wanted.url
    url = reveal(given if isinstance(given, str) else Secret(env=given.env, file=given.file), environment)
    http = Http(TIMEOUT)

    def post() -> None:
        http.call("POST", url(), b"", {})

    return post


def _notice(settings: Settings) -> Sign:
    """Return what lets a notice wait in the outbox: it tells that job, outbox, courier and provider all live."""
    place = settings.outbox.dsn
    if place in ("", "none"):
        raise SettingsError("heartbeat.way: a notice needs an outbox, and outbox.dsn names none")

    def put() -> None:
        now = time.time()
        try:
            with closing(open_outbox(place)) as outbox:
                outbox.put([sign_of(settings, int(now))], now)
        except PlaceError as error:
            raise OutboxUnavailableError(str(error)) from error

    return put


def sign_of(settings: Settings, now: int) -> Notice:
    """Return the notice that says that this worker lives."""
    wanted, worker, phrases = settings.heartbeat, settings.kafka.worker, words(settings.language).phrases
    title = phrases["heartbeat_title"].format(product=settings.product.name, job=settings.job, worker=worker)
    text = phrases["heartbeat_text"].format(title=title, minutes=f"{wanted.minutes:g}")
    return Notice(
        id=digest(HEARTBEAT, settings.job, worker, now),
        time=now,
        way=wanted.way,
        receivers=wanted.receivers,
        followed=False,
        signal=HEARTBEAT,
        notice_type=HEARTBEAT,
        collect_type="action",
        alert_ids=(),
        action_ids=(),
        title=title,
        content=medium_of(wanted.way).escape(text),
    )
