"""Who may do what: tokens as SHA-256 in a watched file, with scopes; the token's name is the operator in logs and documents.

tokens:
  - {name: prometheus, sha256: 9f86d0..., scopes: [send:prometheus]}
  - {name: alice, sha256: 60303a..., scopes: [send, read, command]}
"""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from operators.rules.read.yaml_text import parse_yaml

Need = Literal["send", "read", "command"]
LOOK_EVERY = 2.0
"""Seconds between two looks at the file."""
BASIC, BEARER = "basic ", "bearer "


class TokensError(ValueError):
    """A file of tokens that cannot be used; the text names the place and never a token."""


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One token. Scopes: `send` (anything) or `send:SOURCE`, `read`, `command`."""

    name: str
    sha256: str
    scopes: tuple[str, ...]
    rate: float = 0.0
    """Requests a second on the long run, a second's worth at once; 0 = no limit."""

    def may(self, need: Need, source: str = "") -> bool:
        """Return True if the token's scopes hold a need."""
        return need in self.scopes or (need == "send" and f"send:{source}" in self.scopes)


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    tokens: tuple[Token, ...] = ()


EVERYBODY = Token("gateway", "", ("send", "read", "command"))
"""Who asks where no tokens are set: only this machine can."""


class Tokens:
    """The tokens in force: read again when the file changes; a file with mistakes changes nothing."""

    def __init__(self, path: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = Path(path), clock
        self._looked = clock()
        self._seen, self._tokens = _stamp(self._path), _read(self._path)
        self.trouble = ""

    def of(self, secret: str) -> Token | None:
        """Return whose secret it is; every token is compared, in constant time."""
        self._look()
        digest = hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
        found = [token for token in self._tokens if hmac.compare_digest(token.sha256.lower(), digest)]
        return found[0] if found else None

    def _look(self) -> None:
        now = self._clock()
        if now - self._looked < LOOK_EVERY:
            return
        self._looked = now
        try:
            stamp = _stamp(self._path)
            if stamp != self._seen:
                self._seen, self._tokens = stamp, _read(self._path)
            self.trouble = ""
        except TokensError as error:
            self.trouble = f"tokens refused, the last good ones stay: {error}"


def secret_in(authorization: str) -> str:
    """Return the secret of an `Authorization` header: a bearer's token, or the password of Basic; empty if there is none."""
    if authorization[: len(BEARER)].lower() == BEARER:
        return authorization[len(BEARER) :].strip()
    if authorization[: len(BASIC)].lower() != BASIC:
        return ""
    try:
        text = base64.b64decode(authorization[len(BASIC) :], validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return ""
    return text.partition(":")[2]


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        known = path.stat()
    except OSError as error:
        raise TokensError(f"{path}: {error.strerror}") from error
    return known.st_mtime_ns, known.st_size, known.st_ino


def _read(path: Path) -> tuple[Token, ...]:
    try:
        tree, problems = parse_yaml(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise TokensError(f"{path}: {error}") from error
    if problems:
        raise TokensError(f"{path}: no YAML that can be used")
    try:
        tokens = msgspec.convert(tree or {}, File).tokens
    except msgspec.ValidationError as error:
        raise TokensError(f"{path}: {error}") from error
    for number, token in enumerate(tokens):
        if len(token.sha256) != hashlib.sha256().digest_size * 2:
            raise TokensError(f"{path}: tokens[{number}].sha256: expected 64 hex digits")
    if len({token.name for token in tokens}) < len(tokens):
        raise TokensError(f"{path}: two tokens of one name")
    return tokens
