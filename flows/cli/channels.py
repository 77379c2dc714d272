"""`tocsin channels`: see whether a way gets through."""

import sys
import time
from uuid import uuid4

import click

from flows.cli.answer import print_answer
from flows.cli.fail import fail
from flows.cli.given import json_option, read_settings, settings_option
from flows.cli.strict import Group
from operators.deliver.delivery import Result
from operators.model.records import Notice
from operators.rules.read.load import load
from operators.rules.shapes.ways import WAY_ALIASES
from sinks.channels.contacts import addressed
from sinks.channels.secrets import MissingSecretError

TITLE, TEXT = "[Test] Tocsin", "This is a test. If you can read it, notices of this way reach you."


@click.group(cls=Group)
def channels() -> None:
    """See whether notices get through."""


@channels.command(short_help="Send a test message and show the provider's answer.")
@click.argument("way", metavar="WAY")
@click.option(
    "--to", "receivers", multiple=True, required=True, metavar="NAME", help="A person of the rules, or a chat."
)
@click.option("--rules", metavar="DIR", help="Directory of rule files.  [default: as in the settings]")
@settings_option
@json_option
def test(way: str, receivers: tuple[str, ...], rules: str | None, settings_path: str | None, *, as_json: bool) -> None:
    """Send a test message by the channel of WAY to each NAME, by the contact that the rules have of that person.

    Exit 1 if somebody was not reached.
    """
    from sinks.channels.build import build  # noqa: PLC0415 - clients load only where something is sent

    settings = read_settings(settings_path)
    book, errors = load(
        [rules or settings.rules], default_business=settings.default_business, time_zone=settings.time_zone
    )
    if book is None:
        fail(*errors)
    name = WAY_ALIASES.get(way.lower(), way.lower())
    rule = next((one for one in book.channels if one.way == name), None)
    if rule is None:
        fail(f"no channel for {way!r}; the rules have {', '.join(one.way for one in book.channels) or 'none'}")
    try:
        channel = addressed({name: build(rule)}, [name], lambda: book.users)[name]
    except MissingSecretError as error:
        fail(error)
    results = channel.send(message(name, receivers))
    answered = {one: results[one] for one in dict.fromkeys((*receivers, *results)) if one in results}
    if as_json:
        print_answer(
            "answer", [{"receiver": who, "ok": one.ok, "says": in_words(one)} for who, one in answered.items()]
        )
    else:
        for receiver, result in answered.items():
            click.echo(f"{receiver}: {in_words(result)}")
    sys.exit(not results or not all(one.ok for one in results.values()))


def message(way: str, receivers: tuple[str, ...]) -> Notice:
    """Return the test message; those who are told are mentioned where the way has chats."""
    now, name = int(time.time()), uuid4().hex
    return Notice(
        id=name, time=now, way=way, receivers=receivers, followed=False, signal="abnormal", notice_type="normal",
        collect_type="action", alert_ids=(f"test-{name}",), action_ids=(), title=TITLE, content=TEXT,
    )  # fmt: skip


def in_words(result: Result) -> str:
    """Say what the provider answered."""
    told = f" ({result.message})" if result.message else ""
    if result.ok:
        return f"taken{f' as {result.message_id}' if result.message_id else ''}{told}"
    return f"{'failed for now' if result.retryable else 'refused'}{told}"
