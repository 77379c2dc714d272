"""Tags of events: keys become text, values plain (spec/lifecycle.md 1.1)."""

import json
from typing import Any

from operators.model.bounds import MOST_TAGS, bounded
from operators.model.event import Tag
from operators.model.fields import FieldError, short
from operators.model.reason import DeadReason


def clean_tags(value: Any) -> tuple[Tag, ...]:
    """Return the tags of a list of {key, value, ...} or of a mapping. Raises FieldError."""
    if isinstance(value, (list, dict)) and len(value) > MOST_TAGS:
        raise FieldError(DeadReason.TOO_LARGE, "tags", f"{len(value)} tags; {MOST_TAGS} are taken")
    if isinstance(value, list):
        return tuple(_tag(entry, n) for n, entry in enumerate(value))
    if isinstance(value, dict):
        return tuple(Tag(key, _tag_value(member)) for key, member in value.items())
    raise FieldError(DeadReason.WRONG_TYPE, "tags", f"expected a list or an object, got {short(value)}")


def _tag(entry: Any, n: int) -> Tag:
    if not isinstance(entry, dict):
        raise FieldError(DeadReason.WRONG_TYPE, f"tags[{n}]", f"expected an object, got {short(entry)}")
    key = entry.get("key")
    if key is None:
        raise FieldError(DeadReason.MISSING_FIELD, f"tags[{n}].key", "missing")
    if isinstance(key, (dict, list)):
        raise FieldError(DeadReason.WRONG_TYPE, f"tags[{n}].key", f"expected text, got {short(key)}")
    display = entry.get("display_key")
    return Tag(
        str(key),
        _tag_value(entry.get("value")),
        None if display is None else str(display),
        _tag_value(entry.get("display_value")),
    )


def _tag_value(value: Any) -> Any:
    if isinstance(value, dict):
        return _json_text(value)
    if isinstance(value, list):
        return [_json_text(member) if isinstance(member, (dict, list)) else bounded(member) for member in value]
    return bounded(value)


def _json_text(value: Any) -> str:
    # with blanks and escapes, as the reference system writes it: `bk` fingerprints hash it
    return json.dumps(value)
