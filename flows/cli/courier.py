"""`tocsin courier`: deliver notices, as a process of its own."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from flows.cli.fail import fail
from flows.cli.given import read_settings, settings_option
from flows.cli.run import kept_in
from flows.cli.strict import Command
from flows.courier.courier import Courier, run_courier
from flows.courier.setup import courier_of, fallback_of
from flows.courier.telemetry import DeliveryTelemetry
from flows.recovery.private import check_state
from flows.rules.open import open_rules
from flows.rules.source import Terms
from flows.rules.watch import Watcher
from flows.settings.settings import Settings, SettingsError
from flows.stop import Stop
from flows.telemetry.observability import Observability, open_observability
from sinks.channels.secrets import MissingSecretError
from sinks.outbox import OutboxUnavailableError, open_outbox
from sinks.outbox import Terms as Holds
from sinks.outbox.place import wait_for
from sinks.redis_client import PlaceError, is_redis
from sinks.store.interface import Store, StoreError
from sinks.store.place import open_store


@click.command(cls=Command, short_help="Deliver notices from the outbox, as a process of its own.")
@click.option("--rules", metavar="DIR", help="Directory of rule files; the courier reads their channels.")
@click.option("--outbox", metavar="PATH|redis://...", help="Default: setting outbox.dsn, or MESSAGE_QUEUE_DSN.")
@click.option("--store", metavar="PATH|URL", help="Where receipts go; default: setting store.dsn; `none` = nowhere.")
@click.option("--data", metavar="DIR", help="Directory that `tocsin run --data` keeps its files in.")
@settings_option
@click.option("--notices", metavar="FILE", help="Append notices of ways without a channel to this file, as JSON lines.")
@click.option("--console", is_flag=True, help="Print notices of ways without a channel.")
@click.option("--grace", type=click.FloatRange(min=0), default=30.0, show_default=True, help="Seconds a stop waits for what is being sent.")  # fmt: skip  # noqa: E501
@click.option("--visibility", type=click.FloatRange(min=1), default=60.0, show_default=True, help="Seconds until what a killed courier held is sent by another.")  # fmt: skip  # noqa: E501
def courier(
    settings_path: str | None,
    notices: str | None,
    *,
    console: bool,
    grace: float,
    visibility: float,
    **places: str | None,
) -> None:
    """Deliver notices from the outbox until SIGTERM or SIGINT; several couriers may share one outbox.

    What is being sent at the end is finished, the rest stays in the outbox. Exit 1 = something was cut off or broke.
    """
    try:
        settings = with_places(read_settings(settings_path), places)
        if refusal := check_state(settings):
            fail(refusal)
        _check_outbox(settings.outbox.dsn)
        watched = open_observability(settings, ("courier",))
        with store_of(settings) as kept:
            outbox = wait_for(open_outbox(settings.outbox.dsn, Holds(visibility=visibility)), settings.outbox.wait)
            fallback, observer = fallback_of(notices, console=console), DeliveryTelemetry(watched.meter)
            rules = rules_of(settings)
            made = courier_of(
                outbox,
                lambda: rules.holder.current().channels,
                kept,
                fallback=fallback,
                observer=observer,
                grace=grace,
                users=lambda: rules.holder.current().users,
                settings=settings,
            )
            ended_well = _deliver(made, rules, watched)
            outbox.close()
    except (SettingsError, StoreError, PlaceError, OutboxUnavailableError, MissingSecretError, OSError) as error:
        fail(error)
    sys.exit(not ended_well)


def _check_outbox(place: str) -> None:
    """Refuse an outbox in a file that no job ever made: it is the job's, on this machine. Raises SettingsError."""
    if not is_redis(place) and "://" not in place and not Path(place).exists():
        raise SettingsError(
            f"outbox.dsn: {place}: no such file; the job makes it. A courier on another machine than the job's needs an "
            "outbox on Redis: redis://host:port/db/key, here and for the job"
        )


def _deliver(courier: Courier, rules: Watcher, watched: Observability) -> bool:
    stop = Stop()
    stop.on_signals(rules.again)
    watched.heart.also("courier", lambda: courier.alive)
    watched.heart.also("rules", lambda: rules.alive)
    watched.start()
    rules.start()
    try:
        return run_courier(courier, stop)
    finally:
        rules.stop()
        watched.close()


def with_places(settings: Settings, places: dict[str, str | None]) -> Settings:
    """Return the settings with the options of the command line laid over."""
    put = msgspec.structs.replace
    if places["data"]:
        settings = put(settings, **kept_in(settings, places["data"]))
    if places["outbox"]:
        settings = put(settings, outbox=put(settings.outbox, dsn=places["outbox"]))
    if places["store"]:
        settings = put(settings, store=put(settings.store, dsn=places["store"]))
    return put(settings, rules=places["rules"]) if places["rules"] else settings


def rules_of(settings: Settings) -> Watcher:
    """Return the watcher of the rules, read once; mistakes anywhere in them end the command."""
    terms = Terms(default_business=settings.default_business, time_zone=settings.time_zone)
    watcher = open_rules([settings.rules], settings.inventory, terms)
    errors = watcher.load()
    if errors:
        fail(*errors)
    return watcher


@contextmanager
def store_of(settings: Settings) -> Iterator[Store | None]:
    """Open the store of the settings, if there is one."""
    if settings.store.dsn in ("", "none"):
        yield None
        return
    store = open_store(settings.store.dsn)
    try:
        yield store
    finally:
        store.close()
