"""How a command line tells the job something: by its Kafka topic, else by its file of commands (design.md 8)."""

import getpass
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import click

from flows.cli.fail import fail
from flows.cli.given import json_option, read_settings, settings_option, typed
from flows.settings.places import commands_file
from flows.settings.settings import Settings, SettingsError
from sinks.appended import append_lines


def telling(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of every command that tells the job something."""
    for option in (
        json_option,
        settings_option,
        click.option("--data", metavar="DIR", help="Tell the job that `tocsin run --data` runs in this directory."),
        click.option(
            "--to", metavar="FILE", help="Only append to this file of commands: look nothing up, wait for nothing."
        ),
        click.option("--no-wait", is_flag=True, help="Do not wait until the job has acted."),
        click.option("--operator", default=getpass.getuser, help="Who says so.  [default: you]"),
        click.option("--message", "-m", default="", help="Why: what to remember with it."),
    ):
        command = option(command)
    return command


ORIGIN = "command line"
"""Where a command was given that comes from here."""


class Telling(NamedTuple):
    """Whom to tell, and what goes with every command."""

    settings_path: str | None
    data: str | None
    to: str | None
    operator: str
    message: str
    no_wait: bool = False
    as_json: bool = False

    @property
    def settings(self) -> Settings:
        """The settings of the job."""
        return read_settings(self.settings_path)


class Sent(NamedTuple):
    """Commands as they were handed over, and where."""

    commands: Sequence[dict[str, Any]]
    place: str


def tell(whom: Telling, commands: Sequence[dict[str, Any]]) -> Sent:
    """Hand commands to the job; each gets an id under which its outcome is found."""
    settings, now = whom.settings, int(time.time())
    said = [
        {
            "kind": "command",
            "at": now,
            **one,
            "operator": whom.operator,
            "message": whom.message,
            "command_id": uuid4().hex,
            "origin": ORIGIN,
        }
        for one in commands
    ]
    lines = [typed(json.dumps(one, ensure_ascii=False)) for one in said]
    if not (whom.to or whom.data) and settings.kafka.brokers and settings.kafka.commands:
        return Sent(said, _send(settings, lines))
    path = Path(whom.to or commands_file(settings, whom.data))
    _append(path, lines)
    return Sent(said, f"appended to {path}")


def _send(settings: Settings, lines: Sequence[str]) -> str:
    from flows.sources.kafka_client import KafkaTroubleError  # noqa: PLC0415 - the Kafka client loads only where it is used
    from flows.sources.produce import send_commands  # noqa: PLC0415 - as above
    from sinks.kafka.producer import DeliveryError  # noqa: PLC0415 - as above

    try:
        send_commands(settings.kafka, settings.kafka.commands, [line.encode() for line in lines])
    except (KafkaTroubleError, DeliveryError, SettingsError) as error:
        fail(f"not sent: {error}")
    return f"sent to topic {settings.kafka.commands}"


def _append(path: Path, lines: Sequence[str]) -> None:
    """Append lines, durably."""
    if not path.parent.is_dir():
        fail(f"{path.parent}: no such directory: no job runs there")
    try:
        append_lines(path, "".join(f"{line}\n" for line in lines).encode())
    except OSError as error:  # one of writing knows no name
        fail(f"{path}: {error.strerror}")
