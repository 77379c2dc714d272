"""Checks of channels: each way has its own fields, and no secret is written in a rule file."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from operators.rules.shapes.channel import COMMON_FIELDS, Channel, Secret
from operators.rules.shapes.ways import BY_NAME, HOOK_HOSTS
from operators.rules.shapes.words import Reading

_SECRET_NAME = re.compile(r"auth|token|secret|passw|cookie|(?:^|[-_])(?:key|sign|signature)$|api-?_?key", re.IGNORECASE)


def named_secret(document: Any, reading: Reading) -> Any:
    """Refuse a secret that is written out; its text is not repeated."""
    if isinstance(document, str):
        reading.fail("a secret is given as {env: NAME} or {file: PATH}, never written out")
        return {"env": "given"}
    return document


def checked_secret(secret: Secret, reading: Reading) -> Secret:
    """Check that a secret is to be found in one place."""
    if bool(secret.env) == bool(secret.file):
        reading.fail("give either 'env' or 'file'")
    return secret


def checked_channel(channel: Channel, reading: Reading) -> Channel:
    """Check that a channel has the fields of its way, and no secret in clear."""
    way = BY_NAME[channel.way]
    given = {field.name for field in msgspec.structs.fields(channel) if getattr(channel, field.name) != _default(field)}
    for name in sorted(given - way.takes - COMMON_FIELDS):
        reading.fail(f"way {channel.way} takes no {name!r}")
    for name in sorted(way.needs - given):
        reading.fail(f"way {channel.way} needs {name!r}")
    if channel.starttls and channel.tls:
        reading.fail("give either 'starttls' or 'tls'")
    if channel.username and not (channel.starttls or channel.tls or channel.plain_login):
        reading.fail(
            "a login without TLS sends the password in clear: give 'starttls' or 'tls', or 'plain_login: true'"
        )
    _check_url(channel.url, reading)
    for name, value in channel.headers.items():
        if isinstance(value, str) and _SECRET_NAME.search(name):
            reading.fail("looks like a secret: give {env: NAME} or {file: PATH}", "headers", name)
    return channel


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def _is_hook(host: str) -> bool:
    return any(host == known or host.endswith(f".{known}") for known in HOOK_HOSTS)


def _check_url(url: str | Secret, reading: Reading) -> None:
    """Check an address written out: http(s), and nothing in it that lets whoever reads it post."""
    if isinstance(url, Secret) or not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return reading.fail("not an address", "url")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return reading.fail("not an address (http://... or https://...)", "url")
    named = any(value and _SECRET_NAME.search(name) for name, value in parse_qsl(parts.query))
    if parts.password or named or _is_hook(parts.hostname):
        return reading.fail("the address holds a secret: give {env: NAME} or {file: PATH}", "url")
    return None
