"""Lines of mistakes: where in the text of a rule file a place like `strategies[0].notice` stands."""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import yaml
from msgspec.structs import replace

from operators.rules.read.documents import RuleError

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML without its C part
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
_NAMED = re.compile(r"(?:unknown|duplicate) key '([^']*)'")


def with_lines(errors: Iterable[RuleError]) -> list[RuleError]:
    """Return mistakes with the lines of their files they stand in, where that can be told."""
    tree = lru_cache(maxsize=8)(_tree)
    return [replace(error, line=_line(tree(error.file), error)) for error in errors]


def _tree(file: str) -> yaml.Node | None:
    path = Path(file)
    try:
        return yaml.compose(path.read_text("utf-8-sig"), Loader=_Loader) if path.is_file() else None
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return None


def _line(node: yaml.Node | None, error: RuleError) -> int:
    """Return the line of a place, or of the innermost thing around it that is there; 0 if it is the file as a whole."""
    found, line = node, 0
    named = _NAMED.match(error.reason)
    steps = [*_STEP.findall(error.path), *([("", named[1])] if named else [])]
    for index, key in steps:
        below = _below(found, index, key)
        if below is None:
            break
        mark, found = below
        line = mark.line + 1
    return line


def _below(node: yaml.Node | None, index: str, key: str) -> tuple[yaml.Mark, yaml.Node] | None:
    """Return the mark of a member and its value; None if there is none."""
    if isinstance(node, yaml.SequenceNode) and index and int(index) < len(node.value):
        member = node.value[int(index)]
        return member.start_mark, member
    if isinstance(node, yaml.MappingNode) and key:
        return next(((name.start_mark, value) for name, value in node.value if name.value == key), None)
    return None
