"""What a replay shows of alerts, entries and notices, with one thing about them said at a time."""

from typing import Any

from operators.compare.cause import Life
from operators.compare.shapes import AlertSeen, EntrySeen, NoticeSeen

MD5 = "f" * 32


def alert(begin: int = 1, end: int | None = None, name: str | None = None, **changed: Any) -> AlertSeen:
    status = "ABNORMAL" if end is None else "RECOVERED"
    given = {"id": name or f"{begin}", "dedupe_md5": MD5, "status": status, "severity": 2}
    return AlertSeen(**(given | {"begin_time": begin, "end_time": end} | changed))


def entry(op_type: str = "CREATE", reason: str = "", text: str = "", time: int = 1) -> EntrySeen:
    return EntrySeen(time, "1", op_type, reason, text)


def notice(*receivers: str, time: int = 1, way: str = "mail", **changed: Any) -> NoticeSeen:
    return NoticeSeen(time, way, receivers or ("alice",), **({"alert_ids": ("1",)} | changed))


def life(*told: EntrySeen | NoticeSeen, of: AlertSeen | None = None, **changed: Any) -> Life:
    entries = [one for one in told if isinstance(one, EntrySeen)]
    notices = [one for one in told if isinstance(one, NoticeSeen)]
    return Life(of or alert(**changed), entries, notices)
