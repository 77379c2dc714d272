"""Addresses as people and logs may see them."""

import re
from urllib.parse import urlsplit

_PASSWORD = re.compile(
    r"(?P<user>[a-zA-Z][a-zA-Z0-9+.-]*:/{1,2}[^\s/@:'\"`]*|(?<![^\s'\"`])[^\s/@:'\"`]+):(?!/)[^\s'\"`]+@"
)
"""Behind `scheme://user:`, `scheme:/user:` (a path swallowed a slash) or a word's first `user:`, up to its last @."""


def without_password(text: str) -> str:
    """Return a text in which no address shows a password."""
    return _PASSWORD.sub(r"\g<user>:***@", text) if "@" in text else text


def authority_of(address: object) -> str:
    """Return host and port of an address, in lower case and without login; nothing for what is no address."""
    try:
        return urlsplit(address).netloc.rpartition("@")[2].lower() if isinstance(address, str) else ""
    except ValueError:
        return ""
