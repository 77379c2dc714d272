"""Links that stay links: nothing in them can end an attribute, a bracket or a line."""

import re
from urllib.parse import quote

_ADDRESS = re.compile(r"https?://[^/\s?#]+", re.IGNORECASE)
_KEPT = "%/:?#@!$&*+,;=~-._|"
_LONGEST = 2000


def harmless_link(text: str) -> str:
    """Return the address with everything dangerous percent-encoded; "" for what is no http address."""
    address = text.strip()
    if not _ADDRESS.match(address) or len(address) > _LONGEST:
        return ""
    return quote(address, safe=_KEPT, errors="replace")
