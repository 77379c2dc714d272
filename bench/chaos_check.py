"""What must hold after a chaos run: compared with the log read once, in order, by a worker that never died."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from flows.rules.templates import renderer
from flows.settings.settings import Settings
from operators.converge.in_one_order import InOneOrder
from operators.intake.intake import Intake
from operators.intake.poll import Polled, Raw
from operators.lifecycle.worker import Worker
from operators.model.alert import Alert
from operators.model.records import Action, LogEntry
from operators.rules.read.load import load
from sinks.outbox import open_outbox

COMPARED = ("status", "severity", "begin_time", "latest_time", "end_time", "event_count", "first_anomaly_time")
"""What of an alert depends on its events alone, not on the second in which a late record was folded."""


def the_log(brokers: str, topic: str, partitions: int) -> list[tuple[int, int, int, bytes]]:
    """Return (arrival, partition, offset, value) of every record, in the order of arrival."""
    reader = Consumer(
        {"bootstrap.servers": brokers, "group.id": "chaos-check", "enable.partition.eof": True, "log_level": 0}
    )
    reader.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in range(partitions)])
    found: list[tuple[int, int, int, bytes]] = []
    ended, reached = 0, Counter[int]()
    while ended < partitions:
        for message in reader.consume(10_000, 1.0):
            if message.error():
                ended += 1
                continue
            number = message.partition()
            reached[number] = max(reached[number], message.timestamp()[1] // 1000)
            found.append((reached[number], number, message.offset(), message.value()))
    reader.close()
    return sorted(found, key=lambda one: one[:3])


def undisturbed(settings: Settings, log: list[tuple[int, int, int, bytes]], until: int) -> dict[type, dict[str, Any]]:
    """Return the last form of everything said by a worker that reads the log once."""
    book, errors = load([settings.rules])
    assert book is not None, errors
    intake, notices = Intake(settings, lambda: book), InOneOrder(settings, renderer(settings))
    worker = Worker(settings, hand=lambda handed: worker.said.extend(notices.take(handed)))
    for record in intake.take(Polled()).records:
        worker.fold(record)
    said: dict[type, dict[str, Any]] = {Alert: {}, Action: {}, LogEntry: {}}
    for at, _, _, value in log:
        worker.fold(intake.record(Raw(at, "", "", value)))
        _keep(said, [*worker.drain().documents, *notices.advance(worker.clock)])
    worker.advance(until)
    worker.close()
    _keep(said, [*worker.drain().documents, *notices.advance(until)])
    return said


def _keep(said: dict[type, dict[str, Any]], things: list[Any]) -> None:
    for thing in things:
        if type(thing) in said:
            said[type(thing)][thing.id] = thing


def documents(client: Any, index: str, key: str = "id") -> Iterator[dict[str, Any]]:
    """Yield all documents of an index in order of their key, doubled ones twice."""
    after = None
    while True:
        more = {"search_after": after} if after else {}
        hits = client.search(index=index, size=2000, sort=[{key: "asc"}, {"_index": "asc"}], **more)["hits"]["hits"]
        yield from (hit["_source"] for hit in hits)
        if len(hits) < 2000:
            return
        after = hits[-1]["sort"]


def failures(
    client: Any, prefix: str, expected: Mapping[type, Mapping[str, Any]], good: set[str], bad: int, letters: Path
) -> Iterator[str]:
    """Yield what does not hold of the documents."""
    client.indices.refresh(index=f"{prefix}*")
    events = Counter(one["event_id"] for one in documents(client, f"{prefix}event"))
    yield from _same("events", events, good)
    found = list(documents(client, f"{prefix}alert"))
    alerts = {one["id"]: one for one in found}
    yield from _same("alerts", Counter(one["id"] for one in found), set(expected[Alert]))
    for name, alert in expected[Alert].items():
        is_, should = (
            [field(one, key) for key in COMPARED] for one in (alerts.get(name, {}), msgspec.to_builtins(alert))
        )
        if is_ != should:
            yield f"alert {name}: the store has {dict(zip(COMPARED, is_, strict=True))}, the state {should}"
    actions = Counter(one["id"] for one in documents(client, f"{prefix}action"))
    yield from _same("actions", actions, set(expected[Action]))
    logs = list(documents(client, f"{prefix}alert_log"))
    created = Counter(one["alert_id"] for one in logs if one["op_type"] == "CREATE")
    yield from _same("CREATE entries", created, set(expected[Alert]))
    lines = [msgspec.json.decode(line) for line in letters.read_bytes().splitlines()]
    refused = {one["position"] for one in lines}
    if len(refused) != bad:
        yield f"dead letters: {len(refused)} records, {bad} were bad"


def field(document: Mapping[str, Any], key: str) -> Any:
    return document.get(key)


def _same(what: str, found: Counter[str], expected: set[str]) -> Iterator[str]:
    doubled = [name for name, count in found.items() if count > 1]
    missing, more = expected - found.keys(), found.keys() - expected
    if doubled or missing or more:
        yield (
            f"{what}: {len(missing)} of {len(expected)} missing {sorted(missing)[:3]}, "
            f"{len(doubled)} doubled {doubled[:3]}, {len(more)} unknown {sorted(more)[:3]}"
        )


def untold(client: Any, prefix: str, outbox_dsn: str, seen: Counter[str], now: float) -> Iterator[str]:
    """Yield what was not delivered: what the outbox still holds, and actions whose notices the provider never saw."""
    outbox = open_outbox(outbox_dsn)
    depth = outbox.depth(now)
    outbox.close()
    if depth.ready or depth.later or depth.in_flight or depth.dead:
        yield f"the outbox is not empty: {depth}"
    told = {
        name: receipt["notice_id"]
        for receipt in documents(client, f"{prefix}receipt", "notice_id")
        for name in receipt["action_ids"]
        if receipt["final"]
    }
    if unseen := {notice for notice in told.values() if notice not in seen}:
        yield f"{len(unseen)} notices have receipts and never reached the provider: {sorted(unseen)[:3]}"
    for action in documents(client, f"{prefix}action"):
        if action["status"] == "success" and action["id"] not in told:
            yield f"action {action['id']} of {action['alert_ids']} was told nobody"
