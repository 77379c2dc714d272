"""`tocsin ack | close | assign | comment | shield`: an operator's word to the job, which alone changes alerts (design.md 8)."""

import getpass
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from flows.cli.fail import fail, in_words
from flows.cli.given import json_option, read_moment, read_settings, settings_option, typed
from flows.cli.strict import Command, Group
from flows.settings import commands_file, recovery_under
from operators.rules.read.alone import read_alone
from operators.rules.read.yaml_text import parse_yaml
from operators.rules.shapes.model import Shield
from sinks.appended import append_lines

FINGERPRINT_LENGTH = 32


def telling(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of every command that tells the job something."""
    for option in (
        settings_option,
        click.option("--data", metavar="DIR", help="Tell the job that `tocsin run --data` runs in this directory."),
        click.option("--to", metavar="FILE", help="Append to this file of commands instead of what the settings name."),
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


def tell(whom: Telling, command: dict[str, Any]) -> None:
    """Hand a command to the job: to its Kafka topic, else to its file of commands."""
    settings = read_settings(whom.settings_path)
    command = {**command, "operator": whom.operator, "message": whom.message}
    line = typed(json.dumps({"kind": "command", "at": int(time.time()), **command}, ensure_ascii=False))
    if not (whom.to or whom.data) and settings.kafka.brokers and settings.kafka.commands:
        from flows.sources.produce import send_one  # noqa: PLC0415 - the Kafka client loads only where it is used

        send_one(settings.kafka, settings.kafka.commands, line.encode())
        click.echo(f"sent to topic {settings.kafka.commands}")
    else:
        append(Path(whom.to or commands_file(settings, whom.data)), line)


def append(path: Path, line: str) -> None:
    """Append one line, durably."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
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
        tell(Telling(**whom), {"command": name, **_address(alert)})

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
    tell(Telling(**whom), {"command": "assign", **_address(alert), "appointee": list(users)})


@click.group(cls=Group)
def shield() -> None:
    """Silence alerts for a while."""


@shield.command("add")
@click.argument("document", metavar="YAML")
@telling
def add_shield(document: str, **whom: Any) -> None:
    """Begin a shield; YAML is its document, or @FILE that holds it.

    \b
    tocsin shield add '{id: maintenance, bk_biz_id: 2, category: scope, scope_type: ip,
      begin_time: 1700000000, end_time: 1700003600, dimension_config: {ip: [{ip: 10.0.0.1}]}}'
    """  # noqa: D301 - the \b is one, and keeps the example as it is
    shape, problems = parse_yaml(_text_of(document))
    if problems:
        fail(*(": ".join(filter(None, ("shield", *problem))) for problem in problems))
    if not isinstance(shape, dict) or "id" not in shape:
        fail("shield: expected a mapping with an `id`")
    _, errors = read_alone(shape, Shield, time_zone=read_settings(whom["settings_path"]).time_zone)
    if errors:
        fail(*(f"shield: {error}" for error in errors))
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
