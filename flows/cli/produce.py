"""`tocsin produce`: a file of events to Kafka, for trying out."""

import time
from collections.abc import Iterable, Iterator

import click
import msgspec

from flows.cli.answer import print_answer
from flows.cli.fail import fail
from flows.cli.given import json_option, read_settings, settings_option
from flows.cli.strict import Command
from flows.cli.waiting import waiting
from flows.replay.progress import Progress
from flows.settings.sections import KafkaSettings
from flows.settings.settings import SettingsError
from flows.sources.kafka_client import KafkaTroubleError
from flows.sources.lines import READ_ERRORS, InputError, input_error, lines, open_input
from flows.sources.produce import produce as send
from flows.sources.produce import rebased
from flows.telemetry.logs import set_up
from sinks.kafka.producer import DeliveryError


@click.command(cls=Command, short_help="Send lines of a file to Kafka, stamped with their times.")
@click.option("--topic", metavar="TOPIC", help="Where events go.  [default: the only topic of the settings]")
@click.option("--input", "inputs", required=True, multiple=True, metavar="FILE", help="JSON lines; `-` = stdin.")
@click.option("--rate", type=click.FloatRange(min=0), default=0, metavar="N", help="Lines a second.")
@click.option("--now", "to_now", is_flag=True, help="Move the lines in time, so that the last of them arrives now.")
@click.option("--brokers", metavar="HOST:PORT", help="Instead of those of the settings.")
@settings_option
@json_option
def produce(
    topic: str | None, inputs: tuple[str, ...], rate: float, brokers: str | None, settings_path: str | None,
    *, to_now: bool, as_json: bool,
) -> None:  # fmt: skip
    """Send lines to Kafka, each stamped with its `at` (else its `time`, else that of the line before), so that it arrives when it says.

    Old lines are backlog: a job works them off at once, by their own clock; with --now they are as if they had just
    happened (all of them are read first). Lines whose `kind` is check, command or
    rules go to the topics `kafka.checks` and `kafka.commands`: by a topic of events a job takes events only.
    """
    set_up()
    settings = read_settings(settings_path).kafka
    if brokers:
        settings = msgspec.structs.replace(settings, brokers=brokers)
    try:
        lines = rebased(list(_lines(inputs)), int(time.time())) if to_now else _lines(inputs)
        with waiting(None, None) as progress:
            sent, too_large = send(settings, topic or only_topic(settings), _seen(lines, progress), rate)
    except (SettingsError, KafkaTroubleError, DeliveryError, InputError) as error:
        fail(error)
    if as_json:
        print_answer("produced", [{"sent": sent, "too_large": too_large}])
        return
    click.echo(f"{sent} lines sent" + (f", {too_large} too large for the broker" if too_large else ""))


def _seen(lines: Iterable[bytes], progress: Progress) -> Iterator[bytes]:
    """Yield lines, and say how many went."""
    for count, line in enumerate(lines, 1):
        progress.saw(count, None)
        yield line


def only_topic(settings: KafkaSettings) -> str:
    """Return the topic of events, where there is one. Raises SettingsError."""
    if len(settings.topics) != 1:
        raise SettingsError(f"which topic? --topic {' | '.join(settings.topics) or 'TOPIC'}")
    return next(iter(settings.topics))


def _lines(inputs: Iterable[str]) -> Iterator[bytes]:
    for name in inputs:
        try:
            with open_input(name) as stream:
                yield from (line for line in lines(stream) if line.strip())
        except READ_ERRORS as error:
            raise input_error(name, error) from error
