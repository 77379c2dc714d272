"""The words of built-in notices by language (templates/words/*.yaml)."""

from functools import lru_cache
from importlib import resources

import msgspec
import yaml

DEFAULT_LANGUAGE = "en"


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a built-in notice says in one language; texts with braces are formats."""

    tag: str
    tag_separator: str
    after_tags: str
    list_separator: str
    levels: dict[int, str]
    unknown_level: str
    suspected: str
    states: dict[str, str]
    tags: dict[str, str]
    kinds: dict[str, str]
    units: dict[str, str]
    things: dict[str, str]
    """Kind of target -> many of them; "" for any other."""
    rows: dict[str, str]
    target_types: dict[str, str]
    data_sources: dict[str, str]
    headings: dict[str, str]
    """How enrichment heads a dimension -> how a notice does."""
    shield_categories: dict[str, str]
    shield_cycles: dict[str, str]
    phrases: dict[str, str]
    voice: dict[str, str]


def suffixes(language: str) -> tuple[str, ...]:
    """Return the file suffixes of a language, the narrow one first: `zh-CN` gives zh_cn, zh; the default none."""
    name = language.lower().replace("-", "_")
    wide = name.partition("_")[0]
    return tuple(dict.fromkeys(one for one in (name, wide) if one and one != DEFAULT_LANGUAGE))


@lru_cache(maxsize=64)
def words(language: str) -> Words:
    """Return the words of a language, or the English ones where there are none."""
    folder = resources.files("templates") / "words"
    for name in (*suffixes(language), DEFAULT_LANGUAGE):
        place = folder / f"{name}.yaml"
        if place.is_file():
            return msgspec.convert(yaml.safe_load(place.read_text("utf-8")), Words)
    raise LookupError("the words of the default language are missing")
