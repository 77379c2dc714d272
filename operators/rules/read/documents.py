"""Rule files: found in directories, parsed strictly, taken apart into documents that know where they stand."""

import json
import os
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from operators.model.address import without_password
from operators.rules.book import KINDS
from operators.rules.read.yaml_text import Problem, finite, parse_yaml
from operators.rules.shapes.nearest import GUESSED, nearest
from operators.rules.shapes.words import kind_of

MAX_BYTES = 128 << 20
"""No rule file is larger."""
SUFFIXES = (".yaml", ".yml", ".json")


NO_RULES = "none"
"""The path that stands for no rules at all; a directory of that name is `./none`."""
_FOR_NONE = f"if no rules are meant, say so: `strategies: []` in a file, or `--rules {NO_RULES}`"
NO_FILES = f"holds no rule files ({', '.join(SUFFIXES)}); {_FOR_NONE}"
_NEARLY = re.compile(r"^(?!\.)(?!.*\.(?:yaml|yml|json)$).*\.(?i:ya?ml|json|bak|old|orig)", re.DOTALL)
GONE = "no such file or directory"
EMPTY = f"is empty; {_FOR_NONE}"

MAX_LINE = 1000
"""Letters of a told mistake."""
_NOT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class RuleError(msgspec.Struct, frozen=True, order=True):
    """One mistake in the rules; as text `file: path: reason`."""

    file: str
    path: str
    """Place in the file, like `strategies[0].notice.user_groups[1]`; "" = the file as a whole."""
    reason: str
    line: int = 0
    """Of the file, from 1; 0: not told."""

    def __str__(self) -> str:
        file = f"{without_password(self.file)}:{self.line}" if self.line else without_password(self.file)
        text = ": ".join(part for part in (file, self.path, self.reason) if part)
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


class Found(msgspec.Struct, frozen=True):
    """What a place of rules holds: its documents, and what is wrong with it as a whole or with single ones."""

    documents: tuple[Sourced, ...] = ()
    errors: tuple[RuleError, ...] = ()
    asks_for_none: bool = False
    """It says in so many words that there shall be no rules (design.md 7.50)."""
    skipped: tuple[str, ...] = ()
    """Files beside those read whose names say that they were rule files once, or nearly are."""


def rule_files(paths: Iterable[str | Path]) -> tuple[list[Path], list[RuleError]]:
    """Return the rule files at the paths, and where none can be read; in directories, hidden names and other suffixes do not count."""
    files: list[Path] = []
    errors: list[RuleError] = []
    for path in (Path(path) for path in paths if str(path) != NO_RULES):
        known = len(errors)
        found = _files_at(path, errors)
        files += found
        if not found and len(errors) == known:
            errors.append(RuleError(str(path), "", NO_FILES))
    return list(dict.fromkeys(files)), errors


def _files_at(path: Path, errors: list[RuleError]) -> list[Path]:
    try:
        if path.is_dir():
            return sorted(_files_in(path, errors))
        path.stat()
    except OSError as wrong:
        is_gone = isinstance(wrong, FileNotFoundError)
        errors.append(RuleError(str(path), "", GONE if is_gone else f"cannot be read: {wrong.strerror}"))
        return []
    return [path]


def _files_in(top: Path, errors: list[RuleError]) -> Iterator[Path]:
    def refuse(wrong: OSError) -> None:
        errors.append(RuleError(str(wrong.filename), "", f"cannot be read: {wrong.strerror}"))

    for folder, folders, names in os.walk(top, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield Path(folder, name)


def skipped_files(paths: Iterable[str | Path]) -> list[Path]:
    """Return the files in directories that are no rule files, though their names nearly say so: `a.YAML`, `a.yaml.bak`."""
    walked = (one for path in paths for one in os.walk(path))
    return sorted(Path(folder, name) for folder, _, names in walked for name in names if _NEARLY.search(name))


def read_files(paths: Iterable[str | Path]) -> Found:
    """Return the documents in the rule files at the paths, in order of file and place; the path `none` asks for no rules."""
    paths = list(paths)
    files, errors = rule_files(paths)
    read = [documents_in(file) for file in files]
    return Found(
        tuple(one for found in read for one in found.documents),
        (*errors, *(wrong for found in read for wrong in found.errors)),
        NO_RULES in map(str, paths) or any(found.asks_for_none for found in read),
        tuple(map(str, skipped_files(paths))),
    )


def documents_in(file: Path) -> Found:
    """Return what one rule file holds; where it as a whole is wrong, documents may be missing."""
    try:
        text = _text(file)
    except (OSError, ValueError) as wrong:
        said = wrong.strerror if isinstance(wrong, OSError) else str(wrong)
        return Found(errors=(RuleError(str(file), "", f"cannot be read: {said}"),))
    value, problems = _parse_json(text) if file.suffix == ".json" else parse_yaml(text)
    if value is None and not problems:
        return Found(errors=(RuleError(str(file), "", EMPTY),))
    documents, errors = taken_apart({} if value is None else value, str(file))
    told = [RuleError(str(file), place, reason) for place, reason in problems]
    return Found(tuple(documents), (*told, *errors), asks_for_none(value))


def asks_for_none(kinds: Any) -> bool:
    """Return True if a mapping of kinds says `strategies: []`: that there shall be no rules."""
    return isinstance(kinds, Mapping) and kinds.get("strategies") == []


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
    documents: list[Sourced] = []
    errors: list[RuleError] = []
    for kind, members in value.items():
        if kind not in KINDS:
            meant = nearest(kind, KINDS) if len(errors) < GUESSED else ""
            errors.append(RuleError(file, str(kind), f"unknown kind {kind!r}{meant}; kinds are {', '.join(KINDS)}"))
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
