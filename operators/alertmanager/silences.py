"""Silences are shields of category `dimension`: one to the other and back, and what the API says of them (gateway.md 4)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import product
from typing import Any

import msgspec

from operators.alertmanager.alerts import moment
from operators.alertmanager.matchers import Matcher, MatcherError, anchored, checked, matches_nothing, parse_matcher
from operators.rules.shapes.words import FOREVER

MOST_MATCHERS, MOST_CONDITIONS = 32, 256
ACTIVE, PENDING, EXPIRED = "active", "pending", "expired"
Condition = dict[str, Any]
Document = dict[str, Any]


class SilenceError(ValueError):
    """A silence that cannot be; the message says why, as Alertmanager would."""


class Silence(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A silence as it is posted."""

    id: str = ""
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    created_by: str = ""
    comment: str = ""
    annotations: dict[str, str] = {}


_decode = msgspec.json.Decoder(Silence)


def read_silence(body: bytes, now: int) -> Silence:
    """Return a posted silence. Raises SilenceError."""
    try:
        silence = _decode.decode(body)
        matchers = [checked(matcher) for matcher in silence.matchers]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, MatcherError) as error:
        raise SilenceError(f"bad silence: {error}") from error
    starts, ends = silence.starts_at.timestamp(), silence.ends_at.timestamp()
    if ends <= starts:
        raise SilenceError("invalid silence: end time must be after start time")
    if ends >= FOREVER:
        raise SilenceError("invalid silence: end time must be before the year 2100")
    if ends <= now:
        raise SilenceError("invalid silence: end time can't be in the past")
    if not 0 < len(matchers) <= MOST_MATCHERS:
        raise SilenceError(f"invalid silence: 1 to {MOST_MATCHERS} matchers, got {len(matchers)}")
    if all(map(matches_nothing, matchers)):
        raise SilenceError("invalid silence: at least one matcher must not match the empty string")
    return silence


def shield_of(silence: Silence, silence_id: str, business: str | int | None, now: int) -> Document:
    """Return the shield that a silence is; one that begins in the past begins now. Raises SilenceError."""
    return {
        "id": silence_id,
        "bk_biz_id": _business(silence.matchers, business),
        "category": "dimension",
        "begin_time": max(int(silence.starts_at.timestamp()), now),
        "end_time": int(silence.ends_at.timestamp()),
        "dimension_config": {"dimension_conditions": conditions_of(silence.matchers)},
        "description": silence.comment,
        "created_by": silence.created_by,
        "matchers": [str(matcher) for matcher in silence.matchers],
    }


BUSINESS = "bk_biz_id"


def _business(matchers: Iterable[Matcher], default: str | int | None) -> str | int:
    named = [
        matcher.value for matcher in matchers if matcher.name == BUSINESS and matcher.is_equal and not matcher.is_regex
    ]
    return named[0] if named else default or 0


def conditions_of(matchers: Sequence[Matcher]) -> list[Condition]:
    """Return the conditions that hold where all matchers do: a missing label equals "" there, and is no value here.

    Raises SilenceError where that takes too many.
    """
    return spread([alternatives(matcher) for matcher in matchers if matcher.name != BUSINESS])


def spread(terms: Sequence[list[list[Condition]]]) -> list[Condition]:
    """Return the conditions that hold where one of the ways of each term does. Raises SilenceError where that takes too many."""
    count = 1
    for term in terms:
        count *= len(term)
    if count * max(len(terms), 1) > MOST_CONDITIONS:
        raise SilenceError("invalid silence: too many patterns that match the empty string")
    conditions: list[Condition] = []
    for choice in product(*terms):
        group = [condition for part in choice for condition in part]
        conditions += [{**one, "condition": "and" if number else "or"} for number, one in enumerate(group)]
    return conditions


def alternatives(matcher: Matcher) -> list[list[Condition]]:
    """Return ways in which a matcher can hold, each a list of conditions that hold together."""
    key = field_of(matcher.name)
    present, absent = _condition(key, "reg", "."), _condition(key, "nreg", ".")
    if not matcher.is_regex:
        if not matcher.value:
            return [[absent]] if matcher.is_equal else [[present]]
        return [[_condition(key, "eq" if matcher.is_equal else "neq", matcher.value)]]
    own = _condition(key, "reg" if matcher.is_equal else "nreg", anchored(matcher.value))
    takes_nothing = matches_nothing(matcher)
    if matcher.is_equal:
        return [[own], [absent]] if takes_nothing else [[own]]
    return [[own]] if takes_nothing else [[own, present]]


def field_of(label: str) -> str:
    """Return the field by which rules of ours ask for a label."""
    return "alert.name" if label == "alertname" else f"tags.{label}"


def _condition(key: str, method: str, value: str) -> Condition:
    return {"key": key, "method": method, "value": [value]}


def gettable(shield: Document, updated: int, now: int) -> dict[str, Any] | None:
    """Return a shield as `GET /api/v2/silences` shows it; None for one that no matchers can say."""
    matchers = _matchers(shield)
    if matchers is None:
        return None
    begins, ends = int(shield.get("begin_time") or 0), int(shield.get("end_time") or 0)
    return {
        "id": str(shield["id"]),
        "matchers": [msgspec.to_builtins(matcher) for matcher in matchers],
        "startsAt": moment(begins),
        "endsAt": moment(ends),
        "updatedAt": moment(updated),
        "createdBy": str(shield.get("created_by", "")),
        "comment": str(shield.get("description", "")),
        "annotations": {},
        "status": {"state": state_of(begins, ends, now)},
    }


def state_of(begins: int, ends: int, now: int) -> str:
    """Return whether a silence is to come, holds, or is over."""
    if ends <= now:
        return EXPIRED
    return PENDING if begins > now else ACTIVE


_METHODS = {"eq": (False, True), "neq": (False, False), "reg": (True, True), "nreg": (True, False)}


def _matchers(shield: Document) -> list[Matcher] | None:
    """Return the matchers of a shield: as they were written, or of conditions that all must hold."""
    if shield.get("matchers"):
        return [parse_matcher(text) for text in shield["matchers"]]
    config = shield.get("dimension_config") or {}
    conditions = config.get("dimension_conditions") or []
    if (
        not conditions
        or set(config) - {"dimension_conditions"}
        or any(one.get("condition") == "or" for one in conditions[1:])
    ):
        return None
    found = [_matcher(one) for one in conditions]
    return None if None in found else [one for one in found if one is not None]


def _matcher(condition: Condition) -> Matcher | None:
    values, known = condition.get("value") or [], _METHODS.get(condition.get("method", "eq"))
    if known is None or len(values) != 1:
        return None
    is_regex, is_equal = known
    name = str(condition.get("key") or condition.get("field", "")).removeprefix("tags.")
    return Matcher("alertname" if name == "alert.name" else name, str(values[0]), is_regex, is_equal)


ORDER = {ACTIVE: 0, PENDING: 1, EXPIRED: 2}


def ordered(silences: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return silences as Alertmanager orders them: those that hold, next to end first; then those to come; then the rest."""
    return sorted(silences, key=lambda one: (ORDER[one["status"]["state"]], one["endsAt"], one["id"]))


def must_be_new(old: dict[str, Any], new: Silence) -> bool:
    """Return True if an update ends the old silence and makes another: it has ended, or others would be silenced."""
    state = old["status"]["state"]
    if state == EXPIRED:
        return True
    if {msgspec.json.encode(one) for one in old["matchers"]} != {msgspec.json.encode(one) for one in new.matchers}:
        return True
    return bool(state == ACTIVE and moment(new.starts_at.timestamp()) != old["startsAt"])
