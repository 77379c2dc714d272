"""Who may do what: tokens as SHA-256 in a watched file, with scopes; the token's name is the operator in logs and documents.

tokens:
  - {name: prometheus, sha256: 9f86d0..., scopes: [send:prometheus]}
  - {name: alice, sha256: 60303a..., scopes: [send, read, command]}
  - {name: grafana, hmac: {file: /run/secrets/grafana}, scopes: [send:grafana]}
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

import msgspec

from flows.gateway.signatures import SignatureError, Signed, is_right, key_of
from flows.settings.sections import Secret
from operators.rules.read.yaml_text import parse_yaml

Need = Literal["send", "read", "command", "admin"]
NEEDS: tuple[Need, ...] = get_args(Need)
LOOK_EVERY = 2.0
"""Seconds between two looks at the file."""
_SCOPE = re.compile(r"send|read|command|admin|send:[A-Za-z0-9][A-Za-z0-9_.-]*")
BASIC, BEARER = "basic ", "bearer "


class TokensError(ValueError):
    """A file of tokens that cannot be used; the text names the place and never a token."""


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One token. Scopes: `send` (anything) or `send:SOURCE`, `read`, `command`, `admin`."""

    name: str
    sha256: str = ""
    scopes: tuple[str, ...] = ()
    hmac: Secret | None = None
    """Instead of a token: where the secret stands by which bodies are signed."""
    rate: float = 0.0
    """Requests a second on the long run, a second's worth at once; 0 = no limit."""
    businesses: tuple[str | int, ...] = ()
    """On the console, those whose alerts are seen; empty: all."""

    def may(self, need: Need, source: str = "") -> bool:
        """Return True if the token's scopes hold a need."""
        return need in self.scopes or (need == "send" and f"send:{source}" in self.scopes)


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    tokens: tuple[Token, ...] = ()


EVERYBODY = Token("gateway", scopes=("send", "read", "command", "admin"))
"""Who asks where no tokens are set: only this machine can."""


class Tokens:
    """The tokens in force: read again when the file changes; a file with mistakes changes nothing."""

    def __init__(self, path: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = Path(path), clock
        self._looked = clock()
        self._seen = _stamp(self._path)
        self._tokens, self._keys = _read(self._path)
        self.trouble = ""

    def of(self, secret: str) -> Token | None:
        """Return whose secret it is; every token is compared, in constant time."""
        self._look()
        digest = hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
        found = [token for token in self._tokens if hmac.compare_digest(token.sha256.lower(), digest)]
        return found[0] if found else None

    def of_signature(self, signed: Signed, body: bytes) -> Token | None:
        """Return who signed a body; every secret is tried."""
        self._look()
        found = [token for token, key in self._keys if is_right(signed, body, key)]
        return found[0] if found else None

    def _look(self) -> None:
        now = self._clock()
        if now - self._looked < LOOK_EVERY:
            return
        self._looked = now
        try:
            stamp = _stamp(self._path)
            if stamp != self._seen:
                self._seen = stamp
                self._tokens, self._keys = _read(self._path)
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


def _read(path: Path) -> tuple[tuple[Token, ...], list[tuple[Token, bytes]]]:
    """Return the tokens of a file, and those that sign with their keys."""
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
        if wrong := _wrong(token):
            raise TokensError(f"{path}: tokens[{number}].{wrong}")
    if len({token.name for token in tokens}) < len(tokens):
        raise TokensError(f"{path}: two tokens of one name")
    keys = [(token, _key(path, number, token.hmac)) for number, token in enumerate(tokens) if token.hmac is not None]
    return tuple(token for token in tokens if token.sha256), keys


def _wrong(token: Token) -> str:
    """Return what of a token cannot be, and why; empty if nothing."""
    if bool(token.sha256) == (token.hmac is not None):
        return "sha256: give either `sha256` (64 hex digits of a token's SHA-256) or `hmac`"
    if token.sha256 and len(token.sha256) != hashlib.sha256().digest_size * 2:
        return "sha256: expected 64 hex digits"
    if token.hmac is not None and bool(token.hmac.env) == bool(token.hmac.file):
        return "hmac: give either `env` or `file`"
    unknown = next((scope for scope in token.scopes if not _SCOPE.fullmatch(scope)), None)
    return (
        ""
        if unknown is None
        else f"scopes: unknown scope {unknown[:80]!r}; there are send, send:SOURCE, read, command, admin"
    )


def _key(path: Path, number: int, secret: Secret) -> bytes:
    place = f"{path}: tokens[{number}].hmac"
    try:
        text = os.environ.get(secret.env, "") if secret.env else Path(secret.file).read_text(encoding="utf-8").strip()
        if not text:
            raise TokensError(f"{place}: {secret.env or secret.file} is empty")
        return key_of(text)
    except (OSError, UnicodeDecodeError) as error:
        raise TokensError(f"{place}: {secret.file}: {getattr(error, 'strerror', None) or 'not text'}") from error
    except SignatureError:
        raise TokensError(f"{place}: what follows whsec_ is not base64") from None
