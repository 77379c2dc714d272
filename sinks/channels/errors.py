"""Why a notice did not get through, as types: whether a retry helps is part of the type."""

import re
from collections.abc import Callable, Iterable

from operators.deliver.delivery import Result, Results

_LONGEST = 300
_ADDRESS = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*://)(?:[^\s/@]*@)?([^\s/?#@\"'<>]*)[^\s\"'<>]*")
_SPLIT_ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://(?:([^/?#]*)@)?[^/?#@]*([^?#]*)(.*)", re.DOTALL)
_SEPARATORS = re.compile("[/?&#=:]")
_SHORTEST_SECRET = 4
_LONG_SEGMENT = 16


class DeliveryError(Exception):
    """A provider could not be reached, or did not take the notice. The text never holds a secret."""

    retryable = False
    retry_after: float | None = None


class RefusedError(DeliveryError):
    """Refused for good: the same attempt would fail again."""


class LaterError(DeliveryError):
    """Failed for now; `retry_after` is how many seconds the provider asked us to wait, if it did."""

    retryable = True

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text on one line and short, without secrets; addresses in it lose all but scheme and host."""
    for secret in secrets:
        for part in (secret, *_secret_parts(secret)):
            if len(part) >= _SHORTEST_SECRET:
                text = text.replace(part, "***")
    text = _ADDRESS.sub(r"\1\2", text)
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_LONGEST]


def _secret_parts(address: str) -> list[str]:
    """Return what may be secret in an address: user and password, values of the query, long segments of the path.

    Of anything else, the token behind its scheme (`Bearer ...`).
    """
    found = _SPLIT_ADDRESS.fullmatch(address)
    if found is None:
        return address.split()[1:]
    user, path, query = (part or "" for part in found.groups())
    segments = [part for part in _SEPARATORS.split(path) if len(part) >= _LONG_SEGMENT]
    return [*_SEPARATORS.split(f"{user}:{query}"), *segments]


def failure(error: DeliveryError, secrets: Iterable[str] = ()) -> Result:
    """Return the result that tells of an error."""
    message = redact(str(error), secrets) or type(error).__name__
    return Result(ok=False, message=message, retryable=error.retryable, retry_after=error.retry_after)


def attempt(call: Callable[[], Result], secrets: Iterable[str] = ()) -> Result:
    """Return what the call answers, or the result that tells why it failed."""
    try:
        return call()
    except DeliveryError as error:
        return failure(error, secrets)


def for_all(receivers: Iterable[str], result: Result) -> Results:
    """Return the one result for every receiver."""
    return dict.fromkeys(receivers, result)
