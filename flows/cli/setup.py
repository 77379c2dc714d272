"""`tocsin setup`: topics, templates and indices made once, by somebody who may, so that the job needs fewer rights."""

import json
import os

import click
import msgspec

from flows.cli.answer import print_answer
from flows.cli.fail import fail
from flows.cli.given import json_option, read_settings, settings_option
from flows.settings.sections import KafkaSettings
from flows.settings.settings import SettingsError
from flows.sources.kafka_client import KafkaTroubleError, ensure
from flows.telemetry.logs import set_up
from sinks.store.interface import StoreError
from sinks.store.place import open_store

put = msgspec.structs.replace
print_option = click.option("--print", "only_print", is_flag=True, help="Print what would be made, and make nothing.")


@click.group(short_help="Make topics, templates and indices, once.")
def setup() -> None:
    """Make what the job needs in Kafka or in the store. What is there already stays as it is."""


@setup.command(short_help="Create the topics that the settings name.")
@settings_option
@print_option
@json_option
def kafka(settings_path: str | None, *, only_print: bool, as_json: bool) -> None:
    """Create the topics that the settings name, those between jobs too."""
    settings = read_settings(settings_path).kafka
    topics = topics_of(settings)
    if not topics:
        fail("kafka: no topic is named")
    if only_print:
        click.echo("\n".join(_command(settings, topic) for topic in topics))
        return
    set_up()
    try:
        made = ensure(put(settings, create_topics=True), os.environ, topics)
    except (SettingsError, KafkaTroubleError) as error:
        fail(error)
    if as_json:
        print_answer("topic", [{"topic": topic, "partitions": count} for topic, count in made.items()])
        return
    for topic, partitions in made.items():
        click.echo(f"{topic}: {partitions} partitions")


def topics_of(settings: KafkaSettings) -> list[str]:
    """Return every topic that any job of these settings reads or writes."""
    named = (
        settings.checks,
        settings.commands,
        settings.dead_letters,
        settings.changes,
        settings.keyed,
        settings.planned,
    )
    return list(dict.fromkeys([*settings.topics, *(topic for topic in named if topic)]))


def _command(settings: KafkaSettings, topic: str) -> str:
    """Return the words by which Kafka's own tool makes a topic."""
    replicas = f" --replication-factor {settings.replication}" if settings.replication > 0 else ""
    compact = " --config cleanup.policy=compact" if topic == settings.changes else ""
    return (
        f"kafka-topics.sh --bootstrap-server {settings.brokers} --create --if-not-exists --topic {topic} "
        f"--partitions {settings.partitions}{replicas}{compact}"
    )


@setup.command()
@settings_option
@print_option
def store(settings_path: str | None, *, only_print: bool) -> None:
    """Put the templates of Elasticsearch, or make the SQLite file."""
    dsn = read_settings(settings_path).store.dsn
    try:
        if only_print:
            click.echo(json.dumps(_templates(dsn), indent=2))
            return
        open_store(dsn).close()
    except StoreError as error:
        fail(error)
    click.echo("ready")


def _templates(dsn: str) -> dict[str, object]:
    """Return the index templates by name, as they are put. Raises StoreError where the store is no Elasticsearch."""
    from sinks.store.cluster import read_address  # noqa: PLC0415 - its client is slow to import
    from sinks.store.mappings import KINDS, template  # noqa: PLC0415

    if not dsn.startswith(("http://", "https://")):
        raise StoreError("the store is a SQLite file: it has no templates")
    _, place = read_address(dsn)
    return {f"{place.prefix}{kind}": template(kind, place.prefix, place.shards, place.replicas) for kind in KINDS}
