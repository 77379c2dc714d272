"""Channels: how each notice way is delivered. Secrets are named, never written (rules.md)."""

from typing import Annotated, Any, Literal

import msgspec

from operators.rules.shapes.words import Amount, Count, Template, Way

Positive = Annotated[float, msgspec.Meta(gt=0)]


class Secret(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Where a secret is found: the environment variable or the file that holds it; just one is given."""

    env: str = ""
    file: str = ""


def is_reference(value: Any) -> bool:
    """Return True if a plain value is a reference to a secret, as the configuration of an action carries it."""
    return isinstance(value, dict) and value.keys() in ({"env"}, {"file"}) and all(map(_is_text, value.values()))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


class Channel(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How one way is delivered. Which fields a way takes, and which it needs: ways.py. Seconds."""

    way: Way
    rate: Amount = 0
    """Sends a minute; 0 = no limit."""
    concurrency: Count = 1
    timeout: Positive = 10.0
    max_length: Amount = 0
    """Of a text, in the way's unit; 0 = setting `notice.max_length`."""
    host: str = ""
    port: Amount = 0
    """0 = the usual one of the protocol."""
    sender: str = ""
    username: str = ""
    password: Secret | None = None
    starttls: bool = False
    tls: bool = False
    plain_login: bool = False
    """Log in without TLS: the password goes over the network in clear."""
    domain: str = ""
    """Appended with @ to user names without one."""
    url: str | Secret = ""
    method: Literal["GET", "POST", "PUT", "PATCH"] = "POST"
    headers: dict[str, str | Secret] = {}
    body: Template = ""
    """A template of what a webhook-like way posts; empty = the built-in JSON."""
    secret: Secret | None = None
    """Signs messages (dingtalk, feishu), or lets us in (ntfy, pagerduty)."""


COMMON_FIELDS = {"way", "rate", "concurrency", "timeout", "max_length"}
"""Fields that every way takes."""
