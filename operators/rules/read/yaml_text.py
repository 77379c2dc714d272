"""YAML as rule files use it: duplicate keys are errors, only true and false are flags, times stay text.

Built from parser events, which is fast and keeps aliases from growing: the standard loader takes the last of duplicate
keys, reads `no` as false and `12:30` as 750.
"""

import math
import re
from collections.abc import Callable
from typing import Any, cast

import yaml

try:
    from yaml.cyaml import CParser as _Parser  # type: ignore[attr-defined]
except ImportError:  # PyYAML without its C part: slower, the same answers
    from yaml import Loader as _Parser  # type: ignore[assignment]

MAX_DEPTH = 64
MAX_ALIASED = 100_000
"""How many values aliases may repeat in one file."""

Problem = tuple[str, str]
"""(place in the file, reason)."""

_CONSTANTS = {"true": True, "false": False, "null": None, "Null": None, "NULL": None, "~": None, "": None}
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:(\.\d+)(?:[eE][-+]?\d+)?)?", re.ASCII)
_STR_TAGS = (None, "!", "tag:yaml.org,2002:str")


def finite(text: str) -> float:
    """Return the number of a text. Raises ValueError for one that is too great to be kept."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:40]} is too great")
    return number


class _Refused(ValueError):  # noqa: N818 (never leaves this file)
    pass


class _Open:
    """A list or mapping that is being read, and the key whose value comes next."""

    __slots__ = ("anchor", "is_mapping", "key", "value")

    def __init__(self, value: Any, anchor: str | None) -> None:
        self.value, self.anchor = value, anchor
        self.is_mapping = isinstance(value, dict)
        self.key: str | None = None


def parse_yaml(text: str) -> tuple[Any, list[Problem]]:
    """Return the value of a YAML text and what is wrong with it; the value of an empty text is None."""
    return _Builder().build(text)


class _Builder:
    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        """Name -> value, and how many values are in it."""
        self._aliased = 0
        self._problems: list[Problem] = []
        self._documents = 0

    def build(self, text: str) -> tuple[Any, list[Problem]]:
        top = _Open([], None)
        self._open.append(top)
        try:
            self._read(text)
        except yaml.MarkedYAMLError as wrong:
            mark = wrong.problem_mark or wrong.context_mark
            line = f"line {mark.line + 1}: " if mark else ""
            self._problems.append(("", f"not YAML: {line}{wrong.problem or wrong.context}"))
        except (yaml.YAMLError, ValueError) as wrong:
            self._problems.append(("", "not YAML: " + " ".join(str(wrong).split())))
        return (top.value[0] if top.value else None), self._problems

    def _read(self, text: str) -> None:
        parser = _Parser(text)
        try:
            next_event = cast("Callable[[], Any]", parser.get_event)
            take = self._takers().get
            while (event := next_event()) is not None:
                taker = take(type(event))
                if taker is not None:
                    taker(event)
        finally:
            parser.dispose()

    def _takers(self) -> dict[type, Callable[[Any], None]]:
        return {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: lambda event: self._enter({}, event),
            yaml.SequenceStartEvent: lambda event: self._enter([], event),
            yaml.MappingEndEvent: self._leave,
            yaml.SequenceEndEvent: self._leave,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            raise _Refused(f"{_line(event)}: more than one document in the file")

    def _scalar(self, event: Any) -> None:
        parent = self._open[-1]
        if parent.is_mapping and parent.key is None:
            self._key(parent, event.value, event)
            value = event.value
        else:
            value = _scalar(event)
            if parent.is_mapping:
                parent.value[parent.key] = value
                parent.key = None
            else:
                parent.value.append(value)
        if event.anchor is not None:
            self._anchors[event.anchor] = value, 1

    def _enter(self, value: Any, event: Any) -> None:
        if len(self._open) > MAX_DEPTH:
            raise _Refused(f"{_line(event)}: nested deeper than {MAX_DEPTH}")
        if event.tag not in (None, "!"):
            raise _Refused(f"{_line(event)}: tag {event.tag} is not supported")
        self._open.append(_Open(value, event.anchor))

    def _leave(self, event: Any) -> None:
        done = self._open.pop()
        if done.anchor is not None:
            self._anchors[done.anchor] = done.value, _size(done.value)
        self._add(done.value, event)

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            raise _Refused(f"{_line(event)}: alias *{event.anchor} names nothing that stands before it")
        value, size = self._anchors[event.anchor]
        self._aliased += size
        if self._aliased > MAX_ALIASED:
            raise _Refused(f"{_line(event)}: aliases repeat more than {MAX_ALIASED} values")
        self._add(value, event)

    def _add(self, value: Any, event: Any) -> None:
        parent = self._open[-1]
        if not parent.is_mapping:
            parent.value.append(value)
        elif parent.key is not None:
            parent.value[parent.key] = value
            parent.key = None
        elif isinstance(value, str):
            self._key(parent, value, event)
        else:
            raise _Refused(f"{_line(event)}: a key is text")

    def _key(self, parent: _Open, key: str, event: Any) -> None:
        if key in parent.value:
            self._problems.append((self._place(), f"duplicate key {key!r} (line {event.start_mark.line + 1})"))
        parent.key = key

    def _place(self) -> str:
        """Return where the innermost open mapping stands."""
        steps = (f".{one.key}" if one.is_mapping else f"[{len(one.value)}]" for one in self._open[1:-1])
        return "".join(steps).removeprefix(".")


def _size(value: Any) -> int:
    """Return how many values a value holds, itself one of them; no more are counted than may be repeated."""
    todo, count = [value], 0
    while todo and count <= MAX_ALIASED:
        one = todo.pop()
        count += 1
        if isinstance(one, dict):
            todo += one.values()
        elif isinstance(one, list):
            todo += one
    return count


def _line(event: Any) -> str:
    return f"line {event.start_mark.line + 1}"


def _scalar(event: Any) -> Any:
    text = event.value
    if event.implicit[0] and event.tag is None:
        return _plain(text, event) if text in _CONSTANTS or text[0] in "-0123456789" else text
    if event.tag not in _STR_TAGS:
        raise _Refused(f"{_line(event)}: tag {event.tag} is not supported")
    return text


def _plain(text: str, event: Any) -> Any:
    """Return the value of a plain scalar: a constant, a number as JSON has them, else text."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    number = _NUMBER.fullmatch(text)
    if number is None:
        return text
    if number.group(1):
        return finite(text)
    if len(text) > 100:  # noqa: PLR2004 (no id, no time, no count is as long)
        raise _Refused(f"{_line(event)}: a number of {len(text)} digits")
    return int(text)
