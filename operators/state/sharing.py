"""What a restored state has in common with others, and says twice itself, as one object again.

A state that events have made shares such texts and times; decoded, each is an object of its own, and the state twice as large.
"""

from typing import Any

from msgspec import Struct
from msgspec.structs import force_setattr

from operators.model.alert import Extra, KeptAlert, plain_extra
from operators.model.event import NO_EXTRA, Event
from operators.model.identity import dedupe_keys, same_text, same_value
from operators.state.state import State

Times = dict[int | None, int | None]

WORDS_OF_ALERT = ("alert_name", "status", "next_status", "bk_tenant_id", "rules_version")
WORDS_OF_EVENT = ("plugin_id", "alert_name", "status", "category", "data_type", "target_type")
WORDS_OF_TAG = ("key",)
WORDS_OF_DIMENSION = ("key", "display_key")
WORDS_OF_RUN = ("op_type", "reason")
TIMES_OF_STATE = ("generation", "touched", "newest", "stale_since", "due")
TIMES_OF_ALERT = ("create_time", "update_time", "begin_time", "latest_time", "first_anomaly_time", "generation")
TIMES_OF_EVENT = ("time", "anomaly_time", "create_time", "at")
TIMES_OF_RUN = ("begin", "time", "event_time")


def share(state: State, times: Times) -> None:
    """Let a state hold one object for what is equal. `times` are those that other states hold."""
    state.rules = same_text(state.rules)
    _share(state, (), TIMES_OF_STATE, times)
    alert, run = state.alert, state.run
    for one in () if alert is None else (alert, *state.previous):
        _share_alert(one, state.dedupe_md5, times)
    if run is not None and alert is not None:
        _share(run, WORDS_OF_RUN, TIMES_OF_RUN, times)
        if run.event_id == alert.event.id:
            run.event_id, run.description = alert.event.id, _as(alert.event.description, run.description)


def _share_alert(alert: KeptAlert, md5: str, times: Times) -> None:
    _share(alert, WORDS_OF_ALERT, TIMES_OF_ALERT, times)
    force_setattr(alert, "dedupe_md5", _as(md5, alert.dedupe_md5))
    alert.extra_info = _shared_extra(alert.extra_info)
    for one in alert.dimensions:
        _share(one, WORDS_OF_DIMENSION, (), times)
        force_setattr(one, "value", same_value(one.value))
        force_setattr(one, "display_value", _as(one.value, one.display_value))
    _share_event(alert.event, md5, times)


def _share_event(event: Event, md5: str, times: Times) -> None:
    _share(event, WORDS_OF_EVENT, TIMES_OF_EVENT, times)
    force_setattr(event, "dedupe_md5", _as(md5, event.dedupe_md5))
    force_setattr(event, "dedupe_keys", dedupe_keys(bool(event.strategy_id), event.dedupe_keys).chosen)
    for tag in event.tags:
        _share(tag, WORDS_OF_TAG, (), times)
        force_setattr(tag, "value", same_value(tag.value))
    if not event.extra_info:
        force_setattr(event, "extra_info", NO_EXTRA)


def _shared_extra(extra: Extra) -> Extra:
    """Return what alerts have in common that only their dimensions tell apart, where that is all."""
    plain = plain_extra(extra.agg_dimensions)
    return plain if extra == plain else extra


def _share(thing: Struct, words: tuple[str, ...], times: tuple[str, ...], known: Times) -> None:
    for name in words:
        if (text := getattr(thing, name)) is not None:
            force_setattr(thing, name, same_text(text))
    for name in times:
        at = getattr(thing, name)
        force_setattr(thing, name, known.setdefault(at, at))


def _as(one: Any, other: Any) -> Any:
    """Return the first of two equal texts, else the second: other things may be equal and yet not the same."""
    return one if type(one) is str and one == other else other
