"""`tocsin settings`: every setting, a file checked, a schema for editors, and where the values that hold come from."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

import click
import msgspec
from rich.table import Table

from flows.cli.answer import print_answer
from flows.cli.fail import fail
from flows.cli.given import json_option, read_settings, settings_option
from flows.cli.view import console, shown
from flows.settings.names import PREFIX, covers
from flows.settings.page import schema, settings_there_are
from flows.settings.settings import SettingsError, load_settings, read_file
from flows.telemetry.redaction import Redactor, secrets_in


@click.command(short_help="Every setting; a file checked; where values come from.")
@click.option("--check", metavar="FILE", help="Say what is wrong with a file of settings, and exit 1 if anything is.")
@click.option(
    "--schema", "wants_schema", is_flag=True, help="Print the JSON schema of a file of settings, for editors."
)
@click.option(
    "--effective", is_flag=True, help="Print each value that holds, and where it comes from; secrets are hidden."
)
@settings_option
@json_option
def settings(
    settings_path: str | None, *, check: str | None, wants_schema: bool, effective: bool, as_json: bool
) -> None:
    """Print every setting with its default, variable and meaning; or as the options say."""
    if check is not None:
        _check(check)
    elif wants_schema:
        click.echo(json.dumps(schema(), indent=2, ensure_ascii=False))
    elif effective:
        _show_effective(settings_path, as_json=as_json)
    else:
        _show_all(as_json=as_json)


def _check(path: str) -> None:
    try:
        load_settings(path, {})
    except SettingsError as error:
        fail(error)
    click.echo(f"{path}: well")


def _show_all(*, as_json: bool) -> None:
    if as_json:
        print_answer("setting", settings_there_are())
        return
    table = _table("setting", "default", "takes", "variable", "meaning")
    for one in settings_there_are():
        table.add_row(*map(shown, (one.path, _text(one.default), one.values, one.variable, one.meaning)))
    console().print(table)


def _show_effective(path: str | None, *, as_json: bool) -> None:
    found = read_settings(path)
    hide = Redactor(secrets_in(found, os.environ))
    origins = {**dict.fromkeys(_paths(read_file(path)) if path else (), path), **dict(_set_by(os.environ))}
    rows = []
    for one in settings_there_are():
        value: Any = found
        for name in one.path.split("."):
            value = getattr(value, name)
        origin = next((text for place, text in origins.items() if covers(place, one.path)), "default")
        rows.append((one.path, hide.text(_text(value)), origin))
    if as_json:
        print_answer(
            "effective_setting", [{"path": path, "value": value, "from": origin} for path, value, origin in rows]
        )
        return
    table = _table("setting", "value", "from")
    for row in rows:
        table.add_row(*map(shown, row))
    console().print(table)


def _paths(tree: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Yield the path of each value of a tree."""
    for name, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from _paths(value, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def _set_by(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the path that each variable sets, and the variable."""
    if "MESSAGE_QUEUE_DSN" in environment:
        yield "outbox.dsn", "MESSAGE_QUEUE_DSN"
    for name in environment:
        if name.startswith(PREFIX):
            yield name.removeprefix(PREFIX).lower().replace("__", "."), name


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
