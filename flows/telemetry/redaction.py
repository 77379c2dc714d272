"""Secrets kept out of logs: credentials in addresses, tokens in queries, and every value known to be a secret."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import msgspec

from operators.rules.book import RuleBook
from operators.rules.shapes.model import Secret
from operators.rules.shapes.ways import HOOK_HOSTS

HIDDEN = "***"
SHORTEST = 4
"""Characters of a known secret; a shorter one would black out ordinary words."""

_CREDENTIALS = re.compile(r"(?P<scheme>\b[a-zA-Z][a-zA-Z0-9+.-]*://)(?P<who>[^\s/@:'\"]*):[^\s/'\"]+@")
_TOKEN = re.compile(r"(?P<scheme>\bhttps?://)[^\s/@:'\"]+@")
_QUERY = re.compile(
    r"(?P<name>[?&;](?:[\w-]*(?:token|secret|passw(?:or)?d|pwd|signature|api[_-]?key)|key|sign)=)[^&\s'\"#;]+",
    re.IGNORECASE,
)
_HEADER = re.compile(r"(?P<name>\b(?:Bearer|Basic)\s+)[A-Za-z0-9+/=._~-]{8,}")
_PATH = re.compile(
    rf"(?P<name>https?://(?:[\w-]+\.)*(?:{'|'.join(map(re.escape, HOOK_HOSTS))})/(?:services/)?)[^\s'\"]+"
)


class Redactor:
    """A structlog processor that hides secrets in every text of a log line. It may learn more at any time."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Hide these values too, from now on."""
        known = self._known | {secret for secret in secrets if len(secret) >= SHORTEST}
        if known != self._known:
            longest_first = sorted(known, key=lambda secret: (-len(secret), secret))
            self._known, self._pattern = known, re.compile("|".join(map(re.escape, longest_first)))

    def __call__(self, _logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Return the line without secrets."""
        for key, value in line.items():
            line[key] = self.hidden(value)
        return line

    def hidden(self, value: Any) -> Any:
        """Return a value without secrets; what is neither text, number nor a collection of such becomes text."""
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.hidden(one) for key, one in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.hidden(one) for one in value]
        return self.text(str(value))

    def text(self, text: str) -> str:
        """Return a text without secrets."""
        if self._pattern is not None:
            text = self._pattern.sub(HIDDEN, text)
        if "://" in text:
            text = _CREDENTIALS.sub(rf"\g<scheme>\g<who>:{HIDDEN}@", text)
            text = _TOKEN.sub(rf"\g<scheme>{HIDDEN}@", text)
            text = _PATH.sub(rf"\g<name>{HIDDEN}", text)
        if "=" in text:
            text = _QUERY.sub(rf"\g<name>{HIDDEN}", text)
        return _HEADER.sub(rf"\g<name>{HIDDEN}", text)


def secrets_of(book: RuleBook, environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Yield the values of the secrets that channels and actions of a book name, those that can be read now."""
    actions = (action.config for strategy in book.strategies.values() for action in strategy.actions)
    for thing in (*book.channels, *actions):
        for field in thing.__struct_fields__:
            for one in _members(getattr(thing, field)):
                if isinstance(one, Secret) and (found := value_of(one.env, one.file, environment)):
                    yield found


def _members(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, tuple) else (value,)


def secrets_in(settings: msgspec.Struct, environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Yield the values of everything in settings that has the shape of a reference to a secret: env or file."""
    todo: list[Any] = [settings]
    while todo:
        one = todo.pop()
        if isinstance(one, msgspec.Struct):
            if one.__struct_fields__ == ("env", "file"):
                found = value_of(getattr(one, "env", ""), getattr(one, "file", ""), environment)
                yield from [found] if found else []
            todo += [getattr(one, field) for field in one.__struct_fields__]
        elif isinstance(one, Mapping):
            todo += one.values()
        elif isinstance(one, list | tuple):
            todo += one


def value_of(env: str, file: str, environment: Mapping[str, str]) -> str:
    """Return the value of a named secret; nothing if it cannot be read now."""
    if env:
        return environment.get(env, "")
    try:
        return Path(file).read_text(encoding="utf-8").strip() if file else ""
    except (OSError, UnicodeDecodeError):
        return ""
