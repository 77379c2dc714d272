"""`tocsin init`: rules to begin with, from four answers."""

from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import click
import yaml

from flows.cli.fail import fail, in_words
from flows.cli.strict import Command
from operators.rules.shapes.nearest import nearest

CHANNELS = {
    "file": "",
    "mail": """\
channels:
  - way: mail
    host: localhost # your mail server
    port: 25
    sender: tocsin@localhost
    domain: example.org # alice becomes alice@example.org
""",
    "slack": """\
channels:
  - way: slack
    url: {env: SLACK_HOOK} # an incoming webhook; the rules name the secret and never hold it
""",
}
"""Way -> its channel. Of `file` there is none: notices go to notices.jsonl."""
SOURCES = {
    "prometheus": ("alertmanager", 'alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:9093"]}]}]}'),
    "alertmanager": (
        "alertmanager",
        "a receiver with webhook_configs: [{url: http://127.0.0.1:9093/webhook/alertmanager}]",
    ),
    "grafana": ("grafana", "a contact point of type webhook: http://127.0.0.1:9093/webhook/grafana"),
    "own": ("me", "POST http://127.0.0.1:9093/v1/events"),
}
"""Source -> its `plugin_id`, and how it is pointed here."""


class Answers(NamedTuple):
    """What was asked."""

    people: tuple[str, ...]
    way: str
    source: str
    time_zone: str


@click.command(cls=Command, short_help="Write rules to begin with, from four answers.")
@click.argument("directory", metavar="DIR", default="rules")
@click.option("--people", metavar="NAMES", prompt="Who is told (names, by commas)", help="Who is told: alice,bob.")
@click.option(
    "--way",
    type=click.Choice(list(CHANNELS)),
    prompt="By which way",
    default="file",
    show_default=True,
    help="How they are told.",
)
@click.option("--from", "source", type=click.Choice(list(SOURCES)), prompt="Where do alerts come from", default="prometheus", show_default=True, help="Who sends alerts.")  # fmt: skip  # noqa: E501
@click.option(
    "--time-zone", prompt="Time zone", default="UTC", show_default=True, metavar="ZONE", help="As in Europe/Berlin."
)
def init(directory: str, people: str, way: str, source: str, time_zone: str) -> None:
    """Write rules into DIR: who is told by which way, and a test of their own. Nothing that is there is overwritten."""
    names = tuple(name.strip() for name in people.split(",") if name.strip())
    if not names:
        fail("nobody to tell: name at least one person")
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        fail(f"{time_zone}: no such time zone{nearest(time_zone, available_timezones())}")
    place = Path(directory)
    written = files(Answers(names, way, source, time_zone))
    if there := [str(place / name) for name in written if (place / name).exists()]:
        fail(*(f"{name}: is there already" for name in there))
    try:
        place.mkdir(parents=True, exist_ok=True)
        for name, text in written.items():
            (place / name).write_text(text, encoding="utf-8")
    except OSError as error:
        fail(in_words(error))
    click.echo(_next(directory, written, source))


def files(answers: Answers) -> dict[str, str]:
    """Return the rule files by name."""
    found = {"people.yaml": _people(answers), "dispatch.yaml": DISPATCH, "tests.yaml": _tests(answers)}
    channel = CHANNELS[answers.way]
    return (
        {**found, "channels.yaml": f"# How each way is delivered: docs/channels.md.\n{channel}"} if channel else found
    )


DISPATCH = """\
# Whose an alert is: the first rule that matches. Alerts that match none are kept, and told to nobody.
dispatch:
  - id: everything
    name: everything to ops
    priority: 1
    rules:
      - {id: 1, conditions: [], user_groups: [ops], actions: [{action_type: notice}]}
"""


def _people(answers: Answers) -> str:
    return f"""\
# Who is told, and by which way. docs/rules.md has every field: hours, severities, rotations, calendars.
businesses:
  - {{id: 0, name: ours, time_zone: {answers.time_zone}}}
{_users(answers)}user_groups:
  - id: ops
    name: Ops
    users: [{_listed(answers)}]
{_ways(_told_by(answers))}"""


def _tests(answers: Answers) -> str:
    told, (plugin, _) = _told_by(answers), SOURCES[answers.source]
    problem = f"plugin_id: {plugin}, alert_name: Disk full, target: db-1, severity: 1"
    receivers = CHAT if told in CHATS else _listed(answers)
    return f"""\
# Behaviour as data: `tocsin rules test` runs these through the whole decision core.
tests:
  - name: a problem is told once, and its end too
    events:
      - {{at: 0, event_id: e1, {problem}, time: 0}}
      - {{at: 60, event_id: e2, {problem}, time: 60, status: RECOVERED}}
    until: 120
    expect:
      alerts: [{{alert_name: Disk full, status: RECOVERED, severity: 1}}]
      notices:
        - {{way: {told}, signal: abnormal, receivers: [{receivers}]}}
        - {{way: {told}, signal: recovered, receivers: [{receivers}]}}
"""


def _told_by(answers: Answers) -> str:
    """Return the way of the rules: without a channel, mail is what goes to the file."""
    return answers.way if answers.way != "file" else "mail"


def _listed(answers: Answers) -> str:
    return ", ".join(map(_quoted, answers.people))


CHATS, CHAT = ("slack",), "ops"
"""Ways that go to a chat, and what the rules call it."""


def _ways(way: str) -> str:
    """Return the ways of a group: a chat is told as a whole, whoever is on duty."""
    if way not in CHATS:
        return f"    ways: [{way}]\n"
    each = ", ".join(f"{{level: {level}, notice_ways: [{{name: {way}, receivers: [{CHAT}]}}]}}" for level in (1, 2, 3))
    return f"    alert_notice:\n      - {{time_range: '00:00--23:59', notify_config: [{each}]}}\n"


def _users(answers: Answers) -> str:
    """Return the people with their addresses; other ways than mail need none here."""
    if answers.way != "mail":
        return ""
    people = (
        {"id": name, "name": name, "mail": f"{name.replace(' ', '.').lower()}@example.org"} for name in answers.people
    )
    return f"users:\n{''.join(f'  - {_quoted(one)}{chr(10)}' for one in people)}"


def _quoted(value: object) -> str:
    """Return a value as YAML reads it back, in one line."""
    return (
        yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, sort_keys=False, width=1000)
        .strip()
        .removesuffix("...")
        .strip()
    )


def _next(directory: str, written: dict[str, str], source: str) -> str:
    names = "\n".join(f"  {directory}/{name}" for name in written)
    return f"""\
Written
{names}
Try next
  tocsin rules check {directory}
  tocsin rules test {directory}
  tocsin up --rules {directory}
Then point {source} here: {SOURCES[source][1]}"""
