"""What a channel is made of: its rule, and how its secrets, its address and its client are had."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from operators.rules.shapes.channel import Channel as ChannelRule
from sinks.channels.http import Http
from sinks.channels.secrets import Reveal, reveal

Clock = Callable[[], float]


class Parts(NamedTuple):
    """Handed to `open_channel` of the module that a way names. The parts raise MissingSecretError."""

    rule: ChannelRule
    environ: Mapping[str, str]
    clock: Clock

    def url(self) -> Reveal:
        """Return how the address is had."""
        return reveal(self.rule.url, self.environ)

    def secret(self) -> Reveal:
        """Return how the secret is had that signs messages, or lets us in."""
        return reveal(self.rule.secret, self.environ)

    def password(self) -> Reveal:
        """Return how the password is had."""
        return reveal(self.rule.password, self.environ)

    def headers(self) -> dict[str, Reveal]:
        """Return how the header fields are had."""
        return {name: reveal(value, self.environ) for name, value in self.rule.headers.items()}

    def http(self) -> Http:
        """Return a client with the time-out of the channel."""
        return Http(self.rule.timeout, self.clock)
