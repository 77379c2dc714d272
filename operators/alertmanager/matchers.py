"""Matchers: `name="value"`, `!=`, `=~`, `!~`. Patterns are anchored and RE2; a label that is missing equals ""."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from operators.rules.shapes.patterns import Pattern, compiled

Labels = Mapping[str, str]


class MatcherError(ValueError):
    """A text or an object that is no matcher; the message says why."""


class Matcher(msgspec.Struct, frozen=True, rename="camel", omit_defaults=False):
    """One matcher, as the API writes it."""

    name: str
    value: str
    is_regex: bool
    is_equal: bool = True

    def __str__(self) -> str:
        sign = _SIGNS[self.is_regex, self.is_equal]
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.name}{sign}"{escaped}"'

    def holds(self, labels: Labels) -> bool:
        """Return True if labels meet it."""
        value = labels.get(self.name, "")
        found = pattern(self.value).search(value) is not None if self.is_regex else value == self.value
        return found is self.is_equal


def pattern(text: str) -> Pattern:
    """Return a compiled pattern that must match the whole of a value. Raises MatcherError."""
    try:
        return compiled(anchored(text))
    except ValueError as error:
        raise MatcherError(f"pattern {text[:80]!r}: {error}") from error


def anchored(text: str) -> str:
    """Return a pattern that matches whole values only."""
    return f"^(?:{text})$"


def matchers_in(tree: Mapping[str, Any]) -> Iterator[Matcher]:
    """Yield the matchers of a part of a configuration: `match`, `match_re` and `matchers`. Raises MatcherError."""
    for name, value in (tree.get("match") or {}).items():
        yield Matcher(str(name), str(value), is_regex=False)
    for name, value in (tree.get("match_re") or {}).items():
        yield checked(Matcher(str(name), str(value), is_regex=True))
    for text in tree.get("matchers") or ():
        yield from map(parse_matcher, _PART.findall(str(text).strip().removeprefix("{").removesuffix("}")))


_PART = re.compile(r'(?:[^,"]|"(?:\\.|[^"\\])*")+')
"""One matcher of several: a comma within quotes parts nothing."""
OPERATORS = {"=": (False, True), "!=": (False, False), "=~": (True, True), "!~": (True, False)}
_SIGNS = {known: sign for sign, known in OPERATORS.items()}
_TEXT = re.compile(r"\s*(?P<name>[^\s=!~\"']+|\"[^\"]+\")\s*(?P<operator>=~|!~|!=|=)\s*(?P<value>.*?)\s*", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@lru_cache(maxsize=1024)
def parse_matcher(text: str) -> Matcher:
    """Read the text of one matcher; quotes may be left out. Raises MatcherError."""
    found = _TEXT.fullmatch(text.strip().removeprefix("{").removesuffix("}"))
    if found is None:
        raise MatcherError(f'{text[:80]!r} is no matcher: expected name="value", with =, !=, =~ or !~')
    is_regex, is_equal = OPERATORS[found["operator"]]
    return checked(Matcher(_unquoted(found["name"]), _unquoted(found["value"]), is_regex, is_equal))


def _unquoted(text: str) -> str:
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        return _ESCAPED.sub(lambda found: {"n": "\n"}.get(found[1], found[1]), text[1:-1])
    if '"' in text:
        raise MatcherError(f"{text[:80]!r}: a quote is not closed")
    return text


def checked(matcher: Matcher) -> Matcher:
    """Return a matcher whose pattern can be used. Raises MatcherError."""
    if not matcher.name:
        raise MatcherError("a matcher needs the name of a label")
    if matcher.is_regex:
        pattern(matcher.value)
    return matcher


def all_hold(matchers: tuple[Matcher, ...], labels: Labels) -> bool:
    """Return True if labels meet every matcher."""
    return all(matcher.holds(labels) for matcher in matchers)


def matches_nothing(matcher: Matcher) -> bool:
    """Return True if a label without a value meets the matcher."""
    return matcher.holds({})
