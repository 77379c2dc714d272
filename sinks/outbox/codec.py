"""How notices, results and receipts are stored."""

import msgspec

from operators.deliver.delivery import Bury, Results, Retry, Settle, Taken
from operators.deliver.lane import way
from operators.deliver.worded import worded
from operators.model.notice import NoticeDocument
from operators.model.records import Notice, Receipt

pack = msgspec.msgpack.Encoder().encode
_notice = msgspec.msgpack.Decoder(Notice)
_results = msgspec.msgpack.Decoder(Results)
_receipt = msgspec.msgpack.Decoder(Receipt)


class _Beside(msgspec.Struct, frozen=True, gc=False):
    """What lies in the body of a receipt beside it; bodies of older versions have nothing there."""

    notice: NoticeDocument | None = None


_beside = msgspec.msgpack.Decoder(_Beside)

NO_RESULTS = pack({})


class Stored(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A notice as a place keeps it; `attempt` counts takings."""

    id: str
    lane: str
    attempt: int
    created: float
    until: float
    body: bytes
    results: bytes


def unpack_taken(stored: Stored) -> Taken:
    """Return the taken notice; unreadable bytes have a stand-in, so that the courier can bury them like others."""
    try:
        notice, results, readable = _notice.decode(stored.body), _results.decode(stored.results), True
    except (msgspec.DecodeError, UnicodeDecodeError):
        notice, results, readable = _stand_in(stored), {}, False
    return Taken(
        notice=notice,
        lane=stored.lane,
        attempt=stored.attempt,
        created=stored.created,
        until=stored.until,
        results=results,
        readable=readable,
    )


def _stand_in(stored: Stored) -> Notice:
    return Notice(
        id=stored.id,
        time=int(stored.created),
        way=way(stored.lane),
        receivers=(),
        followed=False,
        signal="",
        notice_type="",
        collect_type="",
        alert_ids=(),
        action_ids=(),
        title="",
        content="",
    )


def unpack_results(body: bytes) -> Results:
    """Return the results so far; unreadable ones are none."""
    try:
        return _results.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}


def pack_receipt(taken: Taken, decision: Settle | Retry | Bury) -> bytes:
    """Return the body of a receipt, with the notice's document in it: once settled, nothing else has its words."""
    return pack({**msgspec.structs.asdict(decision.receipt), "notice": worded(taken, decision)})


def unpack_receipt(body: bytes) -> tuple[Receipt, NoticeDocument | None]:
    """Return the receipt and the document of its notice."""
    return _receipt.decode(body), _beside.decode(body).notice
