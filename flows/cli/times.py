"""Times as people read them."""

from datetime import datetime
from zoneinfo import ZoneInfo


def local_text(second: int, zone: str) -> str:
    """Return a Unix second as ISO text in a zone."""
    return datetime.fromtimestamp(second, ZoneInfo(zone)).isoformat(sep=" ")


def clock_text(second: int) -> str:
    """Return a Unix second as people of this machine's zone say it."""
    return datetime.fromtimestamp(second).astimezone().strftime("%Y-%m-%d %H:%M %Z")
