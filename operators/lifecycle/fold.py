"""What each kind of record does to a worker (replay.md, Input): one function a kind of body, in one table."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from operators.check.results import fold_check
from operators.intake.decode import Refusal
from operators.intake.enrich.event import Dropped
from operators.intake.name import InForce, ReceiptLine, Tick, Told
from operators.lifecycle.commands import apply_command
from operators.lifecycle.dedupe import fold_event
from operators.limits.combination import combination, noise_dimensions
from operators.model.check import Check
from operators.model.command import Command
from operators.model.event import Event
from operators.model.identity import digest
from operators.model.reason import DeadReason
from operators.model.records import DeadLetter
from operators.rules.shapes.model import Strategy
from operators.state.state import id_key, remember, seen

if TYPE_CHECKING:
    from operators.lifecycle.worker import Worker


def _event(worker: "Worker", event: Event) -> None:
    scene, now = worker.scene, worker.clock
    scene.counts.events += 1
    if event.at != now:
        event = msgspec.structs.replace(event, at=now, create_time=now)
    if event.strategy_id and (strategy := scene.book.strategies.get(event.strategy_id)):
        _note_series(worker, strategy, event)
    if not worker.repeats(event):
        turn = worker.turn(event.dedupe_md5)
        worker.finish(turn, looks=fold_event(turn, event))


def _note_series(worker: "Worker", strategy: Strategy, event: Event) -> None:
    """Count the series in the total that noise reduction divides by (design.md 7.27)."""
    names = noise_dimensions(strategy)
    if names is not None:
        worker.scene.noise.seen(strategy, [combination(event, names)], worker.clock)


def _check(worker: "Worker", body: Check) -> None:
    turn = worker.turn(body.dedupe_md5)
    strategy_id = turn.current().strategy_id if turn.is_open else body.event.strategy_id
    strategy = worker.scene.strategy(strategy_id) if strategy_id else None
    if strategy is not None:
        _note_series(worker, strategy, body.event)
    turn.keep(checks=fold_check(turn.state.checks, body.result, strategy))
    turn.state.touched = worker.clock
    worker.finish(turn, looks=True)


def _command(worker: "Worker", body: Command) -> Refusal | None:
    named = worker.states.find(body.alert_id) if body.alert_id else None
    md5 = body.dedupe_md5 or (named.dedupe_md5 if named else None)
    state = worker.states.get(md5) if md5 else None
    if md5 is None or state is None:
        return Refusal(DeadReason.UNKNOWN_ALERT, f"no alert {body.alert_id or body.dedupe_md5}")
    key = id_key(digest("command", body.command_id)) if body.command_id else b""
    if key and seen(state.recent, key):
        return None  # it came twice, and acts once
    if named is not None and named.end_time is not None:
        return Refusal(DeadReason.ALERT_ENDED, f"alert {named.id} has ended ({named.status})")
    turn = worker.turn(md5)
    refusal = apply_command(turn, body)
    if key and refusal is None:
        remember(turn.state.recent, key)
    worker.finish(turn, looks=True)
    return refusal


def _in_force(worker: "Worker", body: InForce) -> None:
    worker.take_book(body)
    worker.said.extend(body.documents)


def _told(worker: "Worker", body: Told) -> None:
    worker.said.extend(body.documents)


def _dropped(worker: "Worker", body: Dropped) -> None:
    worker.scene.counts.events += 1
    worker.scene.counts.dropped += 1
    worker.said.append(body)


def _letter(worker: "Worker", body: DeadLetter) -> None:
    worker.said.append(body)


def _nothing(_: "Worker", __: object) -> None:
    """Only move the clock."""


FOLD: dict[type, Callable[["Worker", Any], Refusal | None]] = {
    Event: _event,
    Check: _check,
    Command: _command,
    InForce: _in_force,
    DeadLetter: _letter,
    Told: _told,
    Dropped: _dropped,
    ReceiptLine: _nothing,
    Tick: _nothing,
}
