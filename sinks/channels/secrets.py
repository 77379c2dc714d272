"""Secrets by reference: an environment variable, or a file that is read at each use, so it may be rotated."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from operators.rules.shapes.channel import is_reference
from operators.rules.shapes.model import Secret
from sinks.channels.errors import LaterError, RefusedError

Reveal = Callable[[], str]
"""Returns the secret as it now is. Raises DeliveryError where it cannot be had."""

ANY = "*"
"""The chat in a table of addresses that stands for every other one."""


class MissingSecretError(Exception):
    """A channel's secret is not there when the courier starts. The text names the place, never the content."""


def reveal(secret: str | Secret | None, environ: Mapping[str, str] | None = None) -> Reveal:
    """Return how a value or secret is had. Raises MissingSecretError for one that is not there now."""
    if secret is None:
        return lambda: ""
    if isinstance(secret, str):
        return lambda: secret
    if secret.env:
        value = (os.environ if environ is None else environ).get(secret.env)
        if value is None:
            raise MissingSecretError(f"environment variable {secret.env} is not set")
        return lambda: value
    return _of_file(Path(secret.file))


def revealed(value: Any, environ: Mapping[str, str] | None = None) -> str:
    """Return a text of an action's configuration, or the secret it names. Raises LaterError for one that is not there."""
    if not is_reference(value):
        return str(value)
    try:
        return reveal(Secret(**value), environ)()
    except MissingSecretError as error:
        raise LaterError(str(error)) from None


def _of_file(path: Path) -> Reveal:
    def read() -> str:
        try:
            return path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise LaterError(f"secret file {path} cannot be read") from None

    try:
        read()
    except LaterError as error:
        raise MissingSecretError(str(error)) from None
    return read


def addresses(text: str) -> dict[str, str]:
    """Return chat -> address: the text is one address for all, or a JSON object that names one for each chat."""
    if not text.lstrip().startswith("{"):
        return {ANY: text}
    try:
        table = json.loads(text)
    except ValueError:
        raise RefusedError("the table of addresses is no JSON object") from None
    return {str(chat): address for chat, address in table.items() if isinstance(address, str)}


def address_of(table: Mapping[str, str], chat: str) -> str:
    """Return the address of a chat. Raises RefusedError where there is none."""
    found = table.get(chat) or table.get(ANY)
    if not found:
        raise RefusedError(f"no address is configured for {chat!r}")
    return found
