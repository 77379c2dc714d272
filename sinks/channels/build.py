"""From the rules' channels to things that send."""

import os
import time
from collections.abc import Iterable, Mapping
from importlib import import_module

from operators.rules.shapes.channel import Channel as ChannelRule
from operators.rules.shapes.ways import BY_NAME, WAYS
from sinks.channels.parts import Clock, Parts
from sinks.channels.push import Push
from sinks.channels.result import Channel
from sinks.channels.secrets import MissingSecretError

QUEUE = "message_queue"
"""The way of queue pushes, which are actions of strategies and no notice way."""


def build(rule: ChannelRule, environ: Mapping[str, str] | None = None, clock: Clock = time.time) -> Channel:
    """Return the channel of a rule, made by the module its way names. Raises MissingSecretError for a secret that is not there."""
    module = import_module(f"sinks.channels.{BY_NAME[rule.way].channel}")
    made: Channel = module.open_channel(Parts(rule, os.environ if environ is None else environ, clock))
    return made


def build_all(
    rules: Iterable[ChannelRule], fallback: Channel | None = None, environ: Mapping[str, str] | None = None
) -> dict[str, Channel]:
    """Return the channels by way: those configured, those of strategies' actions, and the fallback for all other ways.

    Raises MissingSecretError that names every channel whose secret is missing.
    """
    channels: dict[str, Channel] = dict.fromkeys(WAYS, fallback) if fallback is not None else {}
    channels |= {"webhook": build(ChannelRule(way="webhook"), environ), QUEUE: Push()}
    missing: list[str] = []
    for rule in rules:
        try:
            channels[rule.way] = build(rule, environ)
        except MissingSecretError as error:
            missing.append(f"channel {rule.way}: {error}")
    if missing:
        raise MissingSecretError("; ".join(missing))
    return channels
