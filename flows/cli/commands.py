"""`tocsin ack | close | assign | comment | shield`: an operator's word to the job, which alone changes alerts (design.md 8)."""

import getpass
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import yaml

from flows.cli.fail import fail
from flows.settings import Settings, SettingsError, load_settings

FINGERPRINT_LENGTH = 32


def telling(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of every command that tells the job something."""
    for option in (
        click.option(
            "--settings", "settings_path", metavar="FILE", envvar="TOCSIN_SETTINGS", help="Settings (tocsin.yaml)."
        ),
        click.option("--to", metavar="FILE", help="Append to this file of commands instead of what the settings name."),
        click.option("--operator", default=getpass.getuser, help="Who says so.  [default: you]"),
        click.option("--message", "-m", default="", help="What to remember with it."),
    ):
        command = option(command)
    return command


def tell(settings_path: str | None, to: str | None, command: dict[str, Any]) -> None:
    """Hand a command to the job: to its Kafka topic, else to its file of commands."""
    try:
        settings = load_settings(settings_path, os.environ)
    except SettingsError as error:
        fail(error)
        raise
    line = json.dumps({"kind": "command", "at": int(time.time()), **command}, ensure_ascii=False)
    if to is None and settings.kafka.brokers and settings.kafka.commands:
        from flows.produce import send_one  # noqa: PLC0415 - the Kafka client loads only where it is used

        send_one(settings.kafka, settings.kafka.commands, line.encode())
        click.echo(f"sent to topic {settings.kafka.commands}")
    else:
        append(Path(to or commands_file(settings)), line)


def commands_file(settings: Settings) -> str:
    """Return the file of commands of a job without Kafka."""
    return settings.source.commands or str(Path(settings.store.dsn).parent / "commands.jsonl")


def append(path: Path, line: str) -> None:
    """Append one line in one write."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    click.echo(f"appended to {path}")


def _address(alert: str) -> dict[str, str]:
    return {"dedupe_md5" if len(alert) == FINGERPRINT_LENGTH else "alert_id": alert}


def _on_alert(name: str, text: str) -> click.Command:
    @click.command(name, help=text)
    @click.argument("alert", metavar="ALERT")
    @telling
    def command(alert: str, settings_path: str | None, to: str | None, operator: str, message: str) -> None:
        said = {"command": name, **_address(alert), "operator": operator, "message": message}
        tell(settings_path, to, said)

    return command


ack = _on_alert("ack", "Acknowledge an alert (its id or fingerprint): it is being dealt with, no more notices of it.")
close = _on_alert("close", "Close an alert by hand.")
comment = _on_alert("comment", "Write a comment into the log of an alert.")


@click.command()
@click.argument("alert", metavar="ALERT")
@click.argument("users", nargs=-1, required=True)
@telling
def assign(
    alert: str, users: tuple[str, ...], settings_path: str | None, to: str | None, operator: str, message: str
) -> None:
    """Make USERS responsible for an alert."""
    said = {"command": "assign", **_address(alert), "appointee": list(users), "operator": operator, "message": message}
    tell(settings_path, to, said)


@click.group()
def shield() -> None:
    """Silence alerts for a while."""


@shield.command("add")
@click.argument("document", metavar="YAML")
@telling
def add_shield(document: str, settings_path: str | None, to: str | None, operator: str, message: str) -> None:
    r"""Begin a shield; YAML is its document, or @FILE that holds it.

    \b
    tocsin shield add '{id: maintenance, bk_biz_id: 2, category: scope, scope_type: ip,
      begin_time: 1700000000, end_time: 1700003600, dimension_config: {ip: [{ip: 10.0.0.1}]}}'
    """
    try:
        text = Path(document[1:]).read_text(encoding="utf-8") if document.startswith("@") else document
        shape = yaml.safe_load(text)
    except (OSError, yaml.YAMLError) as error:
        fail(f"{document[:60]}: {' '.join(str(error).split())}")
        raise
    if not isinstance(shape, dict) or "id" not in shape:
        fail("a shield is a mapping with an `id`")
    tell(settings_path, to, {"command": "shield", "shield": shape, "operator": operator, "message": message})


@shield.command("end")
@click.argument("shield_id", metavar="ID")
@telling
def end_shield(shield_id: str, settings_path: str | None, to: str | None, operator: str, message: str) -> None:
    """End a shield now."""
    tell(settings_path, to, {"command": "unshield", "id": shield_id, "operator": operator, "message": message})


@shield.command("list")
@click.option("--rules", metavar="DIR", help="Directory of rule files.  [default: as in the settings]")
@click.option("--settings", "settings_path", metavar="FILE", envvar="TOCSIN_SETTINGS", help="Settings (tocsin.yaml).")
@click.option("--at", type=int, metavar="T", help="At this second instead of now.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_shields(rules: str | None, settings_path: str | None, at: int | None, *, as_json: bool) -> None:
    """List the shields of the rules and which of them hold. Those set by command are in the job alone."""
    from flows.cli.shields import show_shields  # noqa: PLC0415 - rich is slow to import

    try:
        settings = load_settings(settings_path, os.environ)
    except SettingsError as error:
        fail(error)
        raise
    show_shields(rules or settings.rules, settings, int(time.time()) if at is None else at, as_json=as_json)
