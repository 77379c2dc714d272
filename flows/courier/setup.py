"""Putting a courier together: channels of the rules, outbox, the store that keeps receipts."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from flows.courier.courier import NO_DIGESTS, Courier, Fleet, settings_of
from flows.courier.gather import Digests
from flows.courier.observer import Observer
from flows.courier.waiting import without_secrets
from flows.courier.writeback import WriteBack
from flows.settings.settings import Settings
from operators.deliver.digest import alerts_of
from operators.model.alert import Alert
from operators.model.records import Notice
from operators.rules.shapes.model import Channel as ChannelRule
from sinks.channels.build import build_all
from sinks.channels.contacts import Users, addressed
from sinks.channels.plain import Console, File
from sinks.channels.result import Channel
from sinks.channels.secrets import MissingSecretError
from sinks.outbox import Logged, Outbox
from sinks.render.digest import digest_words
from sinks.render.words import words
from sinks.store.interface import Batch, Store, StoreError

log = structlog.get_logger()

MOST_ALERTS = 2000
"""Alerts that are looked up for digests at once."""

ChannelRules = Callable[[], Sequence[ChannelRule]]
"""Returns the channels of the rules in force."""


class Fleets:
    """Builds channels anew when their rules change; those that cannot be built leave the last good ones in use."""

    def __init__(
        self, rules: ChannelRules, fallback: Channel | None, environ: Mapping[str, str] | None = None,
        *, only_without_channels: bool = False, users: Users = dict,
    ) -> None:  # fmt: skip
        self._rules, self._fallback, self._environ, self._users = rules, fallback, environ, users
        self._only_without_channels = only_without_channels
        self._seen = self._built = rules()
        self.channels = self._all(self._built)

    def _all(self, rules: Sequence[ChannelRule]) -> dict[str, Channel]:
        is_left_out = self._only_without_channels and rules
        made = build_all(rules, None if is_left_out else self._fallback, self._environ)
        return addressed(made, [one.way for one in rules], self._users)

    def news(self) -> Fleet | None:
        """Return the channels of changed rules; None where nothing changed, or where a secret of them is missing."""
        rules = self._rules()
        if rules is self._seen or rules == self._seen:
            return None
        self._seen = rules
        try:
            self.channels = self._changed(rules)
        except MissingSecretError as error:
            log.error("channels refused, the last good ones stay", error=str(error))  # noqa: TRY400 - it says all
            return None
        self._built = rules
        log.info("channels changed", ways=sorted(one.way for one in rules))
        return Fleet(self.channels, settings_of(rules).ways)

    def _changed(self, rules: Sequence[ChannelRule]) -> dict[str, Channel]:
        """Return all channels; one whose rule stayed is the one in use, with its connections and what it remembers."""
        before, after = ({one.way: one for one in book} for book in (self._built, rules))
        built = self._all(rules)
        same = {way for way in built if way in self.channels and before.get(way) == after.get(way)}
        return {**built, **{way: self.channels[way] for way in same}}


def courier_of(
    outbox: Outbox,
    rules: ChannelRules,
    store: Store | None,
    *,
    fallback: Channel | None = None,
    only_without_channels: bool = False,
    observer: Observer | None = None,
    grace: float = 30.0,
    users: Users = dict,
    settings: Settings | None = None,
) -> Courier:
    """Return a courier ready to start; it follows the rules. Raises MissingSecretError where a secret is not there.

    `users` are the people of the rules in force.
    `only_without_channels`: the fallback serves while the rules have no channel at all; then a way without one is given up.
    """
    fleets = Fleets(rules, fallback, only_without_channels=only_without_channels, users=users)
    return Courier(
        outbox,
        fleets.channels,
        settings=settings_of(rules(), grace),
        write_back=None if store is None else receipts_into(store),
        observer=observer,
        news=fleets.news,
        digests=NO_DIGESTS if settings is None else digests_of(settings, store),
    )


def digests_of(settings: Settings, store: Store | None) -> Digests:
    """Return how late notices are told. A file that is read by its own clock is history: nothing of it is late."""
    source, zone, said = settings.source, ZoneInfo(settings.time_zone), words(settings.language)
    is_history = bool(source.files) and source.clock == "input"
    return Digests(
        stale=0.0 if is_history else settings.courier.stale,
        standing=lambda notices: {} if store is None else standing(store, notices),
        words=lambda late, known: digest_words(late, known, said, zone),
    )


def standing(store: Store, notices: Sequence[Notice]) -> dict[str, Alert]:
    """Return the alerts of some notices as they stand now; what the store cannot say is left out."""
    try:
        found = ((alert_id, store.alert(alert_id)) for alert_id in alerts_of(notices)[:MOST_ALERTS])
        return {alert_id: alert for alert_id, alert in found if alert is not None}
    except StoreError as error:
        log.warning("a digest is told without the state of its alerts", error=str(error))
        return {}


def receipts_into(store: Store) -> WriteBack:
    """Return what writes receipts and notices into a store."""

    def write(logged: Sequence[Logged]) -> None:
        notices = [without_secrets(one.notice) for one in logged if one.notice is not None]
        store.write(Batch(receipts=[one.receipt for one in logged], notices=notices))

    return write


def fallback_of(notices: str | None, *, console: bool) -> Channel | None:
    """Return where the notices of a way without a channel go: a file, the console, or nowhere."""
    if notices:
        Path(notices).parent.mkdir(parents=True, exist_ok=True)
        return File(Path(notices))
    return Console() if console else None
