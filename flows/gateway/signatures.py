"""Signed bodies: HMAC-SHA256 over the second of sending and the body as it came, for webhooks that carry no token.

Two ways are known: that of Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`), and Grafana's, whose
header of the time has to be named as here.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import NamedTuple

OLDEST = 300
"""Seconds by which the second of sending may differ from ours: who has overheard a request can send it again for so long."""
STANDARD, GRAFANA = "webhook-signature", "x-grafana-alerting-signature"
_VERSION, _WHSEC = "v1,", "whsec_"


class Signed(NamedTuple):
    """What a request says of its signature."""

    at: int
    before: bytes
    """What is signed before the body."""
    digests: tuple[bytes, ...]
    """One of them has to be right: there are several while a secret is changed."""


class SignatureError(ValueError):
    """A signature that cannot be one; the text says why and repeats nothing of it."""


def is_signed(headers: Mapping[str, str]) -> bool:
    """Return True if a request brings a signature and no token."""
    return "authorization" not in headers and (STANDARD in headers or GRAFANA in headers)


def signed_in(headers: Mapping[str, str]) -> Signed:
    """Return the signature of a request that has one. Raises SignatureError."""
    if STANDARD in headers:
        name, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        entries = headers[STANDARD].split()
        digests = [_from_base64(one.removeprefix(_VERSION)) for one in entries if one.startswith(_VERSION)]
        return Signed(_second(at, "webhook-timestamp"), f"{name}.{at}.".encode(), tuple(digests))
    at = headers.get("x-grafana-alerting-timestamp", "")
    try:
        digest = bytes.fromhex(headers[GRAFANA])
    except ValueError:
        raise SignatureError(f"{GRAFANA}: not hexadecimal") from None
    return Signed(_second(at, "x-grafana-alerting-timestamp"), f"{at}:".encode(), (digest,))


def is_right(signed: Signed, body: bytes, key: bytes) -> bool:
    """Return True if one of the digests was made with a key; each is compared in constant time."""
    right = hmac.new(key, signed.before + body, hashlib.sha256).digest()
    return sum(hmac.compare_digest(right, digest) for digest in signed.digests) > 0


def key_of(secret: str) -> bytes:
    """Return the key of a secret: after `whsec_` it is base64, else the text itself. Raises SignatureError."""
    return _from_base64(secret.removeprefix(_WHSEC)) if secret.startswith(_WHSEC) else secret.encode()


def _second(text: str, header: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10):  # noqa: PLR2004 - digits of a second
        raise SignatureError(f"{header}: not a time in Unix seconds")
    return int(text)


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise SignatureError("not base64") from None
