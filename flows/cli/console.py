"""`tocsin console`: what people on call look at, in a browser."""

import os

import click
import msgspec

from flows.cli.courier import rules_of
from flows.cli.fail import fail
from flows.cli.gateway import REFUSALS, serve_here
from flows.cli.given import read_settings, settings_option
from flows.cli.run import kept_in
from flows.cli.strict import Command
from flows.console.app import application
from flows.console.parts import open_console
from flows.gateway.server import bound
from flows.settings.settings import Settings
from flows.telemetry.logs import set_up

LISTEN = "127.0.0.1:9094"


@click.command(cls=Command, short_help="Show alerts, duties, shields and trouble in a browser, and act on them.")
@click.option("--listen", metavar="HOST:PORT", default=LISTEN, show_default=True, help="Where browsers find it.")
@click.option("--data", metavar="DIR", help="Directory that `tocsin run --data` keeps its files in.")
@click.option("--rules", metavar="DIR", help="Directory of rule files; read again when they change.")
@click.option("--tokens", metavar="FILE", help="Who may read and act; without it, only this machine may ask.")
@click.option("--wait", is_flag=True, help="Begin although no job has made the store yet.")
@settings_option
def console(settings_path: str | None, *, listen: str, data: str | None, wait: bool, **places: str | None) -> None:
    """Show what burns, why, and who was told; ack, close, comment, assign and shield from the same pages.

    It reads the store, and acts by commands alone, as `tocsin ack` does: into the file beside the job, or the topic of the
    settings. Pages are read without script and speak English and Chinese; `Accept: application/json` gets
    the same as JSON.

    SIGTERM and SIGINT end it once what has come is answered.
    """
    set_up()
    try:
        settings = _with_places(read_settings(settings_path), data, places)
        listener = bound(listen, is_guarded=bool(settings.gateway.tokens or settings.console.proxies))
        rules = rules_of(settings)
        parts = open_console(settings, os.environ, rules, data, wait=wait, settings_path=settings_path)
    except REFUSALS as error:
        fail(error)
    rules.start()
    try:
        serve_here(application(parts), listener, rules.again, ending=parts.live.end)
    finally:
        parts.replays.stop()
        parts.service.durable.close()
        rules.stop()
        parts.store.close()


def _with_places(settings: Settings, data: str | None, places: dict[str, str | None]) -> Settings:
    """Return the settings with the options of the command line laid over."""
    put = msgspec.structs.replace
    if data:
        settings = put(settings, **kept_in(settings, data))
    if places["rules"]:
        settings = put(settings, rules=places["rules"])
    if places["tokens"]:
        settings = put(settings, gateway=put(settings.gateway, tokens=places["tokens"]))
    return settings
