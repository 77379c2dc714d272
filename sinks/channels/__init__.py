"""How each notice way is delivered."""

from sinks.channels.build import build, build_all
from sinks.channels.plain import Console, File
from sinks.channels.result import Channel, Result
from sinks.channels.secrets import MissingSecretError

__all__ = ["Channel", "Console", "File", "MissingSecretError", "Result", "build", "build_all"]
