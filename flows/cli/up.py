"""`tocsin up`: gateway, job, courier and console on one machine, without any server."""

import os
import sys
from pathlib import Path

import click
import msgspec

from flows.cli.courier import rules_of
from flows.cli.fail import fail
from flows.cli.given import read_settings, settings_option
from flows.cli.strict import Command
from flows.cli.supervise import Child, keep_running
from flows.gateway.server import AddressError, address_of, bound
from flows.gateway.tokens import Tokens, TokensError
from flows.settings.settings import Settings
from operators.rules.book import RuleBook

NOWHERE = "none"


@click.command(cls=Command, short_help="Run gateway, job, courier and console on this machine, without any server.")
@click.option(
    "--rules", default="rules", show_default=True, metavar="DIR", help="Rule files; `tocsin init` writes some."
)
@click.option("--data", default="data", show_default=True, metavar="DIR", help="Keep everything in this directory.")
@click.option(
    "--listen", default="127.0.0.1:9093", show_default=True, metavar="HOST:PORT", help="Where alerts come in."
)
@click.option(
    "--console",
    "console_at",
    default="127.0.0.1:9094",
    show_default=True,
    metavar="HOST:PORT",
    help="Where browsers find the console; `none` = nowhere.",
)
@click.option("--tokens", metavar="FILE", help="Who may do what; without it, only this machine may ask.")
@settings_option
def up(rules: str, data: str, listen: str, console_at: str, tokens: str | None, settings_path: str | None) -> None:
    """Take alerts over HTTP, keep them, tell people, show them: gateway, job with courier, and console in one group.

    Each is a process of its own, and started again if it dies.

    SIGTERM and Ctrl-C end all of it with a last snapshot; started again it goes on where it left off.
    """
    settings = read_settings(settings_path)
    book = _book(rules, settings)
    host, port = _checked(settings, data, listen, console_at, tokens)
    common = ["--data", data, *(["--settings", settings_path] if settings_path else [])]
    guarded = ["--tokens", tokens] if tokens else []
    children = [
        Child("gateway", ["gateway", *common, "--rules", rules, "--listen", listen, *guarded]),
        Child("job", ["run", *common, "--rules", rules, "--spool", f"{data}/spool"]),
    ]
    if console_at != NOWHERE:
        children.append(
            Child("console", ["console", *common, "--rules", rules, "--listen", console_at, "--wait", *guarded])
        )
    click.echo(welcome(f"{host}:{port}", console_at, data, book), err=True)
    sys.exit(keep_running(children))


def _checked(settings: Settings, data: str, listen: str, console_at: str, tokens: str | None) -> tuple[str, int]:
    """Return where alerts come in; what a process of the group would refuse ends the command before anything is started."""
    named = tokens or settings.gateway.tokens
    try:
        if named:
            Tokens(named)
        Path(data).mkdir(parents=True, exist_ok=True)
        if not os.access(data, os.W_OK | os.X_OK):
            fail(f"{data}: nothing may be written there")
        bound(listen, is_guarded=bool(named)).close()
        if console_at != NOWHERE:
            bound(console_at, is_guarded=bool(named or settings.console.proxies)).close()
        return address_of(listen)
    except (AddressError, TokensError, OSError) as error:
        fail(error)


def _book(rules: str, settings: Settings) -> RuleBook:
    """Return the rules; mistakes in them end the command before anything is started."""
    if not Path(rules).exists():
        fail(f"{rules}: no such directory; `tocsin init {rules}` writes rules to begin with")
    return rules_of(msgspec.structs.replace(settings, rules=rules)).holder.current()


def welcome(place: str, console_at: str, data: str, book: RuleBook) -> str:
    """Return what is said at the start: where alerts come in and are seen, where notices go, what to try."""
    seen = "" if console_at == NOWHERE else f"\nThey are seen, and acted on, in a browser: http://{console_at}."
    ways = sorted(channel.way for channel in book.channels)
    told = f"by {', '.join(ways)}" if ways else f"to {data}/notices.jsonl, for the rules name no channel"
    return f"""\
Alerts come in at http://{place}; people are told {told}.{seen}
In Prometheus:
  alerting: {{alertmanagers: [{{static_configs: [{{targets: ["{place}"]}}]}}]}}
Try next
  curl -d '{{"event_id": "1", "plugin_id": "me", "alert_name": "Disk full", "time": '$(date +%s)', "severity": 2}}' http://{place}/v1/events
  tocsin alerts list --data {data}
  tocsin explain ALERT --data {data}
Ctrl-C ends it."""
