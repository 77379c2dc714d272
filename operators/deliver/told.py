"""Who has heard of an alert, by the receipts of its notices: what was planned is not yet told."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from operators.deliver.receipt import KEPT, names_of, unreported
from operators.model.reason import Reason
from operators.model.records import Action

NOTICE = "notice"


class Told(msgspec.Struct, frozen=True):
    """Lines for people: `dora (mail)`."""

    told: tuple[str, ...] = ()
    in_a_file: tuple[str, ...] = ()
    """No channel delivers the way: a file took the message."""
    not_yet: tuple[str, ...] = ()
    not_reached: tuple[str, ...] = ()


def told_of(actions: Iterable[Action], tries: Mapping[str, str] | None = None) -> Told:
    """Return who was told by the notices of an alert; of a person and way the last word counts.

    `tries`: notice id -> when it is tried next, as text, where that is known.
    """
    last: dict[tuple[str, str], tuple[str, str]] = {}
    for action in actions:
        if action.plugin_type == NOTICE:
            last.update(_outcomes(action, tries or {}))
    sorted_ = {
        kind: tuple(f"{name} ({way}{detail})" for (name, way), (found, detail) in last.items() if found == kind)
        for kind in Told.__struct_fields__
    }
    return Told(**sorted_)


def awaited(actions: Iterable[Action]) -> list[str]:
    """Return the ids of notices that failed and are tried again."""
    return [name for action in actions for name, one in action.deliveries.items() if not one.final]


def _outcomes(action: Action, tries: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    for way, people in unreported(action, action.deliveries) if action.status not in KEPT else ():
        yield from (((name, way), ("not_yet", "")) for name in people)
    for notice_id, delivery in action.deliveries.items():
        again = "" if delivery.final else tries.get(notice_id, "")
        for name in names_of(delivery):
            answer = delivery.results.get(name) or next(iter(delivery.results.values()))
            yield (
                (name, delivery.way),
                _outcome(answer.result, answer.message, delivery.attempt, again, is_final=delivery.final),
            )


def _outcome(is_reached: bool, message: str, attempt: int, again: str, *, is_final: bool) -> tuple[str, str]:  # noqa: FBT001 - an answer
    if is_reached:
        return ("in_a_file", "") if message == Reason.WRITTEN_TO_FILE else ("told", "")
    detail = f", attempt {attempt}" + (f", next {again}" if again else "") + (f": {message}" if message else "")
    return ("not_reached" if is_final else "not_yet"), detail
