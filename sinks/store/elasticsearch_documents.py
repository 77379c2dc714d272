"""Records as lines of a bulk request: where each belongs, under which id and version."""

from itertools import chain
from typing import Any

import msgspec

from operators.model.alert import Alert, document_version
from operators.model.command import CommandDocument
from operators.model.event import Event
from operators.model.notice import NoticeDocument
from operators.model.records import Action, DeadLetter, LogEntry, Receipt
from operators.model.shield import ShieldDocument
from operators.model.worker import WorkerDocument
from sinks.store.bulk import Document
from sinks.store.decisions import names_in
from sinks.store.indices import alert_index, event_index, index_of, log_index
from sinks.store.interface import Batch
from sinks.store.refusal import Record, encode_each
from sinks.store.words import people_of, words_of

LARGEST_VERSION = (1 << 63) - 1
LONGEST_ID = 512
"""Bytes. Beyond either limit the server refuses the whole request, so the document is refused here."""

_encode = msgspec.json.Encoder().encode


def documents(batch: Batch, prefix: str, written: int) -> tuple[list[Document], list[DeadLetter]]:
    """Return the documents of a batch, and a dead letter for each record that can be none.

    `written`: the moment, in Unix milliseconds.
    """
    businesses = {alert.id: alert.bk_biz_id for alert in batch.alerts if alert.bk_biz_id is not None}
    parts = (
        encode_each(batch.alerts, lambda alert: _alert(alert, prefix, written)),
        encode_each(batch.logs, lambda entry: _log(entry, businesses.get(entry.alert_id), prefix)),
        encode_each(batch.actions, lambda action: _action(action, prefix, written)),
        encode_each(batch.receipts, lambda receipt: _receipt(receipt, prefix)),
        encode_each(batch.events, lambda event: _event(event, prefix)),
        encode_each(batch.shields, lambda shield: _shield(shield, prefix, written)),
        encode_each(batch.commands, lambda command: _command(command, prefix, written)),
        encode_each(batch.notices, lambda notice: _notice(notice, prefix, written)),
        encode_each(batch.workers, lambda worker: _worker(worker, prefix)),
    )
    return list(chain(*(made for made, _ in parts))), list(chain(*(refused for _, refused in parts)))


def _alert(alert: Alert, prefix: str, written: int) -> Document:
    header = _indexed(prefix + alert_index(alert.id), alert.id, document_version(alert))
    return Document(header, _with(alert, words=words_of(alert), people=people_of(alert), written=written), alert)


def _log(entry: LogEntry, business: str | int | None, prefix: str) -> Document:
    """An entry leaves together with the document of its alert, which knows the business."""
    body = _encode(entry) if business is None else _with(entry, bk_biz_id=business)
    # Sent again, a run has counted on: its count is its version.
    return Document(_indexed(prefix + log_index(entry), entry.id, entry.count), body, entry)


def _action(action: Action, prefix: str, written: int) -> Document:
    header = _indexed(prefix + index_of("action", action.time), action.id, action.revision)
    people = sorted(names_in(action.receivers) | names_in(action.followers))
    return Document(header, _with(action, people=people, written=written), action)


def _receipt(receipt: Receipt, prefix: str) -> Document:
    header = _indexed(prefix + index_of("receipt", receipt.time), receipt.notice_id, receipt.attempt)
    return Document(header, _encode(receipt), receipt)


def _event(event: Event, prefix: str) -> Document:
    header = {"create": {"_index": prefix + event_index(event), "_id": _short(event.id)}}
    return Document(_encode(header), _encode(event), event)


def _shield(shield: ShieldDocument, prefix: str, written: int) -> Document:
    header = _indexed(prefix + index_of("shield", shield.time), shield.id, shield.time)
    return Document(header, _with(shield, ends=shield.ends, written=written), shield)


def _command(command: CommandDocument, prefix: str, written: int) -> Document:
    header = {"create": {"_index": prefix + index_of("command", command.time), "_id": _short(command.id)}}
    return Document(_encode(header), _with(command, written=written), command)


def _notice(notice: NoticeDocument, prefix: str, written: int) -> Document:
    header = _indexed(prefix + index_of("notice", notice.time), notice.id, notice.attempt)
    return Document(header, _with(notice, written=written), notice)


def _worker(worker: WorkerDocument, prefix: str) -> Document:
    header = _indexed(prefix + index_of("worker", worker.time), worker.id, worker.time)
    return Document(header, _encode(worker), worker)


def _with(record: Record, **more: Any) -> bytes:
    """Return a document with fields to be searched by."""
    return b"%b,%b" % (_encode(record)[:-1], _encode(more)[1:])


def _indexed(index: str, document_id: str, version: int) -> bytes:
    if version > LARGEST_VERSION:
        raise OverflowError(f"version {version} is beyond {LARGEST_VERSION}")
    place = {"_index": index, "_id": _short(document_id), "version": version, "version_type": "external_gte"}
    return _encode({"index": place})


def _short(document_id: str) -> str:
    if len(document_id.encode()) > LONGEST_ID:
        raise ValueError(f"an id of more than {LONGEST_ID} bytes")
    return document_id
