"""Rule files: found in directories, parsed strictly, taken apart into documents that know where they stand."""

import json
import os
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from operators.rules.book import KINDS
from operators.rules.read.yaml_text import Problem, finite, parse_yaml
from operators.rules.shapes.words import kind_of

MAX_BYTES = 128 << 20
"""No rule file is larger."""
SUFFIXES = (".yaml", ".yml", ".json")


MAX_LINE = 1000
"""Letters of a told mistake."""
_NOT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class RuleError(msgspec.Struct, frozen=True, order=True):
    """One mistake in the rules; as text `file: path: reason`."""

    file: str
    path: str
    """Place in the file, like `strategies[0].notice.user_groups[1]`; "" = the file as a whole."""
    reason: str

    def __str__(self) -> str:
        text = ": ".join(part for part in (self.file, self.path, self.reason) if part)
        line = _NOT_IN_A_LINE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
        return line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]}..."


class Sourced(msgspec.Struct, frozen=True, gc=False):
    """One document as it came: its kind, the plain value, and where it stands."""

    kind: str
    document: Any
    file: str = ""
    path: str = ""

    def error(self, place: str, reason: str) -> RuleError:
        """Return a mistake at a place in the document."""
        joint = "." if self.path and place and not place.startswith("[") else ""
        return RuleError(self.file, f"{self.path}{joint}{place}", reason)


def rule_files(paths: Iterable[str | Path]) -> tuple[list[Path], list[RuleError]]:
    """Return the rule files at the paths; in directories, hidden names and other suffixes do not count."""
    files, errors = [], []
    for path in map(Path, paths):
        if path.is_dir():
            files += sorted(_files_in(path))
        elif path.exists():
            files.append(path)
        else:
            errors.append(RuleError(str(path), "", "no such file or directory"))
    return list(dict.fromkeys(files)), errors


def _files_in(top: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield Path(folder, name)


def documents_in(file: Path) -> tuple[list[Sourced], list[RuleError]]:
    """Return the documents of one rule file, and what is wrong with it as a whole; then documents may be missing."""
    try:
        text = _text(file)
    except (OSError, ValueError) as wrong:
        said = wrong.strerror if isinstance(wrong, OSError) else str(wrong)
        return [], [RuleError(str(file), "", f"cannot be read: {said}")]
    value, problems = _parse_json(text) if file.suffix == ".json" else parse_yaml(text)
    documents, errors = taken_apart({} if value is None else value, str(file))
    return documents, [RuleError(str(file), place, reason) for place, reason in problems] + errors


def _text(file: Path) -> str:
    if not file.is_file():
        raise ValueError("not a file")
    if file.stat().st_size > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES >> 20} MiB")
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise ValueError(f"not UTF-8 text (byte {wrong.start})") from None


def taken_apart(value: Any, file: str) -> tuple[list[Sourced], list[RuleError]]:
    """Return the documents of a mapping {kind: [documents]}."""
    if not isinstance(value, dict):
        return [], [RuleError(file, "", f"expected a mapping of kinds, got {kind_of(value)}")]
    documents, errors = [], []
    for kind, members in value.items():
        if kind not in KINDS:
            errors.append(RuleError(file, str(kind), unknown_kind(kind)))
        elif isinstance(members, list):
            documents += [Sourced(kind, one, file, f"{kind}[{index}]") for index, one in enumerate(members)]
        else:
            errors.append(RuleError(file, str(kind), f"expected a list, got {kind_of(members)}"))
    return documents, errors


def unknown_kind(kind: object) -> str:
    """Say that there is no such kind."""
    return f"unknown kind {kind!r}; kinds are {', '.join(KINDS)}"


def _parse_json(text: str) -> tuple[Any, list[Problem]]:
    doubles: list[tuple[dict[str, Any], str]] = []
    """Objects with a key more than once, and that key."""

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            times = Counter(name for name, _ in pairs)
            doubles.extend((found, name) for name, count in times.items() if count > 1)
        return found

    try:
        value = json.loads(text, object_pairs_hook=mapping, parse_float=finite, parse_constant=_no_constant)
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return None, [("", "not JSON: half a surrogate pair in a text")]
    except (ValueError, RecursionError) as wrong:
        return None, [("", f"not JSON: {wrong}")]
    places = _places(value, {id(found) for found, _ in doubles}) if doubles else {}
    return value, [(places.get(id(found), ""), f"duplicate key {key!r}") for found, key in doubles]


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _places(top: Any, wanted: Container[int]) -> dict[int, str]:
    """Return where in a value the objects of these identities stand, in one walk."""
    places: dict[int, str] = {}
    todo: list[tuple[Any, str]] = [(top, "")]
    while todo:
        value, place = todo.pop()
        if id(value) in wanted:
            places[id(value)] = place.removeprefix(".")
        if isinstance(value, dict):
            todo += [(member, f"{place}.{key}") for key, member in value.items()]
        elif isinstance(value, list):
            todo += [(member, f"{place}[{index}]") for index, member in enumerate(value)]
    return places
