"""`tocsin up`: gateway, job and courier on one machine, without any server."""

import sys
from pathlib import Path

import click
import msgspec

from flows.cli.courier import rules_of
from flows.cli.fail import fail
from flows.cli.given import read_settings, settings_option
from flows.cli.strict import Command
from flows.cli.supervise import Child, keep_running
from flows.gateway.server import AddressError, address_of
from flows.settings.settings import Settings
from operators.rules.book import RuleBook


@click.command(cls=Command, short_help="Run gateway, job and courier on this machine, without any server.")
@click.option(
    "--rules", default="rules", show_default=True, metavar="DIR", help="Rule files; `tocsin init` writes some."
)
@click.option("--data", default="data", show_default=True, metavar="DIR", help="Keep everything in this directory.")
@click.option(
    "--listen", default="127.0.0.1:9093", show_default=True, metavar="HOST:PORT", help="Where alerts come in."
)
@click.option("--tokens", metavar="FILE", help="Who may do what; without it, only this machine may ask.")
@settings_option
def up(rules: str, data: str, listen: str, tokens: str | None, settings_path: str | None) -> None:
    """Take alerts over HTTP, keep them, tell people: gateway, job and courier in one group, each started again if it dies.

    SIGTERM and Ctrl-C end all of it with a last snapshot; started again it goes on where it left off.
    """
    book = _book(rules, read_settings(settings_path))
    try:
        host, port = address_of(listen)
    except AddressError as error:
        fail(error)
    common = ["--data", data, *(["--settings", settings_path] if settings_path else [])]
    guarded = ["--tokens", tokens] if tokens else []
    children = [
        Child("gateway", ["gateway", *common, "--rules", rules, "--listen", listen, *guarded]),
        Child("job", ["run", *common, "--rules", rules, "--spool", f"{data}/spool"]),
    ]
    click.echo(welcome(f"{host}:{port}", data, rules, book), err=True)
    sys.exit(keep_running(children))


def _book(rules: str, settings: Settings) -> RuleBook:
    """Return the rules; mistakes in them end the command before anything is started."""
    if not Path(rules).exists():
        fail(f"{rules}: no such directory; `tocsin init {rules}` writes rules to begin with")
    return rules_of(msgspec.structs.replace(settings, rules=rules)).holder.current()


def welcome(place: str, data: str, rules: str, book: RuleBook) -> str:
    """Return what is said at the start: where alerts come in, where notices go, what to try."""
    ways = sorted(channel.way for channel in book.channels)
    told = f"by {', '.join(ways)}" if ways else f"to {data}/notices.jsonl, for the rules name no channel"
    return f"""\
Alerts come in at http://{place}; people are told {told}.
In Prometheus:
  alerting: {{alertmanagers: [{{static_configs: [{{targets: ["{place}"]}}]}}]}}
Try next
  curl -d '{{"event_id": "1", "plugin_id": "me", "alert_name": "Disk full", "time": '$(date +%s)', "severity": 2}}' http://{place}/v1/events
  tocsin alerts list --data {data}
  tocsin explain ALERT --data {data}
  tocsin console --data {data} --rules {rules}
Ctrl-C ends it."""
