"""`tocsin shield`: shields as their documents say, begun and ended by command (design.md 8)."""

import sys
import time
from typing import Any

import click
import msgspec

from flows.cli.effect import conclude
from flows.cli.fail import fail
from flows.cli.given import json_option, read_moment, read_settings, settings_option, text_in
from flows.cli.strict import Group
from flows.cli.telling import Telling, tell, telling
from flows.settings.places import recovery_under
from operators.rules.ask.coverage import covers, is_whole_business
from operators.rules.read.alone import read_alone
from operators.rules.read.yaml_text import parse_yaml
from operators.rules.shapes.model import FOREVER, Shield


@click.group(cls=Group, short_help="Set shields by their documents.")
def shield() -> None:
    """Set shields by their documents; `tocsin silence` is the short way to one."""


@shield.command("add")
@click.argument("document", metavar="YAML")
@click.option("--yes", is_flag=True, help="Do not ask, even if it silences a whole business.")
@telling
def add_shield(document: str, *, yes: bool, **whom: Any) -> None:
    """Begin a shield; YAML is its document, or @FILE that holds it. It needs an end.

    Says what the shield covers, and asks first where that is a whole business.

    \b
    tocsin shield add '{id: maintenance, bk_biz_id: 2, category: scope, scope_type: ip,
      begin_time: 1700000000, end_time: 1700003600, dimension_config: {ip: [{ip: 10.0.0.1}]}}'
    """  # noqa: D301 - the \b is one, and keeps the example as it is
    shape, problems = parse_yaml(_text_of(document))
    if problems:
        fail(*(": ".join(filter(None, ("shield", *problem))) for problem in problems))
    if not isinstance(shape, dict) or "id" not in shape:
        fail("shield: expected a mapping with an `id`")
    value, errors = read_alone(shape, Shield, time_zone=read_settings(whom["settings_path"]).time_zone)
    if value is None:
        fail(*(f"shield: {error}" for error in errors))
    if value.end_time >= FOREVER:
        fail("shield: it has no end: give end_time (Unix seconds, or 2026-01-31T18:00:00+01:00)")
    click.echo(covers(value), err=True)
    if not yes and is_whole_business(value) and not (sys.stdin.isatty() and click.confirm("All of it?")):
        fail("shield: not set; say --yes if a whole business is meant")
    told = Telling(**whom)
    conclude(told, tell(told, [{"command": "shield", "shield": shape}]), lambda _: f"shield {value.id} set")


def _text_of(document: str) -> str:
    return text_in(document[1:]) if document.startswith("@") else document


@shield.command("end")
@click.argument("shield_id", metavar="ID")
@telling
def end_shield(shield_id: str, **whom: Any) -> None:
    """End a shield now."""
    told = Telling(**whom)
    conclude(told, tell(told, [{"command": "unshield", "id": shield_id}]), lambda _: f"shield {shield_id} ended")


@shield.command("list")
@click.option("--rules", metavar="DIR", help="Directory of rule files.  [default: as in the settings]")
@click.option("--data", metavar="DIR", help="Directory that `tocsin run --data` keeps its files in.")
@settings_option
@click.option("--at", callback=read_moment, metavar="TIME", help="At this time instead of now: Unix seconds or ISO.")
@json_option
def list_shields(
    rules: str | None, data: str | None, settings_path: str | None, at: int | None, *, as_json: bool
) -> None:
    """List the shields of the rules and which of them hold.

    Those set by command are among them once the job has taken its next snapshot, where its directory is at hand
    (`--data`, or setting `recovery.directory`).
    """
    from flows.cli.shields import show_shields  # noqa: PLC0415 - rich is slow to import

    settings = read_settings(settings_path)
    if data:
        settings = msgspec.structs.replace(settings, recovery=recovery_under(settings, data))
    show_shields(rules or settings.rules, settings, int(time.time()) if at is None else at, as_json=as_json)
