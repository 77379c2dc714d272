"""`tocsin gateway`: events and alerts of other systems over HTTP."""

import os
from collections.abc import Callable
from socket import socket
from typing import Any

import click
import msgspec
from starlette.types import ASGIApp

from flows.cli.courier import rules_of
from flows.cli.fail import fail
from flows.cli.given import read_settings, settings_option
from flows.cli.strict import Command
from flows.gateway.app import application as application_of
from flows.gateway.open import open_service
from flows.gateway.server import AddressError, bound, serve
from flows.gateway.spool import SpoolBusyError
from flows.gateway.tokens import TokensError
from flows.settings.places import store_under
from flows.settings.settings import Settings, SettingsError
from flows.sources.kafka_client import KafkaTroubleError
from flows.stop import Stop
from flows.telemetry.logs import set_up
from sinks.store.interface import StoreError

REFUSALS = (AddressError, TokensError, SpoolBusyError, SettingsError, KafkaTroubleError, StoreError, OSError)


@click.command(cls=Command, short_help="Take events and alerts of other systems over HTTP.")
@click.option("--listen", metavar="HOST:PORT", help="Default: setting gateway.listen, or 127.0.0.1:9093.")
@click.option(
    "--data", metavar="DIR", help="Keep the spool in this directory, and read the store of the job that runs there."
)
@click.option("--rules", metavar="DIR", help="Directory of rule files: they name the receivers that tools are shown.")
@click.option("--tokens", metavar="FILE", help="Who may do what; without it, only this machine may ask.")
@settings_option
def gateway(settings_path: str | None, **places: str | None) -> None:
    """Take events over HTTP and make them durable before they are answered: into Kafka, or a spool that the job follows.

    \b
    POST /v1/events                our own events: one, an array, or one a line
    POST /api/v2/alerts            Prometheus, vmalert, amtool: as Alertmanager
    POST /webhook/alertmanager     Alertmanager's webhook
    POST /webhook/grafana          Grafana's webhook
    GET  /api/v2/alerts ...        amtool, karma, Grafana: alerts, groups, silences, status, receivers
    GET  /metrics /healthz /readyz

    SIGTERM and SIGINT end it once what has come is answered.
    """  # noqa: D301 - the \b is one, and keeps the list as it is
    set_up()
    try:
        settings = with_places(read_settings(settings_path), places)
        listener = bound(settings.gateway.listen, is_guarded=bool(settings.gateway.tokens))
        service = open_service(settings, os.environ)
        rules = rules_of(settings) if places["rules"] else None
    except REFUSALS as error:
        fail(error)
    book = (lambda: None) if rules is None else rules.holder.current
    again = (lambda: None) if rules is None else rules.again
    if rules is not None:
        rules.start()
    try:
        application = application_of(service, book)
        serve_here(application, listener, again, straight=application.taking_in)
    finally:
        service.durable.close()
        if rules is not None:
            rules.stop()
        if service.store is not None:
            service.store.close()


def serve_here(application: ASGIApp, listener: socket, again: Callable[[], None] = lambda: None, **more: Any) -> None:
    """Say where, and answer until SIGTERM or SIGINT; SIGHUP has the rules read `again`."""
    Stop().on_signals(again)  # the server takes them while it runs, and gives them back to whoever had them before
    host, port = listener.getsockname()[:2]
    serve(application, listener, lambda: click.echo(f"listening on http://{host}:{port}", err=True), **more)


def with_places(settings: Settings, places: dict[str, str | None]) -> Settings:
    """Return the settings with the options of the command line laid over."""
    put = msgspec.structs.replace
    given = settings.gateway
    if places["data"]:
        given = put(given, spool=f"{places['data']}/spool")
        settings = put(settings, store=store_under(settings, places["data"]))
    if places["rules"]:
        settings = put(settings, rules=places["rules"])
    if places["listen"]:
        given = put(given, listen=places["listen"])
    if places["tokens"]:
        given = put(given, tokens=places["tokens"])
    return put(settings, gateway=given)
