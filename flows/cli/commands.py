"""`tocsin ack | close | assign | comment | shield`: an operator's word to the job, which alone changes alerts (design.md 8)."""

import getpass
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from flows.cli.effect import FINGERPRINT_LENGTH, Job, look_up_first, wait_for_effect
from flows.cli.fail import fail, in_words
from flows.cli.given import json_option, read_moment, read_settings, settings_option, typed
from flows.cli.strict import Command, Group
from flows.settings.places import commands_file, recovery_under
from flows.settings.settings import SettingsError
from operators.rules.ask.coverage import covers, is_whole_business
from operators.rules.read.alone import read_alone
from operators.rules.read.yaml_text import parse_yaml
from operators.rules.shapes.model import FOREVER, Shield
from sinks.appended import append_lines


def telling(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of every command that tells the job something."""
    for option in (
        settings_option,
        click.option("--data", metavar="DIR", help="Tell the job that `tocsin run --data` runs in this directory."),
        click.option(
            "--to", metavar="FILE", help="Only append to this file of commands: look nothing up, wait for nothing."
        ),
        click.option("--no-wait", is_flag=True, help="Do not wait until the job has acted."),
        click.option("--operator", default=getpass.getuser, help="Who says so.  [default: you]"),
        click.option("--message", "-m", default="", help="What to remember with it."),
    ):
        command = option(command)
    return command


class Telling(NamedTuple):
    """Whom to tell, and what goes with every command."""

    settings_path: str | None
    data: str | None
    to: str | None
    operator: str
    message: str
    no_wait: bool = False


def tell(whom: Telling, command: dict[str, Any]) -> str:
    """Hand a command to the job: to its Kafka topic, else to its file of commands; return the line."""
    settings = read_settings(whom.settings_path)
    command = {**command, "operator": whom.operator, "message": whom.message}
    line = typed(json.dumps({"kind": "command", "at": int(time.time()), **command}, ensure_ascii=False))
    if not (whom.to or whom.data) and settings.kafka.brokers and settings.kafka.commands:
        from flows.sources.kafka_client import KafkaTroubleError  # noqa: PLC0415 - the Kafka client loads only where it is used
        from flows.sources.produce import send_one  # noqa: PLC0415 - as above
        from sinks.kafka.producer import DeliveryError  # noqa: PLC0415 - as above

        try:
            send_one(settings.kafka, settings.kafka.commands, line.encode())
        except (KafkaTroubleError, DeliveryError, SettingsError) as error:
            fail(f"not sent: {error}")
        click.echo(f"sent to topic {settings.kafka.commands}")
    else:
        append(Path(whom.to or commands_file(settings, whom.data)), line)
    return line


def tell_of_alert(whom: Telling, name: str, command: dict[str, Any]) -> None:
    """Hand the job a command about an alert that is there and open, and wait until it has acted; with `--to` only hand it over."""
    if whom.to:
        tell(whom, {**command, **_address(name)})
        return
    job = Job.of(read_settings(whom.settings_path), whom.data)
    before = look_up_first(job, typed(name), command["command"])
    line = tell(whom, {**command, "alert_id": before.alert.id})
    if not whom.no_wait:
        wait_for_effect(job, before, command["command"], whom.operator, line)


def append(path: Path, line: str) -> None:
    """Append one line, durably."""
    if not path.parent.is_dir():
        fail(f"{path.parent}: no such directory: no job runs there")
    try:
        append_lines(path, f"{line}\n".encode())
    except OSError as error:  # one of writing knows no name
        fail(f"{path}: {error.strerror}")
    click.echo(f"appended to {path}")


def _address(alert: str) -> dict[str, str]:
    return {"dedupe_md5" if len(alert) == FINGERPRINT_LENGTH else "alert_id": alert}


def _on_alert(name: str, text: str, short: str | None = None) -> click.Command:
    @click.command(name, cls=Command, help=text, short_help=short)
    @click.argument("alert", metavar="ALERT")
    @telling
    def command(alert: str, **whom: Any) -> None:
        tell_of_alert(Telling(**whom), alert, {"command": name})

    return command


ack = _on_alert(
    "ack",
    "Acknowledge an alert (its id or fingerprint): it is being dealt with, no more notices of it.",
    "Acknowledge an alert: it is being dealt with.",
)
close = _on_alert("close", "Close an alert by hand.")
comment = _on_alert("comment", "Write a comment into the log of an alert.")


@click.command(cls=Command)
@click.argument("alert", metavar="ALERT")
@click.argument("users", nargs=-1, required=True)
@telling
def assign(alert: str, users: tuple[str, ...], **whom: Any) -> None:
    """Make USERS responsible for an alert."""
    tell_of_alert(Telling(**whom), alert, {"command": "assign", "appointee": list(users)})


@click.group(cls=Group)
def shield() -> None:
    """Silence alerts for a while."""


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
    tell(Telling(**whom), {"command": "shield", "shield": shape})


def _text_of(document: str) -> str:
    if not document.startswith("@"):
        return document
    try:
        return Path(document[1:]).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        fail(in_words(error))


@shield.command("end")
@click.argument("shield_id", metavar="ID")
@telling
def end_shield(shield_id: str, **whom: Any) -> None:
    """End a shield now."""
    tell(Telling(**whom), {"command": "unshield", "id": shield_id})


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
