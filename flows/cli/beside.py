"""The gateway beside the job: `tocsin run --listen` (a process each, for a job's recovery store has one reader)."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import click
import msgspec

from flows.cli.fail import fail
from flows.cli.given import read_settings
from flows.cli.supervise import Child, keep_running, without
from flows.gateway.server import AddressError, allowed
from flows.gateway.tokens import Tokens, TokensError
from flows.job import RulesError, load_rules
from flows.rules.templates import renderer
from flows.settings.settings import Settings, SettingsError

OURS = ("--listen", "--tokens")
"""Options that are not the job's."""


def with_gateway(settings_path: str | None, options: Mapping[str, Any], arguments: Sequence[str]) -> int:
    """Keep the gateway and the job of a command line running until a stop is asked for; return the exit code.

    Without brokers the gateway writes a spool, which the job follows.
    """
    settings = read_settings(settings_path)
    host, port = _checked(settings, options)
    job = [*without(arguments, *OURS), *([] if settings.kafka.brokers else ["--spool", _spool(settings, options)])]
    click.echo(f"alerts come in at http://{host}:{port}", err=True)
    return keep_running([Child("gateway", gateway_arguments(settings_path, options)), Child("job", ["run", *job])])


def gateway_arguments(settings_path: str | None, options: Mapping[str, Any]) -> list[str]:
    """Return the command line of the gateway beside a job with these options."""
    given = {
        "--settings": settings_path,
        **{f"--{name}": options[name] for name in ("listen", "data", "rules", "tokens")},
    }
    return ["gateway", *(part for option, value in given.items() if value for part in (option, value))]


def _checked(settings: Settings, options: Mapping[str, Any]) -> tuple[str, int]:
    """Return where the gateway listens; what it would refuse at its start ends the command before anything is started."""
    if options["inputs"] or options["spool"]:
        fail(
            f"either --listen or {'--input' if options['inputs'] else '--spool'}: the job reads what the gateway keeps"
        )
    tokens = options["tokens"] or settings.gateway.tokens
    settings = msgspec.structs.replace(settings, rules=options["rules"] or settings.rules)
    try:
        load_rules(settings, renderer(settings), None, os.environ)
        if tokens:
            Tokens(tokens)
        return allowed(options["listen"], is_guarded=bool(tokens))
    except (AddressError, TokensError, RulesError, SettingsError) as error:
        fail(error)


def _spool(settings: Settings, options: Mapping[str, Any]) -> str:
    return f"{options['data']}/spool" if options["data"] else settings.gateway.spool
